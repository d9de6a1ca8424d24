"""Judges of chunks, in processes of their own where the file is worth it."""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, Self

from mriqc_webapi.cli.intake import Batch, Chunk, Judge
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store.record import Record
from mriqc_webapi.submissions.sources import RawLine

_ALONE_BELOW_BYTES = 2**21  # starting processes takes longer than judging so little
_MAX_JOBS = 4  # the one process that inserts keeps no more of them busy
_COLLECT_EVERY = 100_000  # objects; documents are many and short-lived, and hold no cycles
_Columns = list[tuple[Any, ...]]  # so lines and records travel faster between processes


class Judges:
    """Judges for as many files as wanted: here, or in processes of their own for large files."""

    def __init__(
        self, catalogue: Catalogue, limits: Limits, *, salt: str = '', jobs: int | None = None
    ) -> None:
        self._set_up = (catalogue, limits, salt)
        self._jobs = min(os.cpu_count() or 1, _MAX_JOBS) if jobs is None else jobs
        self._here: Judge | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._collected_every = gc.get_threshold()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        gc.set_threshold(*self._collected_every)
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def batches(self, chunks: Iterator[Chunk], *, n_bytes: int) -> Iterator[Batch]:
        """Judge the chunks of a file of that size, keeping their order."""
        if self._jobs == 0 or (n_bytes < _ALONE_BELOW_BYTES and not self._pool):
            self._here = self._here or Judge(*self._set_up)
            yield from map(self._here.batch, chunks)
        else:
            yield from self._elsewhere(chunks)

    def _elsewhere(self, chunks: Iterator[Chunk]) -> Iterator[Batch]:
        gc.set_threshold(_COLLECT_EVERY)
        self._pool = self._pool or ProcessPoolExecutor(
            self._jobs, get_context('spawn'), _start_judge, self._set_up
        )
        waiting: deque[Future[tuple[Batch, _Columns]]] = deque()
        for chunk in chunks:
            sent = replace(chunk, lines=[]), [*zip(*chunk.lines, strict=True)]
            waiting.append(self._pool.submit(_judge_chunk, *sent))
            if len(waiting) > 2 * self._jobs:  # a bounded number in memory
                yield _received(*waiting.popleft().result())
        while waiting:
            yield _received(*waiting.popleft().result())


_judge: Judge


def _start_judge(catalogue: Catalogue, limits: Limits, salt: str) -> None:
    global _judge  # noqa: PLW0603 — one per process of the pool, made once
    gc.set_threshold(_COLLECT_EVERY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends the pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _judge = Judge(catalogue, limits, salt)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a killed parent leaves the pool's queue open, and its readers waiting


def _judge_chunk(chunk: Chunk, lines: _Columns) -> tuple[Batch, _Columns]:
    whole = replace(chunk, lines=[*map(RawLine._make, zip(*lines, strict=True))])
    batch = _judge.batch(whole)
    return replace(batch, records=[]), [*zip(*batch.records, strict=True)]


def _received(batch: Batch, records: _Columns) -> Batch:
    return replace(batch, records=[*map(Record._make, zip(*records, strict=True))])
