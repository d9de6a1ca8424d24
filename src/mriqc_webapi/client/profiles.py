"""What the residuals of a table hold: which paths, and what kinds of value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import duckdb
import orjson

from mriqc_webapi.archive.columns import RESIDUAL, Layout
from mriqc_webapi.archive.residual import Entry, Kind, Path, Profile

_KINDS: Final[dict[str, Kind]] = {
    'NULL': 'null',
    'BOOLEAN': 'boolean',
    'VARCHAR': 'string',
    'UBIGINT': 'number',
    'BIGINT': 'number',
    'HUGEINT': 'number',
    'DOUBLE': 'number',
}


def profile_of(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Profile:
    """Look through a table once; its records may differ, but their structures hardly do."""
    sql = f'SELECT DISTINCT json_structure({RESIDUAL}) FROM {layout.table}'  # noqa: S608 - quoted
    found = connection.execute(sql).fetchall()
    entries: set[Entry] = set()
    for (structure,) in found:
        if structure is not None:
            entries.update(_entries((), orjson.loads(structure)))
    return Profile(entries)


def _entries(parent: Path, structure: Any) -> Iterator[Entry]:
    if not isinstance(structure, dict):
        yield parent, 'any'
        return
    for key, value in structure.items():
        path = (*parent, key)
        if isinstance(value, dict):
            yield path, 'object'
            yield from _entries(path, value)
        elif isinstance(value, list):
            yield path, 'array'
        else:
            yield path, _KINDS.get(value, 'any')
