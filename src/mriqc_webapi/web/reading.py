"""Reads off the event loop where they may wait, on it where they take microseconds."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection

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


async def in_thread(limiter: CapacityLimiter, work: Callable[[], T]) -> T:
    """Run work that may take its time, at most as many at once as the limiter lets."""
    return await to_thread.run_sync(work, limiter=limiter)
