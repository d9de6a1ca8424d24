"""The tests of the filter language as SQL, on a typed column and on one JSON value.

Each predicate is true or not; "not" may be false or NULL, so a negation is ``IS NOT TRUE``.
Values go into parameters, never into the text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from mriqc_webapi.archive.numbers import (
    Bound,
    as_double,
    as_integer,
    double_bound,
    integer_bound,
    is_number,
)
from mriqc_webapi.archive.residual import Kind
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import Compare, Mod, ObjectId, TypeIs, Value

_PARAMETER: Final = re.compile(r'\$(p\d+)')

ColumnKind: TypeAlias = Literal[
    'float', 'integer', 'string', 'boolean', 'object', 'list', 'id', 'date'
]

FALSE: Final = 'FALSE'
TRUE: Final = 'TRUE'
MAX_PARAMETERS: Final = 20_000  # values in one filter
_INT: Final = "('BIGINT', 'UBIGINT')"  # DuckDB's names of JSON numbers without a fraction
_KINDS: Final[dict[str, Kind]] = {
    'double': 'number',
    'int': 'number',
    'long': 'number',
    'string': 'string',
    'bool': 'boolean',
    'null': 'null',
    'array': 'array',
    'object': 'object',
}
_COLUMN_TYPE: Final[dict[str, str]] = {
    'float': 'double',
    'string': 'string',
    'boolean': 'bool',
    'id': 'objectId',
    'date': 'date',
}


class Parameters:
    """The values of one statement, by the names under which its SQL speaks of them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._n_lambdas = 0

    def add(self, value: Any) -> str:
        """Keep a value; return the text that stands for it."""
        if len(self.values) >= MAX_PARAMETERS:
            raise QueryError(f'the filter holds more than {MAX_PARAMETERS} values')
        if isinstance(value, str):
            _check_text(value)
        name = f'p{len(self.values)}'
        self.values[name] = value
        return f'${name}'

    def of(self, sql: str) -> dict[str, Any]:
        """Return the values that a statement speaks of; DuckDB refuses any others."""
        return {name: self.values[name] for name in set(_PARAMETER.findall(sql))}

    def variable(self) -> str:
        """Return a name for a lambda's argument that nothing else has."""
        self._n_lambdas += 1
        return f'x{self._n_lambdas}'


def pointer(path: Iterable[str]) -> str:
    """Write a path as a JSON pointer, in which any key can be said."""
    return ''.join('/' + s.replace('~', '~0').replace('/', '~1') for s in path)


def any_of(values: str, variable: str, predicate: str) -> str:
    """Whether an element of an SQL list satisfies a predicate on `variable`."""
    return f'len(list_filter({values}, lambda {variable}: {predicate})) > 0'


def elements(json: str) -> str:
    """The elements of a JSON array, as an SQL list; the caller knows that it is one."""
    return f"json_extract({json}, '$[*]')"


def either(parts: Iterable[str]) -> str:
    """Join predicates by OR."""
    kept = [p for p in parts if p != FALSE]
    return f'({" OR ".join(kept)})' if kept else FALSE


class Test(ABC):
    """One test, to be put to whatever stands at a path."""

    kinds: frozenset[Kind]  # what kinds of JSON value may satisfy it
    missing = False  # whether a missing field does
    into_lists = True  # whether it is put to the elements of a list too

    @abstractmethod
    def on_json(self, json: str) -> str:
        """Test one JSON value, NULL if nothing is there, without looking into lists."""

    def on_column(self, sql: str, kind: ColumnKind) -> str:  # noqa: ARG002 - most have no use for it
        """Test the value of a column that is not NULL."""
        return FALSE

    on_object = False  # what it says of an object, unless that object itself is asked for


class ExistsTest(Test):
    """Something is there, be it null."""

    kinds: frozenset[Kind] = frozenset(_KINDS.values())
    into_lists = False
    on_object = True

    def on_json(self, json: str) -> str:
        return f'{json} IS NOT NULL'

    def on_column(self, sql: str, kind: ColumnKind) -> str:  # noqa: ARG002 - any will do
        return f'{sql} IS NOT NULL'


class TypeTest(Test):
    """The value has one of some types."""

    def __init__(self, test: TypeIs) -> None:
        self._types = test.types
        self.kinds = frozenset(_KINDS[t] for t in test.types if t in _KINDS)
        self.on_object = 'object' in test.types

    def on_json(self, json: str) -> str:
        return either(self._json_cases(json))

    def on_column(self, sql: str, kind: ColumnKind) -> str:
        if kind == 'integer':
            return either(self._sizes(sql))
        return f'{sql} IS NOT NULL' if _COLUMN_TYPE.get(kind) in self._types else FALSE

    def _json_cases(self, json: str) -> Iterator[str]:
        names = {
            'double': 'DOUBLE',
            'string': 'VARCHAR',
            'bool': 'BOOLEAN',
            'null': 'NULL',
            'array': 'ARRAY',
            'object': 'OBJECT',
        }
        for name in sorted(self._types & names.keys()):
            yield f"json_type({json}) = '{names[name]}'"
        for case in self._sizes(f'TRY_CAST({json} AS HUGEINT)'):
            yield f'(json_type({json}) IN {_INT} AND {case})'

    def _sizes(self, sql: str) -> Iterator[str]:
        if 'int' in self._types:
            yield f'{sql} BETWEEN -2147483648 AND 2147483647'
        if 'long' in self._types:
            yield f'{sql} NOT BETWEEN -2147483648 AND 2147483647'


class CompareTest(Test):
    """The value stands in some order to another, within one type."""

    def __init__(self, test: Compare, parameters: Parameters) -> None:
        self._value, self._order = test.value, test.order
        self._parameters = parameters
        self._number = is_number(test.value)
        kind = _json_kind(test.value)
        self.kinds = frozenset({kind} if kind in {'number', 'string', 'boolean'} else ())

    def on_json(self, json: str) -> str:
        if self._number:
            doubles = double_bound(self._order, self._value)
            integers = integer_bound(self._order, self._value)
            return (
                f"CASE json_type({json}) WHEN 'DOUBLE' THEN {self._bound(json, 'DOUBLE', doubles)}"
                f" WHEN 'BIGINT' THEN {self._bound(json, 'HUGEINT', integers)}"
                f" WHEN 'UBIGINT' THEN {self._bound(json, 'HUGEINT', integers)} END"
            )
        if isinstance(self._value, str):
            return f"(json_type({json}) = 'VARCHAR' AND {self._plain(_text(json))})"
        if isinstance(self._value, bool):
            return f"(json_type({json}) = 'BOOLEAN' AND {self._plain(_truth(json))})"
        return FALSE

    def on_column(self, sql: str, kind: ColumnKind) -> str:
        if self._number and kind in {'float', 'integer'}:
            whole = kind == 'integer'
            bound = (
                integer_bound(self._order, self._value, widest=2**63)
                if whole
                else double_bound(self._order, self._value)
            )
            return self._bound(sql, None, bound)
        return self._plain(sql) if _held(kind, (self._value,)) else FALSE

    def _bound(self, sql: str, cast: str | None, bound: Bound) -> str:
        if isinstance(bound, bool):
            return f'{sql} IS NOT NULL' if bound else FALSE
        held = f'TRY_CAST({sql} AS {cast})' if cast else sql
        return f'{held} {bound[0]} {self._parameters.add(bound[1])}'

    def _plain(self, sql: str) -> str:
        order = {'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<='}[self._order]
        value = self._value.hex if isinstance(self._value, ObjectId) else self._value
        return f'{sql} {order} {self._parameters.add(value)}'


class InTest(Test):
    """The value equals one of some."""

    def __init__(self, values: tuple[Value, ...], parameters: Parameters) -> None:
        self.values = values
        self._parameters = parameters
        self.missing = any(v is None for v in values)
        kinds = (_json_kind(v) for v in values)
        self.kinds = frozenset(k for k in kinds if k is not None)

    def on_json(self, json: str) -> str:
        return either(self._json_cases(json))

    def on_column(self, sql: str, kind: ColumnKind) -> str:
        return self._in(sql, _held(kind, self.values))

    def _json_cases(self, json: str) -> Iterator[str]:
        scalars = [v for v in self.values if not isinstance(v, list | dict)]
        doubles = self._in(f'TRY_CAST({json} AS DOUBLE)', _held('float', scalars))
        wholes = [as_integer(v, bits=101) for v in scalars if is_number(v)]
        integers = self._in(f'TRY_CAST({json} AS HUGEINT)', [v for v in wholes if v is not None])
        texts = self._in(_text(json), _held('string', scalars))
        truths = self._in(_truth(json), _held('boolean', scalars))
        for names, case in (
            ("('DOUBLE')", doubles),
            (_INT, integers),
            ("('VARCHAR')", texts),
            ("('BOOLEAN')", truths),
        ):
            if case != FALSE:
                yield f'(json_type({json}) IN {names} AND {case})'
        if self.missing:
            yield f"({json} IS NULL OR json_type({json}) = 'NULL')"
        for value in self.values:
            if isinstance(value, list | dict):
                yield self.exactly(json, value)

    def exactly(self, json: str, value: Value) -> str:
        """Say that a JSON value is `value`, whole: no look into lists, missing is not null."""
        if isinstance(value, dict):
            members = [
                self.exactly(self._inside(json, key), member) for key, member in value.items()
            ]
            size = f'len(json_keys({json})) = {len(value)}'
            return f"(json_type({json}) = 'OBJECT' AND {' AND '.join([size, *members])})"
        if isinstance(value, list):
            members = [
                self.exactly(self._inside(json, str(i)), member) for i, member in enumerate(value)
            ]
            size = f'json_array_length({json}) = {len(value)}'
            return f"(json_type({json}) = 'ARRAY' AND {' AND '.join([size, *members])})"
        if value is None:
            return f"json_type({json}) = 'NULL'"
        return InTest((value,), self._parameters).on_json(json)

    def _inside(self, json: str, segment: str) -> str:
        return f'json_extract({json}, {self._parameters.add(pointer([segment]))})'

    def _in(self, sql: str, values: list[Any]) -> str:
        if not values:
            return FALSE
        names = ', '.join(self._parameters.add(v) for v in values)
        return f'{sql} = {names}' if len(values) == 1 else f'{sql} IN ({names})'


class ModTest(Test):
    """The number, truncated, leaves some remainder."""

    kinds: frozenset[Kind] = frozenset({'number'})

    def __init__(self, test: Mod, parameters: Parameters) -> None:
        if not -(2**63) <= test.divisor < 2**63 or not -(2**63) <= test.remainder < 2**63:
            raise QueryError('$mod takes integers of at most 64 bits')
        self._divisor = parameters.add(test.divisor)
        self._remainder = parameters.add(test.remainder)

    def on_json(self, json: str) -> str:
        return (
            f"CASE json_type({json}) WHEN 'DOUBLE' THEN {self._rest(json, 'DOUBLE')}"
            f" WHEN 'BIGINT' THEN {self._rest(json, 'HUGEINT')}"
            f" WHEN 'UBIGINT' THEN {self._rest(json, 'HUGEINT')} END"
        )

    def on_column(self, sql: str, kind: ColumnKind) -> str:
        if kind not in {'float', 'integer'}:
            return FALSE
        return self._rest(sql, 'DOUBLE' if kind == 'float' else 'HUGEINT')

    def _rest(self, sql: str, sql_type: str) -> str:
        number = f'TRY_CAST({sql} AS {sql_type})'
        whole = f'trunc({number})' if sql_type == 'DOUBLE' else number
        return f'{whole} % {self._divisor}::{sql_type} = {self._remainder}::{sql_type}'


class SizeTest(Test):
    """The value is a list of so many elements."""

    kinds: frozenset[Kind] = frozenset({'array'})
    into_lists = False

    def __init__(self, n: int) -> None:
        self._n = n

    def on_json(self, json: str) -> str:
        if not 0 <= self._n < 2**31:
            return FALSE
        return f"(json_type({json}) = 'ARRAY' AND json_array_length({json}) = {int(self._n)})"


def _json_kind(value: Value) -> Kind | None:
    if value is None:
        return 'null'
    if is_number(value):
        return 'number'
    kinds: dict[type, Kind] = {bool: 'boolean', str: 'string', list: 'array', dict: 'object'}
    return kinds.get(type(value))


def _held(kind: ColumnKind, values: Iterable[Value]) -> list[Any]:
    holds = _HOLDERS.get(kind, lambda _: None)
    return [held for held in map(holds, values) if held is not None]


def _instance(kind: type) -> Callable[[Value], Any]:
    return lambda value: value if isinstance(value, kind) else None


_HOLDERS: Final[dict[str, Callable[[Value], Any]]] = {
    'float': lambda v: as_double(v) if is_number(v) else None,
    'integer': lambda v: as_integer(v) if is_number(v) else None,
    'string': _instance(str),
    'boolean': _instance(bool),
    'date': _instance(datetime),
    'id': lambda v: v.hex if isinstance(v, ObjectId) else None,
}


def _text(json: str) -> str:
    return f"json_extract_string({json}, '$')"


def _truth(json: str) -> str:
    return f'TRY_CAST({json} AS BOOLEAN)'


def _check_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise QueryError('the filter holds a text with half a character in it') from None
