"""Writes a copy anew after withdrawals, while the one in use goes on answering.

DuckDB frees the room of what is deleted, but leaves the bytes there. So another copy is made from
the store, in a file beside the first, and takes its place once it has caught up. That costs what
making a copy costs; to bound it, a renewal waits some times as long as the last one took.
"""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from typing import Final

import duckdb

from mriqc_webapi.archive.copy import Copy, CopyOptions
from mriqc_webapi.archive.follower import MAX_BATCH_ROWS, follow
from mriqc_webapi.archive.slots import Slot
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.store.engine import Store

log = logging.getLogger(__name__)

REST: Final = 9  # times as long as the last renewal took
READY_ROWS: Final = 1_000  # that may be left while those who ask wait
GRACE_S: Final = 5.0  # who has just been given the former copy may not have begun to ask it
_AFTER_FAILURE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Draft:
    """A copy in the making."""

    copy: Copy
    slot: Slot
    started_at: float  # of the monotonic clock


@dataclass(frozen=True, slots=True)
class _Former:
    """A copy that was replaced, and may still be answering."""

    copy: Copy
    slot: Slot
    replaced_at: float  # of the monotonic clock


class Renewal:
    """Replaces the copy of one slot; only the keeper's thread uses it.

    Attributes
    ----------
    slot : Slot
        The keeper's own; it is pointed to the new file.
    """

    def __init__(
        self, slot: Slot, *, catalogue: Catalogue, store: Store, options: CopyOptions
    ) -> None:
        self.slot = slot
        self._catalogue = catalogue
        self._store = store
        self._options = options
        self._draft: _Draft | None = None
        self._former: _Former | None = None
        self._rest_until = 0.0

    def go_on(self, copy: Copy) -> bool:
        """Do the next part of what there is to do for a copy; whether there is more of it."""
        self._let_go()
        try:
            if self._draft is None:
                return self._begin(copy)
            follow(self._draft.copy, self._store, max_rows=MAX_BATCH_ROWS)
        except duckdb.Error:
            self._rest_until = time.monotonic() + _AFTER_FAILURE_S
            self.abandon()
            raise
        return True

    def is_ready(self, copy: Copy) -> bool:
        """Whether a new copy knows nearly all that the one in use knows."""
        draft = self._draft.copy if self._draft else None
        if draft is None or draft.unjudged:
            return False
        return copy.mark - draft.mark < READY_ROWS

    def replace(self, copy: Copy) -> Copy:
        """Let the new copy catch up, and take the place of one that nobody writes to meanwhile."""
        draft = self._draft
        assert draft is not None, 'it is ready'  # noqa: S101 - for the type checker
        while draft.copy.mark < copy.mark or draft.copy.unjudged:
            follow(draft.copy, self._store, max_rows=MAX_BATCH_ROWS)
        draft.slot.finish()
        now = time.monotonic()
        former = Slot(self.slot.path, self.slot.scratch, -1)
        self.slot.path, self.slot.scratch = draft.slot.path, draft.slot.scratch
        self._draft, self._former = None, _Former(copy, former, now)
        self._rest_until = now + REST * (now - draft.started_at)
        _discard(former)
        log.info(
            'the archive was written anew in %.1f s, after withdrawals', now - draft.started_at
        )
        return draft.copy

    def abandon(self) -> None:
        """Give up the copy in the making."""
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.copy.close()
            _discard(draft.slot)

    def close(self) -> None:
        """Give up whatever is open."""
        self.abandon()
        self._let_go(at_once=True)

    def _begin(self, copy: Copy) -> bool:
        if not copy.n_erased or self._former or time.monotonic() < self._rest_until:
            return False
        self.slot.discard_unused()
        slot = self.slot.second()
        slot.begin()
        made = Copy.create(slot, self._catalogue, self._store.identity(), self._options)
        self._draft = _Draft(made, slot, time.monotonic())
        return True

    def _let_go(self, *, at_once: bool = False) -> None:
        former = self._former
        if former is None:
            return
        is_due = former.copy.is_idle and time.monotonic() > former.replaced_at + GRACE_S
        if is_due or at_once:
            self._former = None
            former.copy.close()
            _discard(former.slot)  # closing may have written to its log


def _discard(slot: Slot) -> None:
    with contextlib.suppress(OSError):  # some systems keep a file that is open
        slot.discard()
        slot.finish()
