"""The records that a question is about, and the SQL to speak of their fields."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mriqc_webapi.archive.callers import current_caller
from mriqc_webapi.archive.columns import RESIDUAL, Column, Layout, quoted
from mriqc_webapi.archive.compile import predicate
from mriqc_webapi.archive.predicates import Parameters, pointer
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.views import View, first_predicate, view_predicate
from mriqc_webapi.errors import QueryError, QueryTimeoutError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.expression import Expression
from mriqc_webapi.query.mongo_syntax import ALWAYS

Floats: TypeAlias = NDArray[np.float64]
Row: TypeAlias = tuple[Any, ...]

MAX_VALUES_AT_ONCE: Final = 2_000_000  # 16 MB; larger arrays are slower, too
_TOO_LONG: Final = 'stopped at its time limit, and would be again: narrow the filter'
_PATIENCE_S: Final = 0.05
NUMERIC: Final = frozenset({'float', 'integer'})


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Which records of a resource count."""

    where: Expression = ALWAYS
    view: View = 'canonical'


class Sample:
    """The records of one population in one consistent view of the archive.

    Parameters
    ----------
    deadline : float
        Time of the monotonic clock at which work outside the database is to stop too.
    """

    def __init__(
        self, reading: Reading, resource: Resource, population: Population, *, deadline: float
    ) -> None:
        self.resource = resource
        self.parameters = Parameters()
        self._reading = reading
        self._target = reading.target
        self._population = population
        self._deadline = deadline
        self._caller = current_caller()
        self._n: int | None = None
        holds = predicate(population.where, self._target, self.parameters)
        view = view_predicate(population.view, reading.layout)
        self.source = f'FROM {reading.layout.table} WHERE ({holds}) AND ({view})'

    @property
    def layout(self) -> Layout:
        """The resource's table."""
        return self._reading.layout

    def rows(self, sql: str) -> list[Row]:
        """Fetch a statement's rows."""
        self.check_time()
        found: list[Row] = self._reading.cursor.execute(sql, self.parameters.of(sql)).fetchall()
        return found

    def arrays(self, sql: str) -> list[NDArray[Any]]:
        """Fetch a statement's columns; NULL becomes NaN in those of floats."""
        self.check_time()
        fetched = self._reading.cursor.execute(sql, self.parameters.of(sql)).fetchnumpy()
        return [_plain(column) for column in fetched.values()]

    def listed(self, sql: str) -> tuple[pa.Table, Floats]:
        """Fetch a statement's columns but the last, and what that one lists, joined."""
        self.check_time()
        relation = self._reading.cursor.sql(sql, params=self.parameters.of(sql))
        found = relation.to_arrow_table()
        numbers = pc.list_flatten(found.columns[-1]).to_numpy()
        return found.drop_columns(found.column_names[-1]), _plain(np.array(numbers))

    def values(self, *names: str, within: str = 'TRUE') -> list[Floats]:
        """Fetch numeric fields, aligned with each other: NaN for what is missing or not finite."""
        wanted = ', '.join(f'{self.number(name)} AS c{i}' for i, name in enumerate(names))
        return self.arrays(f'SELECT {wanted} {self.source} AND {within}')

    def columns(self, names: Sequence[str], n: int) -> Iterator[tuple[str, Floats]]:
        """Fetch numeric fields of all `n` records in turn, some at a time."""
        step = max(1, MAX_VALUES_AT_ONCE // max(n, 1))
        for start in range(0, len(names), step):
            few = names[start : start + step]
            yield from zip(few, self.values(*few), strict=True)

    def blocks(self, names: Sequence[str]) -> Iterator[list[Floats]]:
        """Fetch numeric fields, some records at a time."""
        step = max(1, MAX_VALUES_AT_ONCE // len(names))
        for first, last in self._stretches(step):
            yield self.values(*names, within=f'seq BETWEEN {first} AND {last}')

    def count(self) -> int:
        """Count the records."""
        if self._n is None:
            self._n = int(self.rows(f'SELECT count(*) {self.source}')[0][0])
        return self._n

    def check_time(self) -> None:
        """Raise when time is up, or nobody waits; work outside the database asks now and then."""
        self._caller.require_waiting()
        if time.monotonic() > self._deadline:
            raise QueryTimeoutError(_TOO_LONG, retry_after_s=60)

    @contextlib.contextmanager
    def holding(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a lock for a block; raise when the time is up before it is free."""
        while not lock.acquire(timeout=_PATIENCE_S):
            self.check_time()
        try:
            yield
        finally:
            lock.release()

    def measures(self) -> list[str]:
        """Name the IQMs that have a column; of what measures no image, all its numbers."""
        by_name, is_measured = self.resource.by_name, self.resource.kind == 'iqm'
        return [
            column.name
            for column in self._target.layout.columns.values()
            if column.type in NUMERIC and (not is_measured or by_name[column.name].role == 'iqm')
        ]

    def fields(self) -> list[Column]:
        """List the fields that can be grouped by: what the archive derives, then what was sent."""
        return [*self._target.derived.values(), *self._target.layout.columns.values()]

    def field(self, name: str) -> Column:
        """Find a field to group by.

        Raises
        ------
        QueryError
            None has that name, or it has no column.
        """
        column = self._column(name)
        if column is None:
            raise QueryError(
                f'{self.resource.name} has no field {name!r} to count or group by'
                f'{_near(name, self.fields())}; possible are {self._derived_names()}the fields of '
                '/api/v2/dictionary with a fixed name and a plain value'
            )
        return column

    def known_fields(self, names: Iterable[str]) -> list[Column]:
        """List those of some fields that the resource has."""
        return [column for name in names if (column := self._column(name))]

    def number(self, name: str) -> str:
        """Write a numeric field as SQL: a DOUBLE or NULL, wherever the record holds the number.

        Raises
        ------
        QueryError
            No record has, and none should have, a number of that name.
        """
        path = tuple(name.split('.'))
        column = self._column(name)
        places: list[str] = []
        if column and column.type in NUMERIC:
            places.append(column.sql if column.type == 'float' else f'{column.sql}::DOUBLE')
        is_derived = path in self._target.derived
        if not is_derived and 'number' in self._target.profile.kinds(path):
            places.append(self._in_residual(path))
        if places:
            return places[0] if len(places) == 1 else f'coalesce({", ".join(places)})'
        field = self.resource.field_for(name)
        if field is not None and field.type in NUMERIC and not field.private:
            return 'NULL::DOUBLE'
        if column or field or self._target.profile.kinds(path):
            raise QueryError(f'{name!r} of {self.resource.name} is no number')
        numbers = [column for column in self.fields() if column.type in NUMERIC]
        raise QueryError(f'{self.resource.name} has no number {name!r}{_near(name, numbers)}')

    def present(self, column: Column) -> str:
        """Write whether a field holds anything but null, of whatever type."""
        held = f'{column.sql} IS NOT NULL'
        kinds = self._target.profile.kinds(column.path)
        if column.path in self._target.derived or kinds <= {'null'}:
            return held
        kind = f'json_type({RESIDUAL}, {self.parameters.add(pointer(column.path))})'
        inside = f"CASE WHEN {self._mentions(column.path)} THEN coalesce({kind}, 'NULL') <> 'NULL'"
        return f'({held} OR {inside} ELSE FALSE END)'

    @property
    def scan_key(self) -> str:
        """The SQL of a number that is the same for the records of one scan, in any resource."""
        if self._reading.layout.has_views:
            return '_scan'
        return f'hash(coalesce({self.scan}, _id))' if self.scan else 'hash(_id)'

    @property
    def first_of_scan(self) -> str | None:
        """The SQL of whether a record came first of its scan in the sample, if rows say that."""
        if not self._reading.knows_firsts or self._population.where != ALWAYS:
            return None
        return first_predicate(self._population.view)

    @property
    def scan(self) -> str | None:
        """The SQL of the scan's MD5, if the resource knows scans."""
        return quoted(self.resource.md5_field) if self.resource.md5_field else None

    def _stretches(self, size: int) -> Iterator[tuple[int, int]]:
        """Part the records by number into stretches of at most `size` records."""
        ((first, last),) = self.rows(f'SELECT min(seq), max(seq) {self.source}')
        if first is not None:
            for start in range(first, last + 1, size):
                yield start, min(start + size - 1, last)

    def _column(self, name: str) -> Column | None:
        path = tuple(name.split('.'))
        return self._target.derived.get(path) or self._target.layout.columns.get(path)

    def _in_residual(self, path: tuple[str, ...]) -> str:
        at = self.parameters.add(pointer(path))
        is_number = f"json_type({RESIDUAL}, {at}) IN ('DOUBLE', 'BIGINT', 'UBIGINT')"
        value = f'TRY_CAST(json_extract({RESIDUAL}, {at}) AS DOUBLE)'
        return f'CASE WHEN {self._mentions(path)} THEN CASE WHEN {is_number} THEN {value} END END'

    def _mentions(self, path: tuple[str, ...]) -> str:
        # the search for the text is far cheaper than reading JSON
        return f'contains({RESIDUAL}, {self.parameters.add(orjson.dumps(path[-1]).decode())})'

    def _derived_names(self) -> str:
        names = ', '.join(c.name for c in self._target.derived.values())
        return f'{names} and ' if names else ''


def _near(name: str, known: Iterable[Column]) -> str:
    near = get_close_matches(name[:100], [column.name for column in known], n=3)
    return f' (did you mean {" or ".join(near)}?)' if near else ''


def _plain(fetched: Any) -> NDArray[Any]:
    is_float = fetched.dtype.kind == 'f'
    if isinstance(fetched, np.ma.MaskedArray):
        fetched = fetched.filled(np.nan) if is_float else fetched.data
    column: NDArray[Any] = fetched
    if is_float:
        column[np.isinf(column)] = np.nan
    return column
