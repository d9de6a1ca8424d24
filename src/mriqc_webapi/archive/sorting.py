"""Sort keys as SQL: missing and null lowest, then by type as MongoDB orders types.

Ties keep the order of insertion. Objects and lists tie among themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

import orjson

from mriqc_webapi.archive.columns import RESIDUAL, Column
from mriqc_webapi.archive.compile import SERVER_COLUMNS, Target
from mriqc_webapi.archive.predicates import Parameters, either, pointer
from mriqc_webapi.query.expression import Path, SortKey

# https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
_RANKS: Final = {
    'NULL': 0,
    'DOUBLE': 1,
    'BIGINT': 1,
    'UBIGINT': 1,
    'VARCHAR': 2,
    'OBJECT': 3,
    'ARRAY': 4,
    'BOOLEAN': 6,  # 5 are ids, 7 dates: neither is ever in a residual
}
_OBJECT: Final = 3
_COLUMN_RANKS: Final = {'float': 1, 'integer': 1, 'string': 2, 'boolean': 6}


TermKind: TypeAlias = Literal['text', 'date', 'other']


class Term(NamedTuple):
    """One expression to order by; NULL is lowest."""

    sql: str
    kind: TermKind
    descending: bool

    @property
    def direction(self) -> str:
        """What follows the expression after ORDER BY."""
        return 'DESC NULLS LAST' if self.descending else 'ASC NULLS FIRST'


def terms(keys: tuple[SortKey, ...], target: Target, parameters: Parameters) -> list[Term]:
    """Write sort keys as expressions; the number of a record is what decides among equals."""
    return [
        Term(sql, kind, key.descending)
        for key in keys
        for sql, kind in _terms(key.path, target, parameters)
    ]


def order_by(keys: tuple[SortKey, ...], target: Target, parameters: Parameters) -> str:
    """Write sort keys as the list after ORDER BY."""
    listed = [f'{term.sql} {term.direction}' for term in terms(keys, target, parameters)]
    return ', '.join([*listed, 'seq ASC'])


def needs_residual(path: Path, target: Target) -> bool:
    """Whether the residuals may hold something at a path that is not null."""
    return target.profile.through_list(path) or not target.profile.kinds(path) <= {'null'}


def _terms(path: Path, target: Target, parameters: Parameters) -> Iterator[tuple[str, TermKind]]:
    if path in SERVER_COLUMNS:
        sql, kind = SERVER_COLUMNS[path]
        yield sql, 'date' if kind == 'date' else 'text'
        return
    if derived := target.derived.get(path):
        yield derived.sql, _kind(derived)
        return
    column = target.layout.columns.get(path)
    if not needs_residual(path, target):
        if column:
            yield column.sql, _kind(column)
        elif below := target.layout.below(path):
            yield either(f'{c.sql} IS NOT NULL' for c in below), 'other'
        return
    yield from _mixed_terms(path, target, parameters)


def _kind(column: Column) -> TermKind:
    return 'text' if column.type == 'string' else 'other'


def _mixed_terms(
    path: Path, target: Target, parameters: Parameters
) -> Iterator[tuple[str, TermKind]]:
    value = _value(path, target, parameters)
    rank = _of(value, _rank, parameters)
    number = _of(value, _number, parameters)
    text = _of(value, _text, parameters)
    if column := target.layout.columns.get(path):
        rank = f'CASE WHEN {column.sql} IS NULL THEN {rank} ELSE {_COLUMN_RANKS[column.type]} END'
        if column.type == 'string':
            text = f'coalesce({column.sql}, {text})'
        else:
            number = f'coalesce({column.sql}::DOUBLE, {number})'
    elif below := target.layout.below(path):
        held = either(f'{c.sql} IS NOT NULL' for c in below)
        rank = f'CASE WHEN {held} THEN {_OBJECT} ELSE {rank} END'
    yield rank, 'other'
    yield number, 'other'
    yield text, 'text'


def _value(path: Path, target: Target, parameters: Parameters) -> str:
    """What stands at a path; of a list on the way, its first element."""
    key = parameters.add(orjson.dumps(path[0]).decode())
    if target.profile.through_list(path):
        found = RESIDUAL
        for segment in path:
            at = parameters.add(pointer([segment]))
            found = _of(found, lambda v, at=at: _member(v, at), parameters)  # type: ignore[misc]
    else:
        found = f'json_extract({RESIDUAL}, {parameters.add(pointer(path))})'
    return f'CASE WHEN contains({RESIDUAL}, {key}) THEN {found} END'


def _of(value: str, expression: Callable[[str], str], parameters: Parameters) -> str:
    """Write an expression that speaks of a value several times, but has it computed once."""
    name = parameters.variable()
    return f'list_transform([{value}], lambda {name}: {expression(name)})[1]'


def _member(json: str, at: str) -> str:
    first = f"json_extract(json_extract({json}, '/0'), {at})"
    return f"CASE json_type({json}) WHEN 'ARRAY' THEN {first} ELSE json_extract({json}, {at}) END"


def _rank(json: str) -> str:
    cases = ' '.join(f"WHEN '{name}' THEN {rank}" for name, rank in _RANKS.items())
    return f'CASE json_type({json}) {cases} ELSE 0 END'


def _number(json: str) -> str:
    return (
        f"CASE json_type({json}) WHEN 'BOOLEAN' THEN ({json} = 'true')::DOUBLE"
        f" WHEN 'VARCHAR' THEN NULL ELSE TRY_CAST({json} AS DOUBLE) END"
    )


def _text(json: str) -> str:
    return f"CASE json_type({json}) WHEN 'VARCHAR' THEN json_extract_string({json}, '$') END"
