"""MongoDB's query documents, as far as Eve lets them through, turned into expressions."""

from collections.abc import Callable, Iterable
from typing import Any

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.bson_types import NULL, OBJECT, types_named
from mriqc_webapi.query.expression import (
    All,
    And,
    Compare,
    ElementMatch,
    Equal,
    Exists,
    Expression,
    In,
    Mod,
    Not,
    Or,
    Order,
    Path,
    Size,
    TypeIs,
    TypeName,
    Value,
)
from mriqc_webapi.query.literals import as_path, cast_at

ALWAYS = And(())
NEVER = Or(())

LOGIC = frozenset({'$and', '$or', '$nor'})
# Eve lets these through; no client uses them, and they mean nothing without MongoDB.
UNSUPPORTED = frozenset(
    {
        *('$expr', '$text', '$search', '$language', '$caseSensitive', '$diacriticSensitive'),
        *('$geoIntersects', '$geoWithin', '$near', '$nearSphere', '$geometry'),
        *('$box', '$center', '$centerSphere', '$polygon', '$maxDistance', '$minDistance'),
        *('$bitsAllClear', '$bitsAllSet', '$bitsAnyClear', '$bitsAnySet'),
    }
)

_Builder = Callable[[Path, Any], Expression]
_BUILDERS: dict[str, _Builder] = {}


def parse_query(query: dict[str, Any], *, at_root: bool = True) -> Expression:
    """Turn a query document, of any depth up to the limit, into an expression.

    Parameters
    ----------
    query : dict
        Members are paths with a literal or a test, or ``$and``, ``$or``, ``$nor``.
    at_root : bool
        Whether paths start at the record; else at an element, where ``_id`` is no record's id.
    """
    return both(_part(key, value, at_root=at_root) for key, value in query.items())


def check_keys(value: Any) -> None:
    """Refuse, at any depth, empty member names and operators that are not understood."""
    if isinstance(value, list):
        for element in value:
            check_keys(element)
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_key(key)
            check_keys(member)


def both(parts: Iterable[Expression]) -> Expression:
    """Join parts that must all hold; a single one stays as it is."""
    found = tuple(parts)
    return found[0] if len(found) == 1 else And(found)


def compare(path: Path, order: Order, bound: Value) -> Expression:
    """Compare with a bound; null is at least and at most null, and nothing else."""
    if isinstance(bound, list | dict):
        raise QueryError(f'{_name(path)}: ${order} needs a number, a text, a boolean, or a date')
    if bound is not None:
        return Compare(path, order, bound)
    return TypeIs(path, NULL) if order in {'gte', 'lte'} else NEVER


def _check_key(key: str) -> None:
    if not key:
        raise QueryError('a field name is empty')
    if key in UNSUPPORTED:
        raise QueryError(f'{key} is not supported')
    if key.startswith('$') and key not in LOGIC and key not in _BUILDERS:
        raise QueryError(f'{key[:40]} is no operator that may be used here')


def _part(key: str, value: Any, *, at_root: bool) -> Expression:
    if key in LOGIC:
        return _logic(key, value, at_root=at_root)
    if key.startswith('$'):
        raise QueryError(f'{key} stands where a field name belongs')
    path = as_path(key)
    wanted = cast_at(key, value) if at_root else value
    return _tests(path, wanted) if _is_test(wanted) else Equal(path, wanted)


def _logic(key: str, queries: Any, *, at_root: bool) -> Expression:
    if not isinstance(queries, list) or not queries:
        raise QueryError(f'{key} needs a list with at least one condition')
    if not all(isinstance(query, dict) for query in queries):
        raise QueryError(f'{key}: every condition must be an object')
    parts = tuple(parse_query(query, at_root=at_root) for query in queries)
    if key == '$and':
        return both(parts)
    either = parts[0] if len(parts) == 1 else Or(parts)
    return either if key == '$or' else Not(either)


def _is_test(value: Any) -> bool:
    return isinstance(value, dict) and any(key.startswith('$') for key in value)


def _tests(path: Path, tests: dict[str, Any]) -> Expression:
    for key in tests:
        if key not in _BUILDERS:
            what = 'belongs outside of a field' if key in LOGIC else 'is no operator'
            raise QueryError(f'{_name(path)}: {key[:40]} {what}')
    return both(_BUILDERS[key](path, argument) for key, argument in tests.items())


def _operator(name: str) -> Callable[[_Builder], _Builder]:
    """Register the builder of one operator."""

    def register(builder: _Builder) -> _Builder:
        if name in _BUILDERS:
            raise ValueError(f'{name} has two builders')
        _BUILDERS[name] = builder
        return builder

    return register


@_operator('$eq')
def _eq(path: Path, value: Any) -> Expression:
    return Equal(path, value)


@_operator('$ne')
def _ne(path: Path, value: Any) -> Expression:
    return Not(Equal(path, value))


@_operator('$gt')
def _gt(path: Path, bound: Any) -> Expression:
    return compare(path, 'gt', bound)


@_operator('$gte')
def _gte(path: Path, bound: Any) -> Expression:
    return compare(path, 'gte', bound)


@_operator('$lt')
def _lt(path: Path, bound: Any) -> Expression:
    return compare(path, 'lt', bound)


@_operator('$lte')
def _lte(path: Path, bound: Any) -> Expression:
    return compare(path, 'lte', bound)


@_operator('$in')
def _in(path: Path, values: Any) -> Expression:
    return In(path, _literals(path, '$in', values))


@_operator('$nin')
def _nin(path: Path, values: Any) -> Expression:
    return Not(In(path, _literals(path, '$nin', values)))


@_operator('$all')
def _all(path: Path, values: Any) -> Expression:
    if isinstance(values, list) and values and all(_is_element_match(v) for v in values):
        return both(_element_match(path, v['$elemMatch']) for v in values)
    return All(path, _literals(path, '$all', values))


@_operator('$not')
def _not(path: Path, tests: Any) -> Expression:
    if not _is_test(tests):
        raise QueryError(f'{_name(path)}: $not needs an object of operators')
    return Not(_tests(path, tests))


@_operator('$exists')
def _exists(path: Path, wanted: Any) -> Expression:
    if not isinstance(wanted, bool | int | float | None):
        raise QueryError(f'{_name(path)}: $exists needs true or false')
    return Exists(path) if wanted else Not(Exists(path))


@_operator('$type')
def _type(path: Path, names: Any) -> Expression:
    wanted = names if isinstance(names, list) else [names]
    if not wanted:
        raise QueryError(f'{_name(path)}: $type needs at least one type')
    return TypeIs(path, frozenset().union(*(_types_of(path, name) for name in wanted)))


@_operator('$mod')
def _mod(path: Path, numbers: Any) -> Expression:
    if not isinstance(numbers, list) or len(numbers) != 2 or not all(map(_is_number, numbers)):
        raise QueryError(f'{_name(path)}: $mod needs two numbers, divisor and remainder')
    divisor, remainder = (int(number) for number in numbers)
    if divisor == 0 or not all(-(2**63) <= n < 2**63 for n in (divisor, remainder)):
        raise QueryError(f'{_name(path)}: $mod cannot divide by {numbers[0]}')
    return Mod(path, divisor, remainder)


@_operator('$size')
def _size(path: Path, n: Any) -> Expression:
    if not _is_number(n) or n < 0 or n != int(n):
        raise QueryError(f'{_name(path)}: $size needs a whole number, zero or more')
    return Size(path, int(n))


@_operator('$elemMatch')
def _element_match(path: Path, query: Any) -> Expression:
    if not isinstance(query, dict):
        raise QueryError(f'{_name(path)}: $elemMatch needs an object')
    if _is_test(query) and not LOGIC.intersection(query):
        return ElementMatch(path, _tests((), query))
    is_object = TypeIs((), OBJECT)  # other elements have no fields to look at
    return ElementMatch(path, And((is_object, parse_query(query, at_root=False))))


def _literals(path: Path, name: str, values: Any) -> tuple[Value, ...]:
    if not isinstance(values, list):
        raise QueryError(f'{_name(path)}: {name} needs a list')
    if any(map(_is_test, values)):
        raise QueryError(f'{_name(path)}: {name} takes values, no operators')
    return tuple(values)


def _is_element_match(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {'$elemMatch'}


def _types_of(path: Path, name: Any) -> frozenset[TypeName]:
    types = types_named(name)
    if types is None:
        raise QueryError(f'{_name(path)}: $type does not know {str(name)[:40]!r}')
    return types


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(path: Path) -> str:
    return '.'.join(path)[:80] or 'element'
