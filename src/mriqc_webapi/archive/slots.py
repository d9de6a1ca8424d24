"""Each serving process has a copy of its own: it takes the first file that no other one holds."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
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


@dataclass(slots=True)
class Slot:
    """The right to one copy's file; it ends with `release`, or with the process."""

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
                    name = f'archive-{number}'
                    return cls(folder / f'{name}.duckdb', folder / f'{name}.tmp', fd)
        except OSError as error:
            raise SetupError(f'{folder} cannot be used for the archive: {error}') from error
        raise SetupError(f'{folder}: all {MAX_SLOTS} copies of the archive are in use')

    def discard(self) -> None:
        """Remove the copy's file and DuckDB's log beside it."""
        for path in (self.path, self.path.with_name(self.path.name + '.wal')):
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another process have this slot; the file stays, as that one's start."""
        if self._fd >= 0:
            os.close(self._fd)  # the lock file stays: removing it would race with a newcomer
            self._fd = -1
