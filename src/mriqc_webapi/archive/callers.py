"""Who waits for an answer. When they have gone, what they asked is stopped."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from mriqc_webapi.errors import ClientGoneError

_CALLER: ContextVar[Caller | None] = ContextVar('caller', default=None)


class Caller:
    """Somebody who waits, until they leave. Any thread may ask and tell."""

    def __init__(self) -> None:
        self.has_gone = False
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    def leave(self) -> None:
        """Stop what runs for this caller, and whatever would begin."""
        with self._lock:
            self.has_gone = True
            for stop in self._stops:
                stop()

    def require_waiting(self) -> None:
        """Do nothing while they wait; raise ClientGoneError when they have gone."""
        if self.has_gone:
            raise ClientGoneError('the client hung up')

    @contextlib.contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have something stopped if the caller leaves during a block, or has left before."""
        with self._lock:
            self._stops.append(stop)
            if self.has_gone:
                stop()
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)


def current_caller() -> Caller:
    """Give whom this thread or task works for; one that never leaves if nobody said."""
    return _CALLER.get() or Caller()


@contextlib.contextmanager
def working_for(caller: Caller) -> Iterator[None]:
    """Work for a caller for the time of a block; threads that it starts in its context do too."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)
