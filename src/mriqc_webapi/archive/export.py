"""Whole resources, or what matches a filter, as files; written in constant memory.

Columns carry the data dictionary's names. What has no column stays together in ``residual``, as
JSON. NDJSON holds the records as they are served.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.chosen import Derived, chosen_columns
from mriqc_webapi.archive.columns import ALL_DERIVED, quoted
from mriqc_webapi.archive.compile import predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.views import View, view_predicate
from mriqc_webapi.query.expression import And, Expression
from mriqc_webapi.query.projection import Projection
from mriqc_webapi.store import feed, records
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.feed import Place

Format: TypeAlias = Literal['ndjson', 'csv', 'tsv', 'parquet', 'arrow']
Tables: TypeAlias = Generator[pa.Table, None, None]
Heard: TypeAlias = Callable[[int, int], None]  # records written, records in all

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
EVERYTHING: Final = And(())
ALL_FIELDS: Final = Projection()
WINDOW: Final = 25_000  # numbers looked through at once; two windows at most are in memory
ROW_GROUP: Final = 50_000  # rows of a part of a Parquet file
DOCUMENTS: Final = 1_000  # fetched from the store at once


class Chunk(NamedTuple):
    """The next part of a file."""

    content: bytes
    n_rows: int  # finished with it


Chunks: TypeAlias = Generator[Chunk, None, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported."""

    resource: str
    format: Format
    where: Expression = EVERYTHING
    view: View = 'raw'
    fields: Projection = ALL_FIELDS

    @property
    def is_whole(self) -> bool:
        """Whether documents of all records are wanted, so that the store can give NDJSON."""
        names_derived = any(path[0] in ALL_DERIVED for path in self.fields.paths)
        return self.where == EVERYTHING and self.view == 'raw' and not names_derived


def export(
    archive: Archive,
    wanted: Wanted,
    *,
    out: Path | IO[bytes],
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
    with (
        archive.reading(wanted.resource, timeout_s=float('inf')) as reading,
        opened_aside(out) as file,
    ):
        total = count(reading, wanted)
        n_written = 0
        for chunk in chunks(reading, wanted, archive.store):
            file.write(chunk.content)
            n_written += chunk.n_rows
            if heard is not None:
                heard(n_written, total)
        return n_written


def count(reading: Reading, wanted: Wanted) -> int:
    """Count the records that an export holds."""
    parameters = Parameters()
    sql = f'SELECT count(*) {_source(reading, wanted, parameters)}'
    ((n,),) = reading.cursor.execute(sql, parameters.of(sql)).fetchall()
    return int(n)


def chunks(reading: Reading, wanted: Wanted, store: Store) -> Chunks:
    """Write what matches, part by part; if it is not read to its end, close it."""
    if wanted.format == 'ndjson':
        yield from _write_ndjson(reading, wanted, store)
        return
    sink = _Sink()
    with contextlib.closing(_tables(reading, wanted)) as tables:
        first = next(tables)
        writer = _WRITERS[wanted.format](sink, first.schema)
        every = chain([first], tables)
        for table in _grouped(every) if wanted.format == 'parquet' else every:
            writer.write_table(table)
            yield Chunk(sink.take(), table.num_rows)
    writer.close()
    yield Chunk(sink.take(), 0)


def stored_chunks(store: Store, wanted: Wanted, until: Place) -> Chunks:
    """Write a whole resource as NDJSON from the row store alone, up to a place."""
    after = 0
    while True:
        with store.read() as tx:
            found = feed.documents_after(
                tx, resource=wanted.resource, after=after, until=until.ordinal, limit=DOCUMENTS
            )
        if not found:
            return
        after = found[-1].ordinal
        texts = wanted.fields.texts(record.doc for record in found)
        yield Chunk(_lines(texts), len(found))


def _write_ndjson(reading: Reading, wanted: Wanted, store: Store) -> Chunks:
    parameters = Parameters()
    derived = Derived.among(wanted.fields, reading.layout)
    fields = derived.without(wanted.fields)
    selected = ', '.join(['seq', quoted('_id'), *derived.sql])
    sql = f'SELECT {selected} {_source(reading, wanted, parameters)}'
    with contextlib.closing(_windows(reading, sql, parameters, _spans(reading, wanted))) as tables:
        for batch in chain.from_iterable(t.to_batches(max_chunksize=DOCUMENTS) for t in tables):
            with store.read() as tx:
                found = records.documents(tx, seqs=batch.column(0).to_pylist())
            texts: Iterable[str] = fields.texts(record.doc for record in found)
            if derived:
                ids, *columns = (column.to_pylist() for column in batch.columns[1:])
                told = dict(zip(ids, zip(*columns, strict=True), strict=True))
                pairs = zip(texts, found, strict=True)
                texts = (derived.add_to(text, told[record.id]) for text, record in pairs)
            yield Chunk(_lines(texts), len(found))


def _lines(texts: Iterable[str]) -> bytes:
    return ''.join(f'{text}\n' for text in texts).encode('ascii')


class _Sink:
    """Where writers write to; what they wrote is taken away part by part."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._n_bytes = 0

    def write(self, content: Any) -> int:
        part = bytes(content)
        self._parts.append(part)
        self._n_bytes += len(part)
        return len(part)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b''.join(parts)

    def tell(self) -> int:
        return self._n_bytes

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def _csv_writer(sink: _Sink, schema: pa.Schema) -> Any:
    return pyarrow.csv.CSVWriter(sink, schema)


def _tsv_writer(sink: _Sink, schema: pa.Schema) -> Any:
    options = pyarrow.csv.WriteOptions(delimiter='\t')
    return pyarrow.csv.CSVWriter(sink, schema, write_options=options)


def _arrow_writer(sink: _Sink, schema: pa.Schema) -> Any:
    return pyarrow.ipc.new_stream(sink, schema)


def _parquet_writer(sink: _Sink, schema: pa.Schema) -> Any:
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    options: dict[str, Any] = {
        'compression': 'zstd',
        'coerce_timestamps': 'ms',
        'use_dictionary': texts,  # hardly two measured numbers are the same
    }
    return pyarrow.parquet.ParquetWriter(sink, schema, **options)


_WRITERS: Final[dict[str, Callable[[_Sink, pa.Schema], Any]]] = {
    'csv': _csv_writer,
    'tsv': _tsv_writer,
    'arrow': _arrow_writer,
    'parquet': _parquet_writer,
}


def _grouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables, since each becomes a row group."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(t.num_rows for t in held) >= ROW_GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _tables(reading: Reading, wanted: Wanted) -> Tables:
    """Fetch what matches as tables: one at least, maybe empty."""
    parameters = Parameters()
    columns = chosen_columns(
        reading.target, wanted.fields, parameters, dates_as_text=wanted.format in {'csv', 'tsv'}
    )
    sql = f'SELECT {columns} {_source(reading, wanted, parameters)}'
    return _windows(reading, sql, parameters, _spans(reading, wanted))


def _source(reading: Reading, wanted: Wanted, parameters: Parameters) -> str:
    where = predicate(wanted.where, reading.target, parameters)
    view = view_predicate(wanted.view, reading.layout)
    return f'FROM {reading.layout.table} WHERE ({where}) AND {view}'


def _windows(reading: Reading, sql: str, parameters: Parameters, spans: Sequence[range]) -> Tables:
    """Run a statement on windows of the rows' numbers, each while the one before is in use."""
    after, until = parameters.add(0), parameters.add(0)
    sql += f' AND seq > {after} AND seq <= {until} ORDER BY seq'
    bound = parameters.of(sql)

    def fetch(span: range) -> pa.Table:
        values = bound | {after[1:]: span.start, until[1:]: span.stop}
        return reading.cursor.sql(sql, params=values).to_arrow_table()

    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(fetch, spans[0])
        for span in spans[1:]:
            table, ahead = ahead.result(), pool.submit(fetch, span)
            yield table
        yield ahead.result()


def _spans(reading: Reading, wanted: Wanted) -> list[range]:
    """Part the rows' numbers into windows; what a filter leaves may fit into one."""
    if wanted.where != EVERYTHING and count(reading, wanted) <= WINDOW:
        return [range(reading.changed)]
    starts = range(0, max(reading.changed, 1), WINDOW)
    return [range(start, start + WINDOW) for start in starts]


@contextlib.contextmanager
def opened_aside(out: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a file that bears its name only when the block has ended well."""
    if not isinstance(out, Path):
        yield out
        return
    aside = out.with_name(f'.{out.name}.{token_hex(4)}.part')  # two may write the same at once
    try:
        with aside.open('wb') as file:
            yield file
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
