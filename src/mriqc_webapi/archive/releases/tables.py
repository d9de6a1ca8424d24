"""A resource's views as Parquet: rows in order of insertion, in one file or one for each month.

The table is read once, window by window, and each window becomes a row group of the raw view;
what belongs to the canonical view is picked from it. One window is fetched while the one before
is being written, so two of them at most are in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from mriqc_webapi.archive.columns import FIXED, RESIDUAL, Layout, quoted
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.releases.manifest import TableView
from mriqc_webapi.archive.releases.shelf import Draft
from mriqc_webapi.archive.views import view_predicate

ROW_GROUP: Final = 50_000
MAX_ROWS: Final = 1_000_000  # of one file; a larger table has a file for each month
SERVER_COLUMNS: Final = tuple(name for name in FIXED if name != 'seq')
_CHOSEN: Final = 'in canonical view'  # no field's name: blanks
_MONTH: Final = f"strftime({quoted('_created')}, '%Y-%m')"

Heard = Callable[[int], None]  # rows written


class Written(NamedTuple):
    """A file of a table."""

    path: str
    resource: str
    view: TableView
    n_rows: int


class Window(NamedTuple):
    """Some rows of one file that lie next to each other."""

    month: str  # '2026-11'; '' in a table that is not split
    first: int  # seq
    last: int


def column_names(layout: Layout) -> list[str]:
    """List the columns of a released table, in their order."""
    own = [c.name for c in (*layout.derived.values(), *layout.columns.values())]
    return [*SERVER_COLUMNS, *own, RESIDUAL]


def write_tables(
    reading: Reading, draft: Draft, *, max_rows: int = MAX_ROWS, heard: Heard | None = None
) -> list[Written]:
    """Write the views of one resource; without a row, nothing is written."""
    found = _windows(reading, max_rows)
    written: list[Written] = []
    for month, windows in groupby(found, key=lambda window: window.month):
        written += _write_month(reading, draft, month, list(windows), heard)
    return sorted(written, key=lambda w: (w.view != 'raw', w.path))


def _windows(reading: Reading, max_rows: int) -> list[Window]:
    table = reading.layout.table
    ((n_rows,),) = reading.cursor.execute(f'SELECT count(*) FROM {table}').fetchall()  # noqa: S608 - quoted
    month = _MONTH if n_rows > max_rows else "''"
    rank = f'row_number() OVER (PARTITION BY {month} ORDER BY seq) - 1'
    sql = f"""
        SELECT month, min(seq), max(seq)
          FROM (SELECT seq, {month} AS month, ({rank}) // {ROW_GROUP} AS part FROM {table})
         GROUP BY month, part ORDER BY month, part
    """  # noqa: S608 - quoted
    return [Window._make(row) for row in reading.cursor.execute(sql).fetchall()]


def _write_month(
    reading: Reading, draft: Draft, month: str, windows: list[Window], heard: Heard | None
) -> list[Written]:
    views: tuple[TableView, ...] = ('raw', 'canonical') if reading.layout.has_views else ('raw',)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(views)))
        files = [
            stack.enter_context(_TableFile(draft, reading.layout.resource, view, month))
            for view in views
        ]
        running: list[Future[None]] = []
        for window in windows:
            rows = _fetch(reading, window)
            _finish(running)
            running = [pool.submit(file.add, rows) for file in files]
            if heard is not None:
                heard(rows.num_rows)
        _finish(running)
    return [file.written for file in files]


def _finish(running: list[Future[None]]) -> None:
    for future in running:
        future.result()


def _fetch(reading: Reading, window: Window) -> pa.Table:
    layout = reading.layout
    columns = ', '.join(quoted(name) for name in column_names(layout))
    chosen = f'({view_predicate("canonical", layout)}) AS {quoted(_CHOSEN)}'
    within = f'seq BETWEEN {window.first} AND {window.last}'
    if window.month:
        within += f" AND {_MONTH} = '{window.month}'"
    sql = f'SELECT {columns}, {chosen} FROM {layout.table} WHERE {within} ORDER BY seq'  # noqa: S608 - quoted
    return reading.cursor.sql(sql).to_arrow_table()


@dataclass
class _TableFile:
    """One Parquet file, which is made with its first rows."""

    draft: Draft
    resource: str
    view: TableView
    month: str

    def __post_init__(self) -> None:
        folder = f'{self.resource}/{self.view}'
        name = f'{self.resource}-{self.view}'
        self.path = f'{folder}/{name}.parquet'
        if self.month:
            self.path = f'{folder}/month={self.month}/{name}-{self.month}.parquet'
        self.n_rows = 0
        self._held: list[pa.Table] = []  # too few for a row group
        self._writer: pyarrow.parquet.ParquetWriter | None = None

    @property
    def written(self) -> Written:
        return Written(self.path, self.resource, self.view, self.n_rows)

    def add(self, rows: pa.Table) -> None:
        """Take the rows of this view; a row group is written as soon as it is full."""
        if self.view == 'canonical':
            rows = rows.filter(pc.fill_null(rows.column(_CHOSEN), False))
        self._held.append(rows.drop_columns([_CHOSEN]))
        self.n_rows += rows.num_rows
        if sum(held.num_rows for held in self._held) >= ROW_GROUP:
            self._write()

    def _write(self) -> None:
        rows = pa.concat_tables(self._held)
        self._held = []
        if self._writer is None:
            self._writer = _writer(self.draft, self.path, rows.schema)
        self._writer.write_table(rows, row_group_size=2 * ROW_GROUP)

    def __enter__(self) -> _TableFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None and self._held:
            self._write()
        if self._writer is not None:
            self._writer.close()


def _writer(draft: Draft, path: str, schema: pa.Schema) -> pyarrow.parquet.ParquetWriter:
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    options: dict[str, Any] = {
        'compression': 'zstd',
        'coerce_timestamps': 'ms',
        'use_dictionary': texts,  # hardly two measured numbers are the same
    }
    return pyarrow.parquet.ParquetWriter(draft.path(path), schema, **options)
