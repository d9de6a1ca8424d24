"""Whole resources, or what matches a filter, as files; written in constant memory.

Columns carry the data dictionary's names. What has no column stays together in ``residual``, as
JSON. NDJSON holds the records as they are served.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.columns import FIXED, RESIDUAL, quoted
from mriqc_webapi.archive.compile import predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.query.expression import And, Expression
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store

Format: TypeAlias = Literal['ndjson', 'csv', 'parquet']
Heard: TypeAlias = Callable[[int, int], None]  # records written, records in all

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
EVERYTHING: Final = And(())
WINDOW: Final = 50_000  # numbers looked through at once; as many rows at most are in memory
DOCUMENTS: Final = 1_000  # fetched from the store at once
_DATE: Final = '%Y-%m-%dT%H:%M:%SZ'


def export(
    archive: Archive,
    resource: str,
    *,
    format: Format,
    out: Path | IO[bytes],
    where: Expression = EVERYTHING,
    heard: Heard | None = None,
) -> int:
    """Write the records that match, in order of insertion.

    Parameters
    ----------
    out : Path or binary file
        A path is written aside and renamed, so that a half file never bears its name.
    heard : callable, optional
        Called after each chunk with the numbers of records written and in all.

    Returns
    -------
    int
        Number of records written.
    """
    with archive.reading(resource, timeout_s=float('inf')) as reading, _opened(out) as file:
        total = reading.count(where)
        write = {'ndjson': _write_ndjson, 'csv': _write_csv, 'parquet': _write_parquet}[format]
        n_written = 0
        for n_rows in write(reading, where, file, archive.store):
            n_written += n_rows
            if heard is not None:
                heard(n_written, total)
        return n_written


def _write_ndjson(
    reading: Reading, where: Expression, file: IO[bytes], store: Store
) -> Iterator[int]:
    for table in _tables(reading, where, 'seq'):
        seqs = table.column(0).to_pylist()
        for start in range(0, len(seqs), DOCUMENTS):
            with store.read() as tx:
                found = records.documents(tx, seqs=seqs[start : start + DOCUMENTS])
            file.write(''.join(f'{record.doc}\n' for record in found).encode('ascii'))
            yield len(found)


def _write_csv(reading: Reading, where: Expression, file: IO[bytes], _: Store) -> Iterator[int]:
    date = f"strftime({quoted('_created')}, '{_DATE}') AS {quoted('_created')}"
    tables = _tables(reading, where, _selected(reading, date))
    first = next(tables)
    with pyarrow.csv.CSVWriter(file, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            yield table.num_rows


def _write_parquet(
    reading: Reading, where: Expression, file: IO[bytes], _: Store
) -> Iterator[int]:
    tables = _tables(reading, where, _selected(reading, quoted('_created')))
    first = next(tables)
    options: dict[str, Any] = {'compression': 'zstd', 'coerce_timestamps': 'ms'}
    with pyarrow.parquet.ParquetWriter(file, first.schema, **options) as writer:
        for table in _grouped(chain([first], tables)):
            writer.write_table(table)
            yield table.num_rows


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables, since each becomes a row group."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(t.num_rows for t in held) >= WINDOW:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _selected(reading: Reading, date: str) -> str:
    """List what a row of a table format holds."""
    fixed = [date if name == '_created' else quoted(name) for name in FIXED if name != 'seq']
    own = [column.sql for column in reading.layout.columns.values()]
    return ', '.join([*fixed, *own, RESIDUAL])


def _tables(reading: Reading, where: Expression, selected: str) -> Iterator[pa.Table]:
    """Fetch the rows that match by windows of their numbers: one table at least, maybe empty."""
    parameters = Parameters()
    holds = predicate(where, reading.target, parameters)
    after, until = parameters.add(0), parameters.add(0)
    sql = (
        f'SELECT {selected} FROM {reading.layout.table}'  # noqa: S608 - bound values
        f' WHERE ({holds}) AND seq > {after} AND seq <= {until} ORDER BY seq'
    )
    for start in range(0, max(reading.changed, 1), WINDOW):
        bounds = {after[1:]: start, until[1:]: start + WINDOW}
        values = parameters.of(sql) | bounds
        yield reading.cursor.sql(sql, params=values).to_arrow_table()


@contextlib.contextmanager
def _opened(out: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(out, Path):
        yield out
        return
    aside = out.with_name(f'.{out.name}.{os.getpid()}.part')
    try:
        with aside.open('wb') as file:
            yield file
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
