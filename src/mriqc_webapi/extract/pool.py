"""Images taken by processes of this machine, so many at once as its memory holds.

A process that is killed takes its image with it and no other: the image is given to a new process
once more, alone, since it is mostly memory that processes are killed for.
"""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from mriqc_webapi.extract.outputs import write_failure
from mriqc_webapi.extract.tasks import Event, OnStage, Outcome, Stage, Task, failed

Work = Callable[[Task, OnStage], Outcome]

MAX_TRIES: Final = 2
GB: Final = 10**9
THREAD_VARIABLES: Final = (
    'ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS',
    'OMP_NUM_THREADS',
    'OPENBLAS_NUM_THREADS',
    'MKL_NUM_THREADS',
)

_SPAWN: Final = get_context('spawn')  # a fork would copy the threads of libraries half


def run_in_processes(
    tasks: Sequence[Task], work: Work, *, n_procs: int, memory_bytes: int, n_threads: int = 1
) -> Iterator[Event]:
    """Take images in processes of their own, and tell how far each has come.

    Parameters
    ----------
    work : callable
        What takes one image; a function that other processes can import.
    memory_bytes : int
        What all processes together may take; an image that takes more fails.
    """
    pool = _Pool(tasks, work, memory_bytes)
    try:
        with _threads(n_threads):
            yield from pool.run(n_procs)
    finally:
        pool.stop()


@dataclass(slots=True)
class _Job:
    """An image on its way."""

    task: Task
    n_tries: int = 0
    needs_bytes: int = 0


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, and what it is about."""

    process: SpawnProcess
    connection: Connection
    job: _Job | None = None


@dataclass(slots=True)
class _Pool:
    tasks: Sequence[Task]
    work: Work
    memory_bytes: int
    waiting: deque[_Job] = field(default_factory=deque)
    workers: list[_Worker] = field(default_factory=list)

    def run(self, n_procs: int) -> Iterator[Event]:
        self.waiting.extend(_Job(task, needs_bytes=task.needs_bytes) for task in self.tasks)
        while self.waiting or self._busy:
            yield from self._hand_out(n_procs)
            for connection in wait([worker.connection for worker in self._busy]):
                worker = next(w for w in self.workers if w.connection is connection)
                yield from self._hear(worker)

    def stop(self) -> None:
        """End all processes, whatever they do."""
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.connection.close()
        self.workers.clear()

    @property
    def _busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.job is not None]

    def _hand_out(self, n_procs: int) -> Iterator[Event]:
        """Start what fits, the first first; what never would fit fails."""
        for job in list(self.waiting):
            if job.needs_bytes > self.memory_bytes:
                self.waiting.remove(job)
                yield _given_up(too_large(job.task, self.memory_bytes))
            elif len(self._busy) < n_procs and self._fits(job):
                self.waiting.remove(job)
                yield Stage(job.task.name, 'starting')
                self._start(job)

    def _fits(self, job: _Job) -> bool:
        taken = sum(worker.job.needs_bytes for worker in self._busy if worker.job)
        return taken + job.needs_bytes <= self.memory_bytes

    def _start(self, job: _Job) -> None:
        idle = next((worker for worker in self.workers if worker.job is None), None)
        worker = idle or self._new_worker()
        worker.job = job
        job.n_tries += 1
        with suppress(OSError):  # it died while it was idle: heard of as any death
            worker.connection.send(job.task)

    def _new_worker(self) -> _Worker:
        ours, its = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(its, self.work), daemon=True)
        process.start()
        its.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def _hear(self, worker: _Worker) -> Iterator[Event]:
        assert worker.job is not None  # noqa: S101 - only busy ones are listened to
        try:
            told = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._mourn(worker, worker.job)
            return
        if isinstance(told, Outcome):
            worker.job = None
        yield told

    def _mourn(self, worker: _Worker, job: _Job) -> Iterator[Event]:
        worker.process.join()
        worker.connection.close()
        self.workers.remove(worker)
        if job.n_tries < MAX_TRIES:
            job.needs_bytes = self.memory_bytes  # alone
            self.waiting.append(job)
            yield Stage(job.task.name, 'its process was killed: once more')
        else:
            ending = _ending(worker.process.exitcode)
            yield _given_up(killed(job.task, f'its second process ({ending}), too,'))


def too_large(task: Task, memory_bytes: int) -> Outcome:
    """Say that an image takes more memory than there is."""
    return failed(
        task,
        f'it takes about {task.needs_bytes / GB:.1f} GB of memory, and {memory_bytes / GB:.1f} GB '
        'may be used: --mem-gb says how much',
        code='memory',
    )


def killed(task: Task, what: str) -> Outcome:
    """Say that whatever took an image was killed, again and again."""
    return failed(task, f'{what} was killed, most likely for want of memory', code='killed')


def _given_up(outcome: Outcome) -> Outcome:
    with suppress(OSError):
        write_failure(outcome)
    return outcome


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f'exit code {exit_code}'


@contextmanager
def _threads(n_threads: int) -> Iterator[None]:
    """Let processes that start meanwhile use so many threads each: libraries read it once."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(n_threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(connection: Connection, work: Work) -> None:
    """Take one image after the other, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides
    signal.signal(signal.SIGTERM, _leave)
    with suppress(EOFError, OSError):
        while True:
            task: Task = connection.recv()
            connection.send(_taken(work, task, connection))


def _leave(_signal: int, _frame: Any) -> None:
    sys.exit(1)  # by way of `finally`, so that nothing half written is left


def _taken(work: Work, task: Task, connection: Connection) -> Outcome:
    try:
        return work(task, lambda stage: connection.send(Stage(task.name, stage)))
    except Exception as error:  # such as a full disk: even the failure could not be written
        return failed(task, f'{type(error).__name__}: {error}', code='unforeseen')
