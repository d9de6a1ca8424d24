"""The columnar copy of the store, as the rest of the service sees it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import duckdb

from mriqc_webapi.archive.caches import LruCache
from mriqc_webapi.archive.callers import current_caller
from mriqc_webapi.archive.compile import Target
from mriqc_webapi.archive.copy import Copy, CopyOptions, is_damage
from mriqc_webapi.archive.keeper import Keeper
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.errors import (
    ArchiveNotReadyError,
    ClientGoneError,
    NotFoundError,
    QueryError,
    QueryTimeoutError,
    WebApiError,
)
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.query.expression import Expression, SortKey
from mriqc_webapi.store.engine import Store

MAX_RESULT_ROWS: Final = 10_000  # of one answer; more is what exports are for
_STATE: Final = """
    SELECT m.seq, c.resource, c.seq, c.resource IN (SELECT resource FROM state.unjudged)
      FROM state.mark AS m, state.changed AS c
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Some records of those that match, and how many match."""

    total: int
    seqs: list[int]
    version: int  # number of the last change that the answer knows of


class Archive:
    """The copy that one process asks. Any thread may ask; asking blocks.

    A question knows all that was committed to the store before it, by whichever process. While a
    copy is made or repaired, questions raise `ArchiveNotReadyError`.
    """

    def __init__(self, keeper: Keeper, *, store: Store, query_timeout_s: float) -> None:
        self.store = store
        self._keeper = keeper
        self._timeout_s = query_timeout_s
        self._totals: LruCache[tuple[str, int, str], int] = LruCache(512)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        catalogue: Catalogue,
        store: Store,
        memory: str = '1GB',
        threads: int = 0,
        query_timeout_s: float = 20.0,
    ) -> Self:
        """Open a copy in a folder, and begin to follow the store.

        Parameters
        ----------
        memory : str
            As DuckDB writes it: ``'1GB'``.
        threads : int
            For one query; 0: one per core.

        Raises
        ------
        SetupError
            The folder cannot be used, or an option means nothing.
        StoreUnavailableError
            The store cannot be asked.
        """
        options = CopyOptions(memory=memory, threads=threads)
        options.check()
        keeper = Keeper.open(folder, catalogue=catalogue, store=store, options=options)
        return cls(keeper, store=store, query_timeout_s=query_timeout_s)

    def find(
        self,
        resource: str,
        *,
        where: Expression,
        sort: tuple[SortKey, ...] = (),
        offset: int = 0,
        limit: int = 25,
    ) -> Found:
        """Count the records that match, and number those after the first `offset`, in order.

        Raises
        ------
        NotFoundError
            There is no such resource.
        QueryError
            The filter is too large, or `limit` is.
        ArchiveNotReadyError, QueryTimeoutError, StoreUnavailableError
            The question is good, but cannot be answered now.
        """
        if limit > MAX_RESULT_ROWS:
            raise QueryError(f'at most {MAX_RESULT_ROWS} records at once, not {limit}')
        with self.reading(resource, derived=False) as reading:
            total = self._total(reading, where)
            seqs = reading.page(where, sort, offset=offset, limit=limit, total=total)
            return Found(total, seqs, reading.version)

    def count(self, resource: str, *, where: Expression) -> int:
        """Count the records that match; raises what `find` raises."""
        with self.reading(resource, derived=False) as reading:
            return self._total(reading, where)

    def require_ready(self) -> None:
        """Do nothing if questions can be answered now; else raise as they would."""
        copy = self._keeper.caught_up(time.monotonic() + self._timeout_s)
        if copy.unjudged:
            raise _being_judged()

    @contextlib.contextmanager
    def reading(
        self, resource: str, *, timeout_s: float | None = None, derived: bool = True
    ) -> Iterator[Reading]:
        """Open a consistent view that knows all that the store knew before.

        Parameters
        ----------
        timeout_s : float, optional
            Longest duration of the block, infinity allowed; the archive's own by default.
        derived : bool
            Whether questions may name derived columns; to the frozen API their names mean what
            documents say.
        """
        with self._viewing(timeout_s) as (cursor, copy):
            if resource not in copy.layouts:
                raise NotFoundError(f'there is no resource {resource!r}')
            yield _begun(cursor, copy, [resource], derived=derived)[resource]

    @contextlib.contextmanager
    def snapshot(self, *, timeout_s: float | None = None) -> Iterator[dict[str, Reading]]:
        """Open one consistent view of all resources, by their names; else as `reading` does."""
        with self._viewing(timeout_s) as (cursor, copy):
            yield _begun(cursor, copy, copy.layouts, derived=True)

    @contextlib.contextmanager
    def _viewing(
        self, timeout_s: float | None
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, Copy]]:
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        started_at = time.monotonic()
        copy = self._keeper.caught_up(started_at + min(limit_s, self._timeout_s))
        try:
            with copy.cursor(started_at + limit_s) as cursor:
                yield cursor, copy
        except duckdb.Error as error:
            is_late = time.monotonic() > started_at + limit_s
            meaning = self._meaning(error, copy, late_after_s=limit_s if is_late else None)
            if meaning is None:
                raise
            raise meaning from error

    def close(self) -> None:
        """Stop following, end the queries that run, and let another process have the file."""
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _total(self, reading: Reading, where: Expression) -> int:
        key = (reading.layout.resource, reading.changed, repr(where))
        total = self._totals.get(key)
        if total is None:
            total = reading.count(where)
            self._totals.put(key, total)
        return total

    def _meaning(
        self, error: duckdb.Error, copy: Copy, *, late_after_s: float | None
    ) -> WebApiError | None:
        """Say what a failed query means to who asked; None for a mistake in here."""
        if isinstance(error, duckdb.InterruptException):
            is_export = late_after_s is not None and late_after_s > self._timeout_s
            advice = 'narrow the filter' if is_export else 'narrow the filter, or take an export'
            return _interruption(late_after_s, advice)
        if isinstance(error, duckdb.OutOfMemoryException):
            return QueryTimeoutError('stopped: the query needs too much memory', retry_after_s=60)
        if is_damage(error):
            self._keeper.lose(copy, error)
            return _being_repaired()
        if isinstance(error, duckdb.ConnectionException):
            return _being_repaired()
        if 'expression depth' in str(error):
            return QueryError('the filter is nested too deep')
        return None


def _begun(
    cursor: duckdb.DuckDBPyConnection, copy: Copy, resources: Iterable[str], *, derived: bool
) -> dict[str, Reading]:
    cursor.execute('BEGIN')
    state = cursor.execute(_STATE).fetchall()
    changed = {name: seq for _, name, seq, _ in state}
    unjudged = {name for *_, name, _, is_unjudged in state if is_unjudged}
    if derived and not unjudged.isdisjoint(resources):
        raise _being_judged()
    readings = {}
    for name in resources:
        # only now: a profile knows at least what stands in any view that began before
        layout = copy.layouts[name]
        target = Target(layout, copy.profiles[name], layout.derived if derived else {})
        readings[name] = Reading(
            cursor,
            target,
            version=state[0][0],
            changed=changed[name],
            knows_firsts=derived and layout.has_views,
        )
    return readings


def _interruption(late_after_s: float | None, advice: str) -> WebApiError:
    if current_caller().has_gone:
        return ClientGoneError('the client hung up')
    if late_after_s is not None:
        return QueryTimeoutError(
            f'stopped after {late_after_s:g} s, and would be again: {advice}', retry_after_s=60
        )
    return _being_repaired()


def _being_repaired() -> ArchiveNotReadyError:
    return ArchiveNotReadyError('the archive is being repaired', retry_after_s=2)


def _being_judged() -> ArchiveNotReadyError:
    return ArchiveNotReadyError('duplicates are being told apart', retry_after_s=2)
