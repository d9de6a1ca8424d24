"""Reads off the event loop where they may wait, on it where they take microseconds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection
from starlette.types import Receive

from mriqc_webapi.archive.callers import Caller, working_for
from mriqc_webapi.errors import QueryTimeoutError
from mriqc_webapi.store.engine import Store

P = ParamSpec('P')
T = TypeVar('T')


async def read_store(
    store: Store,
    ask: Callable[Concatenate[Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Ask the row store: in place on SQLite, in a thread on PostgreSQL."""

    def work() -> T:
        with store.read() as tx:
            return ask(tx, *args, **kwargs)

    return work() if store.is_local else await to_thread.run_sync(work)


class QueryGate:
    """Lets some queries run at once, few wait, and none wait for long."""

    def __init__(self, *, n_at_once: int, n_waiting: int, patience_s: float) -> None:
        self.threads = CapacityLimiter(n_at_once)
        self._places = asyncio.Semaphore(n_at_once)
        self._n_waiting, self._max_waiting = 0, n_waiting
        self._patience_s = patience_s

    async def __aenter__(self) -> None:
        if self._n_waiting >= self._max_waiting:
            raise QueryTimeoutError('too many queries wait already')
        self._n_waiting += 1
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise QueryTimeoutError('too many queries run already') from None
        finally:
            self._n_waiting -= 1

    async def __aexit__(self, *_error: object) -> None:
        self._places.release()


class Client(NamedTuple):
    """Who asked, and in which task."""

    receive: Receive
    task: asyncio.Task[Any] | None


_CLIENT: ContextVar[Client | None] = ContextVar('client', default=None)


def note_client(receive: Receive) -> None:
    """Note who asks in this task, by a request without a body: they may hang up."""
    _CLIENT.set(Client(receive, asyncio.current_task()))


async def in_thread(gate: QueryGate, work: Callable[[], T]) -> T:
    """Run a query off the event loop, once the gate lets it in; stop it if the client hangs up.

    Raises
    ------
    QueryTimeoutError
        Too many queries run already.
    ClientGoneError
        Nobody waits for the answer any more.
    """
    caller = Caller()
    async with _watching(caller), gate:
        caller.require_waiting()
        with working_for(caller):
            return await to_thread.run_sync(work, limiter=gate.threads)


@asynccontextmanager
async def _watching(caller: Caller) -> AsyncIterator[None]:
    """Tell a caller to leave when the client of this task hangs up."""
    client = _CLIENT.get()
    if client is None or client.task is not asyncio.current_task():  # others may wait, too
        yield
        return

    async def watch() -> None:
        while (await client.receive())['type'] != 'http.disconnect':
            pass
        caller.leave()

    watching = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        watching.cancel()
