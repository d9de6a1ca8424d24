"""One row per rated image: what each rater and all together say of it, ready to join with IQMs.

Images with one rating are laid out by the database. Only those with several need a consensus, and
those are few.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Final, Literal, TypeAlias, get_args

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mriqc_webapi.archive.ratings.agreement import shared_ratings
from mriqc_webapi.archive.ratings.selection import Chosen
from mriqc_webapi.iqm.dictionary import COLUMNS, Row
from mriqc_webapi.ratings.labels import labels

Format: TypeAlias = Literal['csv', 'tsv', 'ndjson', 'parquet']

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
MAX_RATINGS: Final = 200_000  # of images with several; half a minute of a processor at worst
ROWS_AT_ONCE: Final = 10_000  # written out as JSON

_RATER: Final = pa.struct(
    [
        ('rater', pa.string()),
        ('scale', pa.string()),
        ('score', pa.float64()),
        ('grade', pa.string()),
        ('label', pa.string()),
    ]
)
SCHEMA: Final = pa.schema(
    [
        ('md5sum', pa.string()),
        ('modality', pa.string()),
        ('consensus', pa.string()),
        ('certainty', pa.float64()),
        ('method', pa.string()),
        ('score_mean', pa.float64()),
        ('score_sd', pa.float64()),
        ('scales', pa.list_(pa.string())),
        ('n_ratings', pa.int64()),
        ('n_raters', pa.int64()),
        ('n_unreadable', pa.int64()),
        ('artifacts', pa.list_(pa.string())),
        ('ratings', pa.list_(_RATER)),
    ]
)
MEANINGS: Final = {
    'md5sum': 'MD5 of the rated image’s file, in lower case: joins with provenance.md5sum.',
    'modality': 'Modality of the image: as its ratings say, else as its records do.',
    'consensus': 'Grade of the image by all its ratings: exclude, poor, acceptable or excellent.',
    'certainty': 'Probability of that grade under the model; null for images without a model.',
    'method': 'How the grade was found: dawid-skene, median, or single for the only rating.',
    'score_mean': 'Mean score, from 1 to 4.',
    'score_sd': 'Standard deviation of the scores, with n − 1; null for one.',
    'scales': 'Scales of the ratings: v0, v1, v2. A list.',
    'n_ratings': 'Ratings that count: the newest of each rater, and each anonymous one.',
    'n_raters': 'Named raters among them.',
    'n_unreadable': 'Ratings on an unknown scale, which do not count.',
    'artifacts': 'Artifacts that any rater has seen, the most frequent first. A list.',
    'ratings': 'Rater, scale, score, grade and label of each rating that counts. A list.',
}
_TYPES: Final = {pa.string(): 'string', pa.float64(): 'float', pa.int64(): 'integer'}
_SINGLES: Final = """
    SELECT scan AS md5sum, modality, grade AS consensus, NULL::DOUBLE AS certainty,
           CASE WHEN grade IS NOT NULL THEN 'single' END AS method, score AS score_mean,
           NULL::DOUBLE AS score_sd,
           CASE WHEN grade IS NULL THEN []::VARCHAR[] ELSE [scale] END AS scales,
           (grade IS NOT NULL)::BIGINT AS n_ratings,
           (grade IS NOT NULL AND rater <> '')::BIGINT AS n_raters,
           (grade IS NULL)::BIGINT AS n_unreadable,
           CASE WHEN grade IS NULL OR artifacts IS NULL THEN []::VARCHAR[]
                ELSE from_json(artifacts, '["VARCHAR"]') END AS artifacts,
           CASE WHEN grade IS NULL THEN []
                ELSE [{'rater': rater, 'scale': scale, 'score': score, 'grade': grade,
                       'label': label}] END AS ratings
      FROM held
     WHERE scan IN (SELECT scan FROM held GROUP BY scan HAVING count(*) = 1)
"""


def label_table(chosen: Chosen, *, most: int | None = MAX_RATINGS) -> Callable[[], pa.Table]:
    """Fetch the ratings of a selection; what is returned gives a row for each image, by MD5.

    Parameters
    ----------
    most
        Ratings of images with several that there may be while somebody waits; None: any number.

    Raises
    ------
    QueryError
        There are too many for a consensus.
    """
    ratings = shared_ratings(chosen, most=most)
    singles = chosen.table(_SINGLES).cast(SCHEMA)

    def make() -> pa.Table:
        several = pa.Table.from_pylist([asdict(row) for row in labels(ratings)], SCHEMA)
        return pa.concat_tables([singles, several]).sort_by('md5sum')

    return make


def label_rows() -> list[Row]:
    """Say what each column means, in the data dictionary's form."""
    return [
        dict.fromkeys(COLUMNS, '')
        | {
            'resource': 'labels',
            'name': field.name,
            'type': _TYPES.get(field.type, 'list'),
            'unit': '1' if field.type == pa.float64() else '',
            'required': field.name in {'md5sum', 'n_ratings', 'n_raters', 'n_unreadable'},
            'better': 'neither',
            'role': 'derived',
            'meaning': MEANINGS[field.name],
            'private': False,
        }
        for field in SCHEMA
    ]


def write_labels(table: pa.Table, format: Format) -> Iterator[bytes]:
    """Write a table part by part; in CSV and TSV, lists are JSON texts."""
    yield from _WRITERS[format](table)


def _ndjson(table: pa.Table) -> Iterator[bytes]:
    for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
        yield b''.join(
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in batch.to_pylist()
        )


def _delimited(delimiter: str) -> Callable[[pa.Table], Iterator[bytes]]:
    def write(table: pa.Table) -> Iterator[bytes]:
        options = pyarrow.csv.WriteOptions(delimiter=delimiter)
        for start in range(0, max(table.num_rows, 1), ROWS_AT_ONCE):
            sink = io.BytesIO()
            options.include_header = start == 0
            flat = _flat(table.slice(start, ROWS_AT_ONCE))
            pyarrow.csv.write_csv(flat, sink, write_options=options)
            yield sink.getvalue()

    return write


def _flat(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [orjson.dumps(value).decode() for value in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return table


def _parquet(table: pa.Table) -> Iterator[bytes]:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression='zstd')
    yield sink.getvalue()


_WRITERS: Final[dict[Format, Callable[[pa.Table], Iterator[bytes]]]] = {
    'csv': _delimited(','),
    'tsv': _delimited('\t'),
    'ndjson': _ndjson,
    'parquet': _parquet,
}
