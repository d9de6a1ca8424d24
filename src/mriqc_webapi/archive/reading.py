"""One consistent view of one resource, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb

from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.compile import SERVER_COLUMNS, Target, predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.sorting import needs_residual, order_by
from mriqc_webapi.query.expression import Expression, SortKey

DEEP_OFFSET: Final = 2_000  # from here on a page is bracketed before it is sorted
_MARGIN: Final = 2  # ranks, whichever way quantiles are rounded


@dataclass(frozen=True, slots=True)
class Reading:
    """A view that does not change while it is open."""

    cursor: duckdb.DuckDBPyConnection
    target: Target
    version: int  # number of the last change of any resource
    changed: int  # number of the last change of this one
    knows_firsts: bool = False  # whether its rows say which of them came first of their scan

    @property
    def layout(self) -> Layout:
        """The resource's table."""
        return self.target.layout

    def count(self, where: Expression) -> int:
        """Count the records that match."""
        return _Question(self, where).count()

    def page(
        self,
        where: Expression,
        sort: tuple[SortKey, ...],
        *,
        offset: int,
        limit: int,
        total: int,
    ) -> list[int]:
        """Number the records after the first `offset` of the `total` that match, in order."""
        limit = min(limit, total - offset)
        if limit <= 0:
            return []
        question = _Question(self, where)
        if len(sort) == 1 and offset >= DEEP_OFFSET:
            found = self._deep_page(question, sort[0], range(offset, offset + limit), total)
            if found is not None:
                return found
        order = order_by(sort, self.target, question.parameters)
        return question.seqs(order, offset=offset, limit=limit)

    def _deep_page(
        self, question: _Question, key: SortKey, ranks: range, total: int
    ) -> list[int] | None:
        """Sort only the values around a page deep in the order of one numeric column.

        To find two quantiles is several times faster than to sort up to the page. None if the
        page reaches into the missing values, or the key is of another kind.
        """
        column = self._numeric_column(key)
        if column is None:
            return None
        n_held = question.count(column)
        first = ranks.start if key.descending else ranks.start - (total - n_held)
        if first < 0 or first + len(ranks) > n_held:
            return None
        lowest = n_held - first - len(ranks) if key.descending else first
        low, high = question.bracket(column, lowest, lowest + len(ranks) - 1, n_held)
        within = f'{column} BETWEEN {low} AND {high}'
        before = f'{column} > {high}' if key.descending else f'{column} < {low}'
        offset = first - question.count('*', before)
        found = question.seqs(
            order_by((key,), self.target, question.parameters),
            offset=max(offset, 0),
            limit=len(ranks),
            within=within,
        )
        return found if offset >= 0 and len(found) == len(ranks) else None

    def _numeric_column(self, key: SortKey) -> str | None:
        if key.path in SERVER_COLUMNS:
            sql, kind = SERVER_COLUMNS[key.path]
            return sql if kind == 'date' else None
        column = self.target.derived.get(key.path)
        if column is None:
            column = self.target.layout.columns.get(key.path)
            if column is None or needs_residual(key.path, self.target):
                return None
        return column.sql if column.type in {'float', 'integer'} else None


class _Question:
    """Statements about the rows that match one filter."""

    def __init__(self, reading: Reading, where: Expression) -> None:
        self.parameters = Parameters()
        self._cursor = reading.cursor
        holds = predicate(where, reading.target, self.parameters)
        self._from = f'FROM {reading.layout.table} WHERE ({holds})'

    def count(self, what: str = '*', also: str = 'TRUE') -> int:
        return int(self._ask(f'SELECT count({what}) {self._from} AND {also}')[0][0])

    def seqs(self, order: str, *, offset: int, limit: int, within: str = 'TRUE') -> list[int]:
        rows = self._ask(
            f'SELECT seq {self._from} AND {within} ORDER BY {order} LIMIT {limit} OFFSET {offset}'
        )
        return [seq for (seq,) in rows]

    def bracket(self, column: str, first: int, last: int, n: int) -> tuple[str, str]:
        """Enclose the values of some ranks among `n`; returns the bounds as SQL."""
        shares = [max(first - _MARGIN, 0) / n, min((last + _MARGIN) / n, 1.0)]
        wanted = self.parameters.add(shares)
        sql = f'SELECT quantile_disc({column}, {wanted}::DOUBLE[]) {self._from}'
        low, high = self._ask(sql)[0][0]
        return self.parameters.add(low), self.parameters.add(high)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._cursor.execute(
            sql, self.parameters.of(sql)
        ).fetchall()
        return found
