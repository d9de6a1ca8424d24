"""Comparing numbers exactly, whole or not, whatever type holds them.

DuckDB compares a BIGINT with a DOUBLE by rounding the first. So a bound is moved to the nearest
value of the held type that says the same.
"""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias

from mriqc_webapi.query.expression import Order

SqlOrder = Literal['>', '>=', '<', '<=']
Bound: TypeAlias = 'tuple[SqlOrder, float] | bool'  # True: all numbers hold, False: none does

_SQL: Final[dict[Order, SqlOrder]] = {'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<='}
_WIDEST: Final = 2**100  # beyond every integer that is stored, within DuckDB's HUGEINT


def is_number(value: object) -> bool:
    """Whether a value of a filter is a number; booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_double(value: float) -> float | None:
    """Return the double that equals `value`, or None if there is none."""
    nearest = _nearest(value)
    return nearest if nearest == value else None


def as_integer(value: float, *, bits: int = 64) -> int | None:
    """Return the signed integer of so many bits that equals `value`, or None."""
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) or value != int(value):
        return None
    return int(value)


def double_bound(order: Order, value: float) -> Bound:
    """Say ``x order value`` for doubles."""
    if value != value:  # noqa: PLR0124 - NaN stands in no order to anything
        return False
    nearest = _nearest(value)
    if nearest == value:
        return _SQL[order], nearest
    if order in {'gt', 'gte'}:
        return ('>=' if nearest > value else '>'), nearest
    return ('<' if nearest > value else '<='), nearest


def integer_bound(order: Order, value: float, *, widest: int = _WIDEST) -> Bound:
    """Say ``x order value`` for integers, all of which lie within ±`widest`."""
    if value != value or not -widest <= value < widest:  # noqa: PLR0124 - NaN
        return value == value and (value > 0) == (order in {'lt', 'lte'})  # noqa: PLR0124 - NaN
    if order in {'gt', 'lte'}:
        return _SQL[order], math.floor(value)
    return _SQL[order], math.ceil(value)


def _nearest(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
