"""Images taken by the workers of a Dask cluster, which see the same files under the same names.

The cluster gives an image whose worker was lost to another one; what two workers write of the same
image is the same, and each file comes to its place at once, so that every image comes out once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Condition
from typing import Final
from uuid import uuid4

from distributed import Client, Future, KilledWorker, get_worker

from mriqc_webapi.errors import SetupError
from mriqc_webapi.extract.outputs import write_failure
from mriqc_webapi.extract.pool import Work, killed, too_large
from mriqc_webapi.extract.tasks import Event, Outcome, Stage, Task, failed

CONNECT_S: Final = 30.0


def run_on_cluster(
    tasks: Sequence[Task], work: Work, *, address: str, connect_s: float = CONNECT_S
) -> Iterator[Event]:
    """Take images on a cluster, and tell how far each has come.

    Raises
    ------
    SetupError
        No scheduler answers at the address.
    """
    events: SimpleQueue[Event | Future[Outcome]] = SimpleQueue()
    run = uuid4().hex[:8]
    with _connected(address, connect_s) as client:
        client.subscribe_topic(run, lambda event: events.put(Stage(*event[1])))
        futures = {
            client.submit(_on_worker, task, work, run, key=f'{task.name}-{run}', pure=False): task
            for task in tasks
        }
        for future in futures:
            future.add_done_callback(events.put)
        try:
            yield from _until_done(events, futures)
        finally:
            client.cancel([future for future in futures if not future.done()], force=True)
            client.unsubscribe_topic(run)


def _connected(address: str, connect_s: float) -> Client:
    try:
        return Client(address, timeout=connect_s, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SetupError(f'no Dask scheduler answers at {address}: {error}') from None


def _until_done(
    events: 'SimpleQueue[Event | Future[Outcome]]', futures: 'dict[Future[Outcome], Task]'
) -> Iterator[Event]:
    n_left = len(futures)
    while n_left:
        event = events.get()
        if isinstance(event, Future):
            n_left -= 1
            yield _outcome(event, futures[event])
        else:
            yield event


def _outcome(future: 'Future[Outcome]', task: Task) -> Outcome:
    """Give what a worker returned; what took it down is the image's own failure."""
    if future.status == 'finished':
        outcome: Outcome = future.result()
        return outcome
    if future.status == 'cancelled':
        return failed(task, 'the cluster gave it up: run it again', code='cancelled')
    error = future.exception()  # type: ignore[no-untyped-call]
    if isinstance(error, KilledWorker):
        told = killed(task, 'each worker that took it')
    else:
        told = failed(task, f'{type(error).__name__}: {error}', code='unforeseen')
    write_failure(told)
    return told


def _on_worker(task: Task, work: Work, topic: str) -> Outcome:
    worker = get_worker()
    limit = int(worker.memory_manager.memory_limit or 0)
    if limit and task.needs_bytes > limit:
        outcome = too_large(task, limit)
        write_failure(outcome)
        return outcome

    def tell(stage: str) -> None:
        worker.log_event(topic, (task.name, stage))

    with _SHARE.of(task.needs_bytes, limit):
        return work(task, tell)


class _Share:
    """The memory of one worker, shared by its threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._taken = 0

    @contextmanager
    def of(self, needed: int, limit: int) -> Iterator[None]:
        """Wait until so much is free, and hold it for the time of a block; no limit: at once."""
        with self._changed:
            self._changed.wait_for(lambda: not limit or self._taken + needed <= limit)
            self._taken += needed
        try:
            yield
        finally:
            with self._changed:
                self._taken -= needed
                self._changed.notify_all()


_SHARE: Final = _Share()
