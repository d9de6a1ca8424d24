"""From served documents to an Arrow table of one resource, many rows at a time.

Column by column instead of document by document, since this is what a rebuild waits for. The
outcome is that of `Layout.split`, and a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final, Protocol

import numpy as np
import orjson
import pyarrow as pa

from mriqc_webapi.archive.columns import (
    FIXED,
    RESIDUAL,
    Column,
    Document,
    Layout,
    Tree,
)
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.derived import derive
from mriqc_webapi.archive.groups import Floats
from mriqc_webapi.archive.rated import rated_columns
from mriqc_webapi.archive.residual import Profile

ARROW_TYPES: Final[dict[str, pa.DataType]] = {
    'float': pa.float64(),
    'integer': pa.int64(),
    'string': pa.string(),
    'boolean': pa.bool_(),
}
_PYTHON_TYPES: Final[dict[str, set[type]]] = {
    'float': {float, type(None)},
    'integer': {int, type(None)},
    'string': {str, type(None)},
    'boolean': {bool, type(None)},
}
PARSED_ROWS: Final = 200  # at once, so that they fit into the processor's cache
_SERVER_PART: Final = '"_id":"'  # where the served text ends that the client has sent
_NOTHING: Final[Document] = {}  # stands in where a document has no such member; never changed


class Row(Protocol):
    """What the copy needs to know of one stored record; None stands in tombstones only."""

    @property
    def seq(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> int | None: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def doc(self) -> str | None: ...


def arrow_table(layout: Layout, rows: Sequence[Row], profile: Profile) -> pa.Table:
    """Lay out records as columns; their residuals enter the profile."""
    lists: dict[Column, list[Any]] = {column: [] for column in layout.columns.values()}
    residuals: list[str | None] = []
    for start in range(0, len(rows), PARSED_ROWS):
        opened = [_opened(layout, row.doc) for row in rows[start : start + PARSED_ROWS]]
        documents = [document for document, _ in opened]
        _take_columns(layout.tree, documents, lists, start)
        residuals += [_residual_text(d, nulls, profile) for d, nulls in opened]
    columns: dict[str, pa.Array] = dict(zip(FIXED, _fixed(rows), strict=True))
    for column, values in lists.items():
        if values:
            _pad(values, len(rows))
            columns[column.name] = pa.array(values, ARROW_TYPES[column.type])
    columns |= _derived(layout, columns, rows)
    return pa.table({**columns, RESIDUAL: pa.array(residuals, pa.string())})


def metric_vectors(layout: Layout, docs: Iterable[str]) -> Floats:
    """Give the numbers by which records are compared, as the table holds them.

    Returns
    -------
    (n, m) ndarray of float64
        NaN where a value is missing.
    """
    names = [column.name for column in comparison_of(layout).metrics]
    found = (layout.split(_parsed(doc))[0] for doc in docs)
    return np.array([[values.get(name) for name in names] for values in found], np.float64)


def _derived(
    layout: Layout, columns: dict[str, pa.Array], rows: Sequence[Row]
) -> dict[str, pa.Array]:
    ids = [row.id for row in rows]
    if not layout.rates:
        return derive(layout, columns, ids)
    documents = (_parsed(row.doc or '{}') for row in rows)
    return rated_columns(documents, ids, [row.created_at or 0 for row in rows])


def _opened(layout: Layout, doc: str | None) -> tuple[Document, Document | None]:
    assert doc is not None  # noqa: S101 - tombstones are told apart before
    n_sent = doc.rindex(_SERVER_PART) - 1  # without the comma before it
    document = _parsed(doc[: max(n_sent, 1)] + '}')
    if 'null' in doc:
        # below, None says that nothing is there: explicit nulls must be out of the way
        values, residual = layout.split(document)
        return layout.join(dict(values), None), residual
    return document, None


def _parsed(doc: str) -> Document:
    try:
        document: Document = orjson.loads(doc)
    except orjson.JSONDecodeError:  # half a character, which no filter can ask for either
        text = json.dumps(json.loads(doc), ensure_ascii=False)
        document = orjson.loads(text.encode(errors='replace'))
    return document


def _fixed(rows: Sequence[Row]) -> list[pa.Array]:
    created = pa.array([(row.created_at or 0) * 1_000_000 for row in rows], pa.int64())
    return [
        pa.array([row.seq for row in rows], pa.int64()),
        pa.array([row.id for row in rows], pa.string()),
        created.cast(pa.timestamp('us')),
        pa.array([row.etag for row in rows], pa.string()),
    ]


def _take_columns(
    tree: Tree, nodes: list[Document], lists: dict[Column, list[Any]], start: int
) -> None:
    present: set[str] = set().union(*nodes)
    for key, place in tree.items():
        if key not in present:
            continue
        if isinstance(place, Column):
            _pad(lists[place], start)
            lists[place] += _taken(place, key, nodes)
            continue
        below = [n.get(key) for n in nodes]
        members = [b if type(b) is dict and b else _NOTHING for b in below]
        _take_columns(place, members, lists, start)
        for node, member in zip(nodes, members, strict=True):
            if not member and member is not _NOTHING:
                del node[key]


def _taken(column: Column, key: str, nodes: list[Document]) -> list[Any]:
    values = list(map(dict.pop, nodes, repeat(key), repeat(None)))
    if set(map(type, values)) <= _PYTHON_TYPES[column.type] and not (
        column.type == 'integer' and _too_large(values)
    ):
        return values
    return _fitted(column, key, nodes, values)


def _too_large(values: list[int | None]) -> bool:
    try:
        pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        return True
    return False


def _pad(values: list[Any], n_rows: int) -> None:
    values += [None] * (n_rows - len(values))


def _fitted(column: Column, key: str, nodes: list[Document], values: list[Any]) -> list[Any]:
    fitted = [column.fit(v) for v in values]
    for node, value, kept in zip(nodes, values, fitted, strict=True):
        if kept is None and value is not None:
            node[key] = value
    return fitted


def _residual_text(left: Document, nulls: Document | None, profile: Profile) -> str | None:
    residual = left or nulls
    if not residual:
        return None
    profile.add(residual)
    return orjson.dumps(residual).decode()
