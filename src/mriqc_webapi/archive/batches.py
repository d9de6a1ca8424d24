"""From served documents to an Arrow table of one resource, many rows at a time.

Column by column instead of document by document, since this is what a rebuild waits for. The
outcome is that of `Layout.split`, and a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, Final, Protocol

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
from mriqc_webapi.archive.residual import Profile

ARROW_TYPES: Final[dict[str, pa.DataType]] = {
    'float': pa.float64(),
    'integer': pa.int64(),
    'string': pa.string(),
    'boolean': pa.bool_(),
}
_FIXED_TYPES: Final = (pa.int64(), pa.string(), pa.timestamp('us'), pa.string())
_PYTHON_TYPES: Final[dict[str, type]] = {
    'float': float,
    'integer': int,
    'string': str,
    'boolean': bool,
}
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC inside
_NONE: Final = type(None)
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
    documents: list[Document] = []
    residuals: list[Document | None] = []
    for row in rows:
        document, residual = _opened(layout, row.doc)
        documents.append(document)
        residuals.append(residual)
    columns: dict[str, pa.Array] = dict(zip(FIXED, _fixed(rows), strict=True))
    _take_columns(layout.tree, documents, columns)
    texts = [_residual_text(*pair, profile) for pair in zip(documents, residuals, strict=True)]
    return pa.table({**columns, RESIDUAL: pa.array(texts, pa.string())})


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
    values: tuple[list[Any], ...] = (
        [row.seq for row in rows],
        [row.id for row in rows],
        [_EPOCH + timedelta(seconds=row.created_at or 0) for row in rows],
        [row.etag for row in rows],
    )
    return [pa.array(v, t) for v, t in zip(values, _FIXED_TYPES, strict=True)]


def _take_columns(tree: Tree, nodes: list[Document], columns: dict[str, pa.Array]) -> None:
    present: set[str] = set().union(*nodes)
    for key, place in tree.items():
        if key not in present:
            continue
        if isinstance(place, Column):
            columns[place.name] = _taken(place, key, nodes)
            continue
        below = [n.get(key) for n in nodes]
        members = [b if type(b) is dict and b else _NOTHING for b in below]
        _take_columns(place, members, columns)
        for node, member in zip(nodes, members, strict=True):
            if not member and member is not _NOTHING:
                del node[key]


def _taken(column: Column, key: str, nodes: list[Document]) -> pa.Array:
    values = list(map(dict.pop, nodes, repeat(key), repeat(None)))
    if not set(map(type, values)) <= {_PYTHON_TYPES[column.type], _NONE}:
        values = _fitted(column, key, nodes, values)
    try:
        return pa.array(values, ARROW_TYPES[column.type])
    except (OverflowError, pa.ArrowInvalid):  # beyond 64 bits
        return pa.array(_fitted(column, key, nodes, values), ARROW_TYPES[column.type])


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
