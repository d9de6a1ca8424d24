"""Each serving process has a copy of its own: it takes the first file that no other one holds."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from mriqc_webapi.errors import SetupError

MAX_SLOTS: Final = 256

if sys.platform == 'win32':
    import msvcrt

    def try_lock(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def try_lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


_FIRST: Final = '.duckdb'
_SECOND: Final = '-b.duckdb'


@dataclass(slots=True)
class Slot:
    """The right to one copy's file; it ends with `release`, or with the process.

    A copy can be written anew while it is used: into a second file, which then takes its place.
    """

    path: Path  # of the copy
    scratch: Path  # where its queries put what exceeds their memory
    _fd: int

    @classmethod
    def claim(cls, folder: Path) -> Self:
        """Take the first free slot of a folder, which is made if it is missing.

        Raises
        ------
        SetupError
            The folder cannot be written to, or every slot is taken.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, MAX_SLOTS + 1):
                fd = os.open(folder / f'archive-{number}.lock', os.O_RDWR | os.O_CREAT, 0o644)
                try:
                    try_lock(fd)
                except OSError:
                    os.close(fd)
                else:
                    return cls(*_places(folder, number), fd)._settled()
        except OSError as error:
            raise SetupError(f'{folder} cannot be used for the archive: {error}') from error
        raise SetupError(f'{folder}: all {MAX_SLOTS} copies of the archive are in use')

    def second(self) -> Self:
        """Give the place of a copy that is to replace this one; it goes with this slot's right."""
        name = self.path.name
        other = (
            name.removesuffix(_SECOND) + _FIRST
            if name.endswith(_SECOND)
            else name.removesuffix(_FIRST) + _SECOND
        )
        path = self.path.with_name(other)
        return replace(self, path=path, scratch=path.with_suffix('.tmp'), _fd=-1)

    def discard_unused(self) -> None:
        """Remove the copies in slots that no process has: nobody looks after what they hold."""
        for lock in self.path.parent.glob('archive-*.lock'):
            number = lock.stem.removeprefix('archive-')
            if not number.isdigit():
                continue
            fd = os.open(lock, os.O_RDWR)
            try:
                try_lock(fd)
                unused = Slot(*_places(lock.parent, int(number)), -1)
                for slot in (unused, unused.second()):
                    slot.discard()
                    slot.finish()
            except OSError:
                continue  # it is in use
            finally:
                os.close(fd)

    def begin(self) -> None:
        """Remember that the copy is not whole yet: killed, it must not replace one that is."""
        self._unfinished.touch()

    def finish(self) -> None:
        """Forget that: the copy is as good as the one it replaces, or gone."""
        self._unfinished.unlink(missing_ok=True)

    @property
    def _unfinished(self) -> Path:
        return self.path.with_suffix('.unfinished')

    def _settled(self) -> Self:
        """Take the file that is there; of two, the one that was finished."""
        second = self.second()
        if second.path.exists() and (self._unfinished.exists() or not self.path.exists()):
            self.discard()
            self.finish()
            self.path, self.scratch = second.path, second.scratch
        else:
            second.discard()
            second.finish()
        return self

    def discard(self) -> None:
        """Remove the copy's file and DuckDB's log beside it."""
        for path in (self.path, self.path.with_name(self.path.name + '.wal')):
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another process have this slot; the file stays, as that one's start."""
        if self._fd >= 0:
            os.close(self._fd)  # the lock file stays: removing it would race with a newcomer
            self._fd = -1


def _places(folder: Path, number: int) -> tuple[Path, Path]:
    """Give where a slot's copy goes, and its scratch files."""
    return folder / f'archive-{number}{_FIRST}', folder / f'archive-{number}.tmp'
