"""Withdrawing a record on behalf of whoever holds its receipt, and sweeping up at once."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread
from sqlalchemy import Connection

from mriqc_webapi.store import holders
from mriqc_webapi.store.holders import Held
from mriqc_webapi.web.service import Service

log = logging.getLogger(__name__)

T = TypeVar('T')


async def take_back(service: Service, *, record_id: str, receipt: str | None) -> tuple[Held, bool]:
    """Withdraw a record; also say whether this did it, or it had been done before.

    Raises
    ------
    NotFoundError, ReceiptError, StayingError
        As `store.holders.withdraw` does.
    """

    def work(tx: Connection) -> tuple[Held, bool]:
        return holders.withdraw(
            tx, service.secrets, record_id=record_id, receipt=receipt, now=int(time.time())
        )

    held, is_new = await write_store(service, work)
    if is_new:
        log.info('%s record %s was withdrawn', held.resource, held.id)
        await service.sweeper.sweep()
    return held, is_new


async def write_store(service: Service, change: Callable[[Connection], T]) -> T:
    """Change the store in a transaction of its own, off the event loop."""

    def work() -> T:
        with service.store.write() as tx:
            return change(tx)

    return await to_thread.run_sync(work)
