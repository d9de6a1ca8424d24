"""Files that exports left, kept a while so that a client can resume, or ask for parts."""

import os
import time
from contextlib import suppress
from pathlib import Path

MOST_FILES = 8
MOST_AGE_S = 86_400.0


class ExportedFiles:
    """A folder of finished files, named after their content; processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, tag: str) -> Path | None:
        """Look a file up; finding it makes it stay.

        That it was used is kept as the time of its last reading: the time of its writing is told
        to clients, who resume by it.
        """
        path = self._folder / tag
        try:
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        except OSError:
            return None
        return path

    def place(self, tag: str) -> Path:
        """Give the place for a new file, after making room for it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room()
        return self._folder / tag

    def clear(self, *, half_for_s: float) -> None:
        """Remove all files, since one may hold what was withdrawn.

        Parameters
        ----------
        half_for_s : float
            Longest time that a file is written for; those that took longer nobody will finish.
        """
        too_old = time.time() - half_for_s
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                if not path.name.startswith('.') or _used_at(path) < too_old:
                    path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Remove what was used longest ago; what is being read stays readable until closed."""
        kept = sorted(self._folder.iterdir(), key=_used_at, reverse=True)
        too_old = time.time() - MOST_AGE_S
        for number, path in enumerate(kept):
            is_half = path.name.startswith('.')
            if _used_at(path) < too_old or (number >= MOST_FILES - 1 and not is_half):
                path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    with suppress(OSError):
        stat = path.stat()
        return max(stat.st_atime, stat.st_mtime)
    return 0.0
