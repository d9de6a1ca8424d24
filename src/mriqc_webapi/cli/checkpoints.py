"""Where an import stands, so that a killed one goes on from there."""

import hashlib
import json
import stat
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_SAVE_EVERY_S = 0.5


@dataclass(slots=True, kw_only=True)
class Progress:
    """What an import has come to so far."""

    n_files: int = 0  # that are done
    line_no: int = 0  # the last line done of the file after those
    n_added: int = 0
    n_noted: int = 0  # of those added
    n_present: int = 0  # were there already
    n_refused: int = 0
    refused_bytes: int = 0  # size of the file of refused lines


class Checkpoint:
    """The progress of one list of files into one store, kept in a small file of its own.

    Files that change are another list; and of what comes from a pipe there is no second time.
    """

    def __init__(self, folder: Path, files: Sequence[Path], *more: object) -> None:
        states = [file.stat() for file in files]
        self._can_resume = all(stat.S_ISREG(state.st_mode) for state in states)
        said = [
            [str(file.resolve()), state.st_size, state.st_mtime_ns]
            for file, state in zip(files, states, strict=True)
        ]
        text = json.dumps([said, *map(str, more)])
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.path = folder / f'{name}.json'
        self._saved_at = time.monotonic()

    def load(self) -> Progress:
        """Give the progress of an import that was stopped, else none."""
        try:
            return Progress(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):  # missing, or not one of ours
            return Progress()

    def is_due(self) -> bool:
        """Whether it is worth saving again."""
        return self._can_resume and time.monotonic() - self._saved_at > _SAVE_EVERY_S

    def save(self, progress: Progress) -> None:
        """Note the progress."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix('.new')
        aside.write_text(json.dumps(asdict(progress)))
        aside.replace(self.path)
        self._saved_at = time.monotonic()

    def clear(self) -> None:
        """Forget the progress: all is done."""
        self.path.unlink(missing_ok=True)
