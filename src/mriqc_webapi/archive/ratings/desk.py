"""Answers questions about ratings, and remembers the answers while nothing changes.

What is to be computed is computed after the view of the archive has been let go of, and one
question at a time: numbers keep a processor busy, and who asks the same meanwhile gets the same.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

import orjson
import pyarrow as pa

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.caches import LruCache
from mriqc_webapi.archive.ratings.labels import label_table
from mriqc_webapi.archive.ratings.selection import Chosen, Selection
from mriqc_webapi.errors import QueryTimeoutError

T = TypeVar('T')

CACHED_ANSWERS: Final = 128
CACHED_LABELS: Final = 4
# records of images come in all day, but seldom tell a modality that a rating did not know
# of one text: the hashes of several values are combined so that equal ones cancel out
_KNOWN: Final = "SELECT bit_xor(hash(concat(seq, ' ', modality))) FROM held"


class Question(Protocol):
    """Something to find out about ratings; a frozen dataclass, known by its representation."""

    def prepare(self, chosen: Chosen) -> Callable[[], dict[str, Any]]:
        """Fetch what it takes; what is returned finds it out. `QueryError` if it is too much."""


@dataclass(frozen=True, slots=True)
class Labels:
    """One row per rated image."""

    table: pa.Table
    tag: str  # names the content, within one store
    version: int  # number of the last change that they know of


class RatingDesk:
    """Puts questions to the archive; any thread may ask, and waits for the answer."""

    def __init__(self, archive: Archive, *, patience_s: float = 20.0) -> None:
        self._archive = archive
        self._answers: _Memory[bytes] = _Memory(CACHED_ANSWERS, patience_s=patience_s)
        self._labels: _Memory[Labels] = _Memory(CACHED_LABELS, patience_s=patience_s)

    def ask(self, question: Question, selection: Selection) -> bytes:
        """Answer a question, as JSON text.

        Raises
        ------
        QueryError
            The filter means nothing, or there are too many ratings.
        ArchiveNotReadyError, QueryTimeoutError, StoreUnavailableError
            The question is good, but cannot be answered now.
        """

        def prepare(chosen: Chosen, _key: bytes) -> Callable[[], bytes]:
            find_out = question.prepare(chosen)
            return lambda: orjson.dumps(find_out())

        with self._archive.snapshot() as readings:
            chosen = Chosen(readings, selection)
            version = chosen.version
            recall = self._answers.look_up((question, selection), chosen, prepare)
        return b'{"data_version":%d,%s' % (version, recall()[1:])

    def labels(self, selection: Selection) -> Labels:
        """Give the labels of the images that standing ratings are about.

        Raises what `ask` raises.
        """
        of_images = replace(selection, is_linked=True, is_standing=True)

        def prepare(chosen: Chosen, key: bytes) -> Callable[[], Labels]:
            make = label_table(chosen)
            return lambda: Labels(make(), key.hex()[:32], version)

        with self._archive.snapshot() as readings:
            chosen = Chosen(readings, of_images)
            version = chosen.version
            recall = self._labels.look_up(of_images, chosen, prepare)
        return replace(recall(), version=version)

    def choose(self, selection: Selection, ask: Callable[[Chosen], T]) -> T:
        """Ask something that is not worth remembering; raises what `ask` does."""
        with self._archive.snapshot() as readings:
            return ask(Chosen(readings, selection))


class _Memory(Generic[T]):
    """Answers by what they depend on."""

    def __init__(self, size: int, *, patience_s: float) -> None:
        self._answers: LruCache[bytes, T] = LruCache(size)
        self._computing = threading.Lock()
        self._patience_s = patience_s

    def look_up(
        self,
        asked: object,
        chosen: Chosen,
        prepare: Callable[[Chosen, bytes], Callable[[], T]],
    ) -> Callable[[], T]:
        """Return what gives the answer once the view is closed.

        It is known while nothing has changed at all, else while nothing that matters has.
        """
        quick = _key(asked, chosen.state)
        known = self._answers.get(quick)
        if known is not None:
            return partial(_same, known)
        sure = _key(asked, chosen.reading.changed, chosen.rows(_KNOWN))
        known = self._answers.get(sure)
        if known is not None:
            self._answers.put(quick, known)
            return partial(_same, known)
        return partial(self._computed, prepare(chosen, sure), quick, sure)

    def _computed(self, compute: Callable[[], T], quick: bytes, sure: bytes) -> T:
        if not self._computing.acquire(timeout=self._patience_s):
            raise QueryTimeoutError('too much is being computed already', retry_after_s=30)
        try:
            found = self._answers.get(sure)
            if found is None:
                found = compute()
                self._answers.put(sure, found)
            self._answers.put(quick, found)
            return found
        finally:
            self._computing.release()


def _same(known: T) -> T:
    return known


def _key(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode('utf-8', 'backslashreplace')).digest()
