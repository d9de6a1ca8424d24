"""Stops queries that run too long, or for nobody: one thread watches them all."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Final

import duckdb

from mriqc_webapi.archive.callers import current_caller

AGAIN_AFTER_S: Final = 0.05  # a late query that has begun its next statement is stopped again


class Deadlines:
    """Interrupts connections at their deadlines, and all of them when it is closed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._deadlines: dict[duckdb.DuckDBPyConnection, float] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @contextlib.contextmanager
    def watching(
        self, connection: duckdb.DuckDBPyConnection, deadline: float | None
    ) -> Iterator[None]:
        """Watch a connection for the time of a block, or until its caller leaves."""
        with self._condition:
            self._deadlines[connection] = float('inf') if deadline is None else deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.name = 'archive-deadlines'
                self._thread.start()
            if deadline is not None:
                self._condition.notify()
        try:
            with current_caller().stopping(partial(self._expire, connection)):
                yield
        finally:
            with self._condition:
                del self._deadlines[connection]

    def _expire(self, connection: duckdb.DuckDBPyConnection) -> None:
        with self._condition:
            self._deadlines[connection] = float('-inf')
            self._condition.notify()

    def close(self) -> None:
        """Interrupt everything from now on; the thread ends when nothing is left to watch."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()

    def _watch(self) -> None:
        with self._condition:
            while self._deadlines or not self._is_closed:
                now = time.monotonic()
                late = [c for c, at in self._deadlines.items() if at <= now or self._is_closed]
                for connection in late:
                    connection.interrupt()
                self._condition.wait(AGAIN_AFTER_S if late else self._next(now))

    def _next(self, now: float) -> float | None:
        soonest = min(self._deadlines.values(), default=float('inf'))
        return None if soonest == float('inf') else max(soonest - now, 0)
