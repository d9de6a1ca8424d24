"""Answers kept on this machine: asked for again, they only need to be confirmed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

import orjson

MOST_BYTES: Final = 20_000_000_000
NOTE: Final = 'note.json'
PARTS: Final = 'unfinished'
LEFT_S: Final = 7 * 86_400.0  # what was interrupted longer ago, nobody goes on with
_ASIDE: Final = '.aside-'


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of a kept table."""

    tag: str  # names its content: an ETag, or the state of local files
    format: str  # in which it came
    data_version: int | None  # number of the last change that is in
    n_rows: int


class Cache:
    """A folder of tables, each in a folder of its own; processes may share it.

    Parameters
    ----------
    folder : Path
        Is made when something is kept.
    most_bytes : int
        Beyond this, what was used longest ago goes.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most_bytes = most_bytes

    def find(self, key: str) -> tuple[Path, Note] | None:
        """Look a table up; finding it makes it stay."""
        kept = self.folder / key
        try:
            note = Note(**orjson.loads((kept / NOTE).read_bytes()))
            os.utime(kept)
        except (OSError, ValueError, TypeError):
            return None
        return kept, note

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a new folder to write to; what is not kept by the end of the block is gone."""
        path = self.folder / f'{_ASIDE}{token_hex(8)}'
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def keep(self, draft: Path, key: str, note: Note) -> Path:
        """Give a finished folder its name, in place of what bore it, unless that is the same."""
        kept = self.folder / key
        found = self.find(key)
        if found is not None and found[1] == note:  # another process was first, and may read it
            return kept
        (draft / NOTE).write_bytes(orjson.dumps(asdict(note)))
        self._discard(kept)
        with contextlib.suppress(OSError):  # another process was first
            draft.rename(kept)
        self._make_room()
        return kept if kept.exists() else draft

    @contextlib.contextmanager
    def part(self, key: str) -> Iterator[Path]:
        """Give the place of a download that may be interrupted and go on later.

        While somebody else uses it, another place is given, which nobody will go on with.
        """
        from filelock import FileLock, Timeout

        folder = self.folder / PARTS
        folder.mkdir(parents=True, exist_ok=True)
        # an asynchronous client leaves it in another thread than it entered
        lock = FileLock(folder / f'{key}.lock', blocking=False, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            key = f'{token_hex(4)}-{key}'
        try:
            yield folder / key
        finally:
            lock.release()

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _discard(self, kept: Path) -> None:
        """Move a folder out of the way first: a half one must not be found."""
        aside = self.folder / f'{_ASIDE}{token_hex(8)}'
        with contextlib.suppress(OSError):
            kept.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def _make_room(self) -> None:
        self._sweep()
        kept = [p for p in self.folder.iterdir() if (p / NOTE).exists()]
        room = self._most_bytes
        for path in sorted(kept, key=_used_at, reverse=True):
            room -= _size(path)
            if room < 0:
                self._discard(path)

    def _sweep(self) -> None:
        """Remove what processes that were killed have left half done."""
        left = [*self.folder.glob(f'{_ASIDE}*'), *(self.folder / PARTS).glob('*')]
        for path in left:
            if _used_at(path) > time.time() - LEFT_S:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def default_folder() -> Path:
    """Name the folder that this user's caches are in."""
    from platformdirs import user_cache_path

    return user_cache_path('mriqc-webapi') / 'client'


def key_of(*parts: str) -> str:
    """Name what a question is kept under."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]


def _used_at(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(file.stat().st_size for file in path.iterdir())
    return 0
