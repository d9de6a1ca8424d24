"""Which fields an answer holds: those of the data dictionary, or those asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from mriqc_webapi.archive.columns import (
    FIXED,
    RESIDUAL,
    SERVER_FIELDS,
    Column,
    Layout,
    quoted,
)
from mriqc_webapi.archive.compile import Target
from mriqc_webapi.archive.predicates import Parameters, pointer
from mriqc_webapi.query.expression import Path
from mriqc_webapi.query.projection import Projection, ascii_json

_DATE: Final = '%Y-%m-%dT%H:%M:%SZ'


def chosen_columns(
    target: Target, fields: Projection, parameters: Parameters, *, dates_as_text: bool
) -> str:
    """Write what is selected: always the record's identity, then the fields in their order.

    A field without a column of its own comes out of the residual, as JSON text.
    """
    identity = {n: quoted(n) for n in FIXED if n != 'seq'}
    # one unit in all formats; the archive's dates are whole seconds
    identity['_created'] = f'{quoted("_created")}::TIMESTAMP_MS'
    if dates_as_text:
        identity['_created'] = f"strftime({quoted('_created')}, '{_DATE}')"
    found: dict[str, tuple[str, str]] = {n.casefold(): (n, sql) for n, sql in identity.items()}
    paths = fields.paths if fields.inclusive else _everything(target)
    for path in paths:
        for name, sql in _columns_at(path, target, parameters):
            found.setdefault(name.casefold(), (name, sql))
    return ', '.join(f'{sql} AS {quoted(name)}' for name, sql in found.values())


@dataclass(frozen=True, slots=True)
class Derived:
    """What the archive itself says of records, and was asked for by name."""

    columns: tuple[Column, ...] = ()

    @classmethod
    def among(cls, fields: Projection, layout: Layout) -> Self:
        """Find the derived columns among the fields asked for."""
        return cls(tuple(layout.derived[p] for p in fields.paths if p in layout.derived))

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def sql(self) -> tuple[str, ...]:
        """The columns, to be selected."""
        return tuple(column.sql for column in self.columns)

    def add_to(self, doc: str, values: Sequence[Any]) -> str:
        """Add a record's values to its JSON text, which stays ASCII."""
        told = {c.name: value for c, value in zip(self.columns, values, strict=True)}
        return f'{doc[:-1]},{ascii_json(told)[1:]}' if told else doc

    def without(self, fields: Projection) -> Projection:
        """Leave the derived names out of what is taken from documents."""
        names = {column.path for column in self.columns}
        return replace(fields, paths=tuple(p for p in fields.paths if p not in names))


def _everything(target: Target) -> list[Path]:
    layout = target.layout
    return [*layout.derived, *layout.columns, (RESIDUAL,)]


def _columns_at(path: Path, target: Target, parameters: Parameters) -> Iterator[tuple[str, str]]:
    layout = target.layout
    if path == (RESIDUAL,):
        yield RESIDUAL, RESIDUAL
    elif path[0] in SERVER_FIELDS:
        return
    elif column := layout.derived.get(path) or layout.columns.get(path):
        yield column.name, column.sql
    else:
        below = layout.below(path)
        yield from ((c.name, c.sql) for c in below)
        if not below or target.profile.kinds(path) or target.profile.through_list(path):
            at = parameters.add(pointer(path))
            yield '.'.join(path), f'json_extract({RESIDUAL}, {at})::VARCHAR'
