"""What the archive itself says of a rating as it enters: its scale, score, grade and the rest.

Of a rating and its corrections the newest counts, which depends on more than one record: that is
brought up to date for the chains that a batch touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import duckdb
import orjson
import pyarrow as pa

from mriqc_webapi.archive.columns import RATED, SQL_TYPES, Document, Layout
from mriqc_webapi.archive.registering import registered
from mriqc_webapi.ratings.rating import Rating, parse_rating

_TYPES: Final = {'DOUBLE': pa.float64(), 'VARCHAR': pa.string(), 'BOOLEAN': pa.bool_()}
# a record that was held back and released has a new number, but is as old as it was
_JUDGE: Final = """
    UPDATE {table} SET is_standing = ({table}.seq = newest.seq)
      FROM (SELECT chain, arg_max(seq, ROW(chain <> _id, _created, seq)) AS seq FROM {table}
             WHERE chain IN (SELECT chain FROM given) GROUP BY chain) AS newest
     WHERE {table}.chain = newest.chain AND is_standing <> ({table}.seq = newest.seq)
"""


def rated_columns(
    documents: Iterable[Document], ids: Sequence[str], created_at: Sequence[int]
) -> dict[str, pa.Array]:
    """Derive the columns of some ratings that follow from each alone; all seem to be standing."""
    given = zip(documents, ids, created_at, strict=True)
    rows = [_row(parse_rating(document, id=i, created_at=at)) for document, i, at in given]
    columns = zip(*rows, strict=True) if rows else ([] for _ in RATED)
    return {
        name: pa.array(values, _TYPES[SQL_TYPES[kind]])
        for (name, kind), values in zip(RATED.items(), columns, strict=True)
    }


def _row(rating: Rating) -> tuple[object, ...]:
    return (
        rating.md5sum,
        rating.scale,
        rating.score,
        rating.grade,
        rating.label,
        orjson.dumps(rating.artifacts).decode() if rating.artifacts else None,
        rating.rater,
        rating.amends or rating.id,
        True,
    )


def judge_chains(tx: duckdb.DuckDBPyConnection, layout: Layout, chains: set[str]) -> None:
    """Say anew which ratings of some chains stand: the newest of each."""
    if chains:
        with registered(tx, 'given', pa.table({'chain': pa.array(sorted(chains), pa.string())})):
            tx.execute(_JUDGE.format(table=layout.table))
