"""An export that is read part by part, and that another thread may stop."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from importlib.metadata import version
from typing import Self

import duckdb

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.export import Chunks, Wanted, chunks, stored_chunks
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.errors import QueryTimeoutError, WebApiError
from mriqc_webapi.store import feed


class StoppedError(Exception):
    """The export was told to stop."""


class RunningExport:
    """One export, from its beginning to its end.

    Attributes
    ----------
    tag : str
        Names the content: the same question gives the same tag while nothing has changed.
    version : int
        Number of the last change that it knows of.
    """

    tag: str
    version: int

    def __init__(
        self, archive: Archive, wanted: Wanted, *, question: str, timeout_s: float
    ) -> None:
        self._archive = archive
        self._wanted = wanted
        self._question = question  # all that the content depends on, besides the records
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._chunks: Chunks | None = None
        self._reading: Reading | None = None
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()  # held by whoever reads
        self._is_stopped = False

    def open(self) -> Self:
        """Begin; raises what `Archive.reading` raises, and `QueryError`."""
        with self._lock:
            self._require_running()
            if self._wanted.format == 'ndjson' and self._wanted.is_whole:
                self._open_store()
            else:
                self._open_copy()
        return self

    def read(self) -> bytes | None:
        """Give the next part, which may be empty; None at the end."""
        with self._lock:
            self._require_running()
            if time.monotonic() > self._deadline:
                raise took_too_long(self._timeout_s)
            assert self._chunks is not None  # noqa: S101 - `open` has been called
            try:
                chunk = next(self._chunks, None)
            except duckdb.Error as error:
                self._stack.__exit__(type(error), error, error.__traceback__)  # says what it means
                raise
            return None if chunk is None else chunk.content

    def stop(self) -> None:
        """End what runs now and refuse the rest; a query that starts this instant goes on."""
        self._is_stopped = True
        if self._reading is not None:
            with contextlib.suppress(duckdb.Error):
                self._reading.cursor.interrupt()

    def close(self) -> None:
        """Let go of everything, once nobody reads any more."""
        with self._lock:
            self._is_stopped = True
            # what was stopped may say so once more
            with contextlib.suppress(duckdb.Error, WebApiError), self._stack:
                if self._chunks is not None:
                    self._chunks.close()

    def _open_store(self) -> None:
        store, resource = self._archive.store, self._wanted.resource
        with store.read() as tx:
            state = feed.version(tx, resource=resource)
            place = feed.head(tx, resource=resource)
        self.version = place.seq
        self.tag = self._tag(state)
        self._chunks = stored_chunks(store, self._wanted, place)

    def _open_copy(self) -> None:
        opening = self._archive.reading(self._wanted.resource, timeout_s=self._timeout_s)
        reading = self._reading = self._stack.enter_context(opening)
        self.version = reading.version
        self.tag = self._tag((reading.changed, reading.layout.ddl))
        self._chunks = chunks(reading, self._wanted, self._archive.store)

    def _tag(self, state: object) -> str:
        told = repr((version('mriqc-webapi'), self._wanted.resource, self._question, state))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _require_running(self) -> None:
        if self._is_stopped:
            raise StoppedError


def took_too_long(limit_s: float) -> QueryTimeoutError:
    """Say which limit an export ran into, and what to do."""
    return QueryTimeoutError(
        f'stopped: the export took longer than {limit_s:g} s; narrow the filter, name fewer '
        'fields, or read faster',
        retry_after_s=60,
    )
