"""The filter as a tree: both of Eve's syntaxes end here, and the archive starts here.

Semantics are MongoDB's: a test on a path looks at the value found there and, if that is a list,
at each of its elements; paths descend into objects and through lists. Comparisons hold within
one type only. ``Equal(path, None)`` matches null and missing alike.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Path: TypeAlias = tuple[str, ...]
Order = Literal['gt', 'gte', 'lt', 'lte']
TypeName = Literal[
    'double', 'int', 'long', 'string', 'bool', 'date', 'objectId', 'null', 'array', 'object'
]


@dataclass(frozen=True, slots=True)
class ObjectId:
    """A record's id as a value, so that it never equals a text."""

    hex: str


# None, bool, int, float, str, ObjectId, datetime (UTC, naive), or a list/dict of these
Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts: always true."""

    parts: 'tuple[Expression, ...]'


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; no parts: never true."""

    parts: 'tuple[Expression, ...]'


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; missing fields satisfy it."""

    part: 'Expression'


@dataclass(frozen=True, slots=True)
class Equal:
    """The value, or an element of it, equals ``value``."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Compare:
    """The value, or an element of it, stands in ``order`` to ``value``, within one type."""

    path: Path
    order: Order
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """The value, or an element of it, is one of ``values``."""

    path: Path
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, be it null."""

    path: Path


@dataclass(frozen=True, slots=True)
class TypeIs:
    """The value, or an element of it, has one of ``types``."""

    path: Path
    types: frozenset[TypeName]


@dataclass(frozen=True, slots=True)
class Mod:
    """The number, truncated to an integer, leaves ``remainder`` when divided by ``divisor``."""

    path: Path
    divisor: int
    remainder: int


@dataclass(frozen=True, slots=True)
class Size:
    """The value is a list of ``n`` elements."""

    path: Path
    n: int


@dataclass(frozen=True, slots=True)
class All:
    """Each of ``values`` is the value or one of its elements; no values: never true."""

    path: Path
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ElementMatch:
    """The value is a list, and one of its elements satisfies ``part``.

    Paths inside ``part`` start at the element; the empty path is the element itself.
    """

    path: Path
    part: 'Expression'


Expression: TypeAlias = (
    And | Or | Not | Equal | Compare | In | Exists | TypeIs | Mod | Size | All | ElementMatch
)


@dataclass(frozen=True, slots=True)
class SortKey:
    """One field to sort by. Missing and null sort lowest; ties keep the order of insertion."""

    path: Path
    descending: bool = False
