"""The filter language evaluated the plain and slow way: what the archive's SQL is compared with.

``evaluate(expression, document)`` follows MongoDB's matcher. The document is a record as it is
served: its ``_id`` counts as an id, its ``_created`` and ``_updated`` as dates.
"""

import math
import operator
from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
    ObjectId,
    Or,
    Path,
    Size,
    TypeIs,
)

MISSING = object()  # what a path finds where nothing is
_HOLDS = {'gt': operator.gt, 'gte': operator.ge, 'lt': operator.lt, 'lte': operator.le}


def evaluate(expression: Expression, document: dict[str, Any]) -> bool:
    """Say whether a served record satisfies the expression."""
    return _holds(expression, stored(document))


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """Turn the texts of a served record that stand for ids and dates into ids and dates."""
    found = dict(document)
    if isinstance(found.get('_id'), str):
        found['_id'] = ObjectId(found['_id'])
    for name in ('_created', '_updated'):
        if isinstance(found.get(name), str):
            found[name] = datetime.strptime(found[name], '%a, %d %b %Y %H:%M:%S GMT')  # noqa: DTZ007 – naive UTC inside
    return found


def _holds(expression: Expression, value: Any) -> bool:  # noqa: C901, PLR0911 – one line per kind of test
    match expression:
        case And(parts):
            return all(_holds(part, value) for part in parts)
        case Or(parts):
            return any(_holds(part, value) for part in parts)
        case Not(part):
            return not _holds(part, value)
        case Equal(path, wanted):
            return any(same(v, wanted) for v in looked_at(value, path))
        case Compare(path, order, bound):
            return any(
                kind(v) == kind(bound) and _HOLDS[order](_plain(v), _plain(bound))
                for v in looked_at(value, path)
            )
        case In(path, wanted):
            return any(same(v, w) for v in looked_at(value, path) for w in wanted)
        case All(path, wanted):
            return bool(wanted) and all(_holds(Equal(path, w), value) for w in wanted)
        case Exists(path):
            return any(v is not MISSING for v in found_at(value, path))
        case TypeIs(path, types):
            return any(type_name(v) in types for v in looked_at(value, path))
        case Mod(path, divisor, remainder):
            return any(
                kind(v) == 'number' and math.isfinite(v) and _rest(int(v), divisor) == remainder
                for v in looked_at(value, path)
            )
        case Size(path, n):
            return any(isinstance(v, list) and len(v) == n for v in found_at(value, path))
        case ElementMatch(path, part):
            lists = (v for v in found_at(value, path) if isinstance(v, list))
            return any(_holds(part, element) for elements in lists for element in elements)


def found_at(value: Any, path: Path) -> Iterator[Any]:
    """Yield what stands at the path, ``MISSING`` for each object that lacks it.

    The empty path is the value itself.
    """
    for v, _ in _walk(value, path):
        yield v


def looked_at(value: Any, path: Path) -> Iterator[Any]:
    """Yield what a test on the path looks at: what stands there and, of a list, its elements."""
    for v, whole in _walk(value, path):
        yield v
        if isinstance(v, list) and not whole:
            yield from v


def _walk(value: Any, path: Path) -> Iterator[tuple[Any, bool]]:
    """Yield value and whether it counts as a whole only, as an indexed element does."""
    if not path:
        yield value, True
    elif not isinstance(value, dict):
        yield MISSING, True
    else:
        yield from _walk_object(value, path)


def _walk_object(value: dict[str, Any], path: Path) -> Iterator[tuple[Any, bool]]:
    inner, rest = value.get(path[0], MISSING), path[1:]
    if not rest:
        yield inner, False
    elif isinstance(inner, list):
        yield from _walk_list(inner, rest)
    else:
        yield from _walk(inner, rest)


def _walk_list(elements: list[Any], path: Path) -> Iterator[tuple[Any, bool]]:
    for index, element in enumerate(elements):
        if isinstance(element, dict):
            yield from _walk_object(element, path)
        if path[0] != str(index):
            continue
        rest = path[1:]
        if not rest:
            yield element, True
        elif isinstance(element, list):
            yield from _walk_list(element, rest)
        elif isinstance(element, dict):
            yield from _walk_object(element, rest)


def same(a: Any, b: Any) -> bool:
    """Compare two values: numbers across int and float, all else within one type.

    What is missing equals null. The order of an object's members does not count.
    """
    if kind(a) != kind(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return a is MISSING or b is MISSING or bool(a == b)


def kind(value: Any) -> str:
    """Name the type within which a value compares."""
    if value is MISSING:
        return 'null'
    name = type_name(value)
    return 'number' if name in {'double', 'int', 'long'} else name


def type_name(value: Any) -> str:
    """Name the BSON type of a value; ``''`` for what is missing."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'bool'
        case int():
            return 'int' if -(2**31) <= value < 2**31 else 'long'
        case float():
            return 'double'
    names = {str: 'string', ObjectId: 'objectId', datetime: 'date', list: 'array', dict: 'object'}
    return names.get(type(value), '')


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, ObjectId) else value


def _rest(dividend: int, divisor: int) -> int:
    """Give the remainder the sign of the dividend, as C, SQL and MongoDB do."""
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest
