"""How far a copy is behind its store, for the log and for those who are told to come back."""

from __future__ import annotations

import logging
import time
from typing import Final

log = logging.getLogger(__name__)

LOG_EVERY_S: Final = 5.0
ROWS_PER_S: Final = 20_000.0  # a careful guess before anything was measured
_MIN_ROWS: Final = 1_000  # fewer in one go are everyday work, and say little about speed


class Progress:
    """Measures the speed of copying; tells the log of long work every few seconds."""

    def __init__(self) -> None:
        self._rows_per_s = ROWS_PER_S
        self._logged_at = time.monotonic()
        self._told = False

    def note(self, *, n_rows: int, took_s: float, done: int, total: int) -> None:
        """Hear of changes that were copied, `done` of `total` by now."""
        if n_rows >= _MIN_ROWS:
            self._rows_per_s = 0.5 * self._rows_per_s + 0.5 * n_rows / max(took_s, 1e-6)
        now = time.monotonic()
        left = total - done
        if left >= _MIN_ROWS and now - self._logged_at >= LOG_EVERY_S:
            self._told, self._logged_at = True, now
            log.info(
                'the archive holds %d of %d changes; %.0f per second, %.0f s left',
                *(done, total, self._rows_per_s, self.time_left_s(left)),
            )
        elif left < _MIN_ROWS and self._told:
            self._told = False
            log.info('the archive is complete: %d changes', done)

    def time_left_s(self, n_rows: int) -> float:
        """Guess how long so many changes will take."""
        return n_rows / self._rows_per_s
