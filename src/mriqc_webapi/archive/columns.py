"""Which value of a document stands in which column, and what is left over.

The columns of a resource are its catalogued scalar fields. What does not fit its column's type,
and what the catalogue does not know, stays in the *residual*: the document, nested as it was
sent, without the values that have gone to columns. Columns and residual together are the document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mriqc_webapi.iqm.definitions import Catalogue, FieldType, Kind, Resource

Document: TypeAlias = dict[str, Any]
Scalar: TypeAlias = float | int | str | bool

LAYOUT_VERSION: Final = 4  # raise it when tables, split() or the state tables change their meaning
SQL_TYPES: Final[dict[str, str]] = {
    'float': 'DOUBLE',
    'integer': 'BIGINT',
    'string': 'VARCHAR',
    'boolean': 'BOOLEAN',
}
FIXED: Final = {
    'seq': 'BIGINT NOT NULL',
    '_id': 'VARCHAR NOT NULL',
    '_created': 'TIMESTAMP NOT NULL',
    '_etag': 'VARCHAR NOT NULL',
}
DERIVED: Final[dict[str, FieldType]] = {  # of a resource of IQMs; `archive.derived` fills them
    'epoch': 'string',
    'vendor': 'string',
    'model': 'string',
    'field_strength': 'float',
    'in_scan': 'boolean',
    'group_state': 'string',
    'n_group': 'integer',
    'diameter': 'float',
}
RATED: Final[dict[str, FieldType]] = {  # of a rating; `archive.rated` fills them
    'scan': 'string',
    'scale': 'string',
    'score': 'float',
    'grade': 'string',
    'label': 'string',
    'artifacts': 'string',
    'rater': 'string',
    'chain': 'string',
    'is_standing': 'boolean',
}
DERIVED_OF: Final[dict[Kind, dict[str, FieldType]]] = {
    'iqm': DERIVED,
    'rating': RATED,
    'telemetry': {},
}
ALL_DERIVED: Final = frozenset(name for names in DERIVED_OF.values() for name in names)
KEYS: Final = {  # by which duplicates are found, compared and counted; no question names them
    '_scan': 'UBIGINT',
    '_group': 'UBIGINT',
    '_version': 'VARCHAR',
    '_vector': 'UBIGINT',
    '_geometry': 'UBIGINT',
    '_first': 'UTINYINT',  # among which records it came first of its scan: `views.FIRST`
}
RESIDUAL: Final = 'residual'
SERVER_FIELDS: Final = ('_id', '_created', '_updated', '_etag', '_links')
_INT64: Final = 2**63


def quoted(name: str) -> str:
    """Quote an identifier; the only way by which a name gets into SQL text."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a resource's table; equal to itself only, which makes it a fast key."""

    path: tuple[str, ...]
    type: FieldType

    @property
    def name(self) -> str:
        """The dotted wire name, which is the column's name too."""
        return '.'.join(self.path)

    @property
    def sql(self) -> str:
        """The name as SQL text."""
        return quoted(self.name)

    def fit(self, value: Any) -> Scalar | None:
        """Return the value as this column holds it, or None if that would change it."""
        kind = type(value)
        if kind is bool or kind is str:
            return value if self.type == ('boolean' if kind is bool else 'string') else None
        if kind is float:
            return value if self.type == 'float' else self._whole(value)
        if kind is int:
            return _exact_float(value) if self.type == 'float' else self._whole(value)
        return None

    def _whole(self, value: float) -> int | None:
        if self.type != 'integer' or not -_INT64 <= value < _INT64 or value != int(value):
            return None
        return int(value)


Tree: TypeAlias = 'dict[str, Column | Tree]'


class Layout:
    """The table of one resource.

    Parameters
    ----------
    resource : Resource
        DuckDB's names ignore case: of fields that differ in case only the first has a column.
    table : str
        The table's name, the resource's unless another resource differs from it in case only.

    Attributes
    ----------
    columns : dict of path to Column
        What documents say.
    derived : dict of path to Column
        What the archive itself says of each record. A field of the same name stays in the
        residual, as it was sent.
    """

    def __init__(self, resource: Resource, table: str) -> None:
        self.definition = resource
        self.resource = resource.name
        self.table = quoted(table)
        self.has_views = resource.kind == 'iqm'
        self.rates = resource.kind == 'rating'
        derived = DERIVED_OF[resource.kind]
        self.derived: dict[tuple[str, ...], Column] = {
            (name,): Column((name,), kind) for name, kind in derived.items()
        }
        self.columns: dict[tuple[str, ...], Column] = {}
        self.tree: Tree = {}
        taken = {name.casefold() for name in (*FIXED, *DERIVED, *derived, *KEYS, RESIDUAL)}
        for field in resource.columns:
            if field.name.casefold() not in taken and self._plant(Column(field.path, field.type)):
                taken.add(field.name.casefold())

    def _plant(self, column: Column) -> bool:
        tree = self.tree
        for segment in column.path[:-1]:
            below = tree.setdefault(segment, {})
            if isinstance(below, Column):  # a scalar has no members
                return False
            tree = below
        if column.path[-1] in tree:
            return False
        tree[column.path[-1]] = column
        self.columns[column.path] = column
        return True

    @property
    def ddl(self) -> str:
        """The statement that makes the table."""
        fixed = [f'{quoted(name)} {sql_type}' for name, sql_type in FIXED.items()]
        every = [*self.derived.values(), *self.columns.values()]
        own = [f'{c.sql} {SQL_TYPES[c.type]}' for c in every]
        keys = [f'{quoted(n)} {t}' for n, t in KEYS.items()] if self.has_views else []
        texts = ', '.join([*fixed, *keys, *own, f'{RESIDUAL} VARCHAR'])
        return f'CREATE TABLE {self.table} ({texts})'

    def below(self, path: tuple[str, ...]) -> tuple[Column, ...]:
        """Return the columns whose paths go on from `path`."""
        depth = len(path)
        return tuple(c for p, c in self.columns.items() if len(p) > depth and p[:depth] == path)

    def split(self, document: Document) -> tuple[dict[str, Scalar], Document | None]:
        """Part a document into column values by column name, and the residual, if any is left."""
        values: dict[str, Scalar] = {}
        return values, _take(document, self.tree, values) or None

    def join(self, values: dict[str, Scalar | None], residual: Document | None) -> Document:
        """Put a document together again: the inverse of `split`, but for the order of keys."""
        document: Document = {}
        for column in self.columns.values():
            if (value := values.get(column.name)) is not None:
                _member(document, column.path[:-1])[column.path[-1]] = value
        return _merged(document, residual or {})


def layouts(catalogue: Catalogue) -> dict[str, Layout]:
    """Lay out one table for each resource, by the resource's name."""
    found: dict[str, Layout] = {}
    taken: set[str] = set()
    for resource in catalogue.resources.values():
        table = resource.name
        while table.casefold() in taken:
            table += '~'
        taken.add(table.casefold())
        found[resource.name] = Layout(resource, table)
    return found


def fingerprint(tables: Iterable[Layout]) -> str:
    """Hash what a copy's tables look like: another hash means that the copy is to be rebuilt."""
    text = json.dumps([LAYOUT_VERSION, sorted((t.resource, t.ddl) for t in tables)])
    return hashlib.sha256(text.encode()).hexdigest()


def _take(node: Document, tree: Tree, values: dict[str, Scalar]) -> Document:
    rest: Document = {}
    for key, value in node.items():
        place = tree.get(key)
        if isinstance(place, Column) and (fitted := place.fit(value)) is not None:
            values[place.name] = fitted
        elif isinstance(place, dict) and isinstance(value, dict) and value:
            if below := _take(value, place, values):
                rest[key] = below
        else:
            rest[key] = value
    return rest


def _member(document: Document, path: tuple[str, ...]) -> Document:
    for segment in path:
        document = document.setdefault(segment, {})
    return document


def _merged(document: Document, residual: Document) -> Document:
    for key, value in residual.items():
        mine = document.get(key)
        document[key] = _merged(mine, value) if isinstance(mine, dict) else value
    return document


def _exact_float(value: int) -> float | None:
    if abs(value) > 2**1000:  # float() would raise; no client means such a number
        return None
    return float(value) if int(float(value)) == value else None
