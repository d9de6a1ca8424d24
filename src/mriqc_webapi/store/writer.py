"""Group commit: one thread stores what many requests bring, some hundred rows a transaction."""

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from mriqc_webapi.errors import (
    ConflictError,
    QueueFullError,
    StoreUnavailableError,
    WebApiError,
)
from mriqc_webapi.store import tokens
from mriqc_webapi.store.connections import RETRY_AFTER_S
from mriqc_webapi.store.drift import Ledger
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import Group, Outcome, insert_groups
from mriqc_webapi.store.record import Record

log = logging.getLogger(__name__)

MAX_BATCH_ROWS = 512
USE_COUNT_INTERVAL_S = 5.0  # a revoked token is refused at once; its count may lag this much

Result = list[Outcome] | WebApiError


class _Job(Protocol):
    """Records that wait, and how their sender hears of them."""

    group: Group
    loop: asyncio.AbstractEventLoop | None

    def deliver(self, result: Result) -> None: ...


class Writer:
    """The only way in for records: give them, and hear after the commit that carried them.

    Parameters
    ----------
    store : Store
    queue_size : int
        Most records that wait; beyond, uploads are refused at once.
    on_commit : callable, optional
        Called in the writer's thread with the newest ``seq``, before anybody hears of the commit.
    """

    def __init__(
        self, store: Store, *, queue_size: int, on_commit: Callable[[int], None] | None = None
    ) -> None:
        self._store = store
        self._queue_size = queue_size
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards the four below
        self._n_waiting = 0
        self._is_closed = False
        self._uses: Counter[str] = Counter()
        self._uses_due_at = 0.0
        self._ledger = Ledger()
        self.head = 0  # newest seq that this writer committed or replayed
        self._thread = threading.Thread(target=self._run, name='store-writer', daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """Number of records that wait for their commit."""
        return self._n_waiting

    async def write(
        self, records: Sequence[Record], *, all_or_nothing: bool = False
    ) -> list[Outcome]:
        """Store records; returns after the commit. If the caller goes away, they are stored still.

        Parameters
        ----------
        all_or_nothing : bool
            Whether a conflict of one refuses them all.

        Raises
        ------
        QueueFullError
            Too many wait already; none of these was taken.
        StoreUnavailableError
            The database could not store them. Should it have died while it committed, they may
            be there all the same: an idempotency key makes sending them again harmless.
        ConflictError
            With ``all_or_nothing``: the first refusal; nothing was stored.
        """
        loop = asyncio.get_running_loop()
        job = _AsyncJob(Group(records, all_or_nothing), loop, loop.create_future())
        self._accept(job)
        return await job.future

    def submit(
        self, records: Sequence[Record], *, all_or_nothing: bool = False
    ) -> 'Future[list[Outcome]]':
        """Do what `write` does, for callers without an event loop."""
        job = _ThreadJob(Group(records, all_or_nothing), Future())
        self._accept(job)
        return job.future

    def count_use(self, token_name: str) -> None:
        """Count one use of a token; written along with a later batch."""
        with self._lock:
            self._uses[token_name] += 1

    def close(self, timeout_s: float = 30.0) -> bool:
        """Take no more, store what was accepted, and end; False if that took too long."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _accept(self, job: _Job) -> None:
        n = len(job.group.records)
        with self._lock:
            if self._is_closed:
                raise StoreUnavailableError('the service is stopping', retry_after_s=RETRY_AFTER_S)
            if self._n_waiting and self._n_waiting + n > self._queue_size:
                raise QueueFullError(f'{self._n_waiting} uploads wait already')
            self._n_waiting += n
            self._jobs.put(job)

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._collect()
            if batch:
                self._process(batch)
        self._flush_uses()

    def _collect(self) -> tuple[list[_Job], bool]:
        """Wait for one job, then take along what else is there."""
        batch: list[_Job] = []
        n_rows = 0
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            n_rows += len(job.group.records)
            if n_rows >= MAX_BATCH_ROWS:
                return batch, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _process(self, batch: list[_Job]) -> None:
        results = self._results(batch)
        with self._lock:
            self._n_waiting -= sum(len(job.group.records) for job in batch)
        self._announce()
        _deliver_all(list(zip(batch, results, strict=True)))

    def _announce(self) -> None:
        if self._on_commit is not None:
            try:
                self._on_commit(self.head)
            except Exception:
                log.exception('a follower of the store failed')  # those who wait must still hear

    def _results(self, batch: list[_Job]) -> list[Result]:
        try:
            return list(self._store_groups([job.group for job in batch]))
        except StoreUnavailableError as error:
            return [error] * len(batch)
        except Exception:
            if len(batch) == 1:
                log.exception('%d record(s) cannot be stored', len(batch[0].group.records))
                return [StoreUnavailableError('the record could not be stored')]
        return [self._results([job])[0] for job in batch]  # one of them: the others go through

    def _store_groups(self, groups: Sequence[Group]) -> list[list[Outcome]]:
        uses = self._take_uses()
        try:
            with self._store.write() as tx:
                outcomes = insert_groups(tx, groups, ledger=self._ledger)
                if uses:
                    tokens.count_use(tx, uses)
        except BaseException:
            self._ledger.forget()
            with self._lock:
                self._uses += uses
            raise
        self.head = max([self.head, *(o.seq or 0 for found in outcomes for o in found)])
        return outcomes

    def _take_uses(self, *, now: bool = False) -> Counter[str]:
        with self._lock:
            if not self._uses or (time.monotonic() < self._uses_due_at and not now):
                return Counter()
            taken, self._uses = self._uses, Counter()
            self._uses_due_at = time.monotonic() + USE_COUNT_INTERVAL_S
            return taken

    def _flush_uses(self) -> None:
        uses = self._take_uses(now=True)
        if uses:
            try:
                with self._store.write() as tx:
                    tokens.count_use(tx, uses)
            except StoreUnavailableError:
                log.warning('the use of %d token(s) was not counted', len(uses))


class _AsyncJob:
    __slots__ = ('future', 'group', 'loop')

    def __init__(
        self,
        group: Group,
        loop: asyncio.AbstractEventLoop,
        future: 'asyncio.Future[list[Outcome]]',
    ) -> None:
        self.group = group
        self.loop: asyncio.AbstractEventLoop | None = loop
        self.future = future

    def deliver(self, result: Result) -> None:
        if not self.future.done():  # the request may have gone away
            _settle(self.future, result)


class _ThreadJob:
    __slots__ = ('future', 'group', 'loop')

    def __init__(self, group: Group, future: 'Future[list[Outcome]]') -> None:
        self.group = group
        self.loop: asyncio.AbstractEventLoop | None = None
        self.future = future

    def deliver(self, result: Result) -> None:
        if self.future.set_running_or_notify_cancel():
            _settle(self.future, result)


Delivery = tuple[_Job, Result]


def _deliver_all(deliveries: list[Delivery]) -> None:
    """Tell everybody, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[Delivery]] = {}
    for job, result in deliveries:
        answer = _refused(job.group, result)
        by_loop.setdefault(job.loop, []).append((job, answer))
    for loop, some in by_loop.items():
        if loop is None:
            _deliver(some)
        else:
            try:
                loop.call_soon_threadsafe(_deliver, some)
            except RuntimeError:  # the loop is closed: nobody waits any more
                log.info('%d upload(s) were stored after their requests had gone', len(some))


def _deliver(deliveries: list[Delivery]) -> None:
    for job, result in deliveries:
        job.deliver(result)


def _refused(group: Group, result: Result) -> Result:
    if group.all_or_nothing and not isinstance(result, WebApiError):
        refusals: list[ConflictError] = [o.refusal for o in result if o.refusal is not None]
        return refusals[0] if refusals else result
    return result


def _settle(future: Any, result: Result) -> None:
    if isinstance(result, WebApiError):
        future.set_exception(result)
    else:
        future.set_result(result)
