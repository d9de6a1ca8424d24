"""What the texts of a question are made of: JSON within limits, paths, casts to ids and dates."""

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import ObjectId, Path, Value

MAX_CHARS = 65_536  # of one parameter; no server takes a longer request line
MAX_DEPTH = 32  # as deep as a stored document may be
MAX_VALUES = 10_000  # members and elements in one parameter, at all depths together
MAX_SEGMENTS = 64  # of one path; twice what a stored document may have

_ID = re.compile(r'[0-9a-fA-F]{24}')
_MONTHS = ('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec')
_HTTP_DATE = re.compile(
    r'(?:mon|tue|wed|thu|fri|sat|sun),\s+(\d{1,2})\s+([a-z]{3})\s+(\d{4})'
    r'\s+(\d{1,2}):(\d{1,2}):(\d{1,2})\s+gmt',
    re.IGNORECASE | re.ASCII,
)


class BrokenJsonError(ValueError):
    """The text is no JSON; the message says where it breaks."""


def check_length(text: str) -> None:
    """Refuse a parameter that is longer than any request needs."""
    if len(text) > MAX_CHARS:
        raise QueryError(f'{len(text)} characters; {MAX_CHARS} are allowed')


def load_json(text: str) -> Any:
    """Read one JSON value.

    Integers beyond 64 bits become floats, as in MongoDB. A member given twice is refused, since
    one of the two would be dropped without a word.

    Raises
    ------
    BrokenJsonError
        The text is no JSON.
    QueryError
        It is, but holds NaN, a number beyond a double, a lone surrogate, or exceeds a limit.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BrokenJsonError(f'{error.msg} at character {error.pos + 1}') from None
    except RecursionError:
        raise QueryError(f'nested deeper than {MAX_DEPTH} levels') from None
    _check_size(value)
    return value


def as_path(name: str) -> Path:
    """Split a dotted name; unknown names are as good as known ones."""
    path = tuple(name.split('.'))
    if not name or '\0' in name:
        raise QueryError(f'{name[:40]!r} is no field name')
    if len(path) > MAX_SEGMENTS:
        raise QueryError(f'{name[:40]}… has more than {MAX_SEGMENTS} segments')
    return path


def as_integer(text: str) -> int | float:
    """Read digits: an integer within 64 bits, else the nearest float."""
    if len(text) <= 20 and -(2**63) <= (number := int(text)) < 2**63:
        return number
    return as_float(text)


def as_float(text: str) -> float:
    """Read a number that a double can hold."""
    number = float(text)
    if not math.isfinite(number):
        raise QueryError(f'{text[:40]} is beyond the range of a double')
    return number


def check_text(text: str) -> str:
    """Refuse lone surrogates: no stored text has them, and no database takes them."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise QueryError(f'lone surrogate at character {error.start + 1} of a text') from None
    return text


def cast_at(name: str, value: Value) -> Value:
    """Turn texts into ids under ``_id``, into dates under ``_created`` and ``_updated``.

    Eve casts every text of that look, wherever it stands, so that such texts cannot be found.
    What does not look like an id or a date stays text, and matches nothing there.
    """
    cast = _CASTS.get(name)
    return value if cast is None else _map_texts(cast, value)


def as_id(text: str) -> ObjectId | str:
    """Read 24 hex digits as an id; any other text stays as it is."""
    return ObjectId(text.lower()) if _ID.fullmatch(text) else text


def as_date(text: str) -> datetime | str:
    """Read an HTTP or ISO 8601 date as naive UTC; any other text stays as it is.

    The weekday is not compared with the date, and a date without an offset is in UTC.
    """
    try:
        return _http_date(text) or _iso_date(text)
    except (ValueError, OverflowError):
        return text


_CASTS: dict[str, Callable[[str], Value]] = {
    '_id': as_id,
    '_created': as_date,
    '_updated': as_date,
}


def _http_date(text: str) -> datetime | None:
    match = _HTTP_DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year, *clock = match.groups()
    hour, minute, second = map(int, clock)
    month_number = _MONTHS.index(month.lower()) + 1
    return datetime(int(year), month_number, int(day), hour, minute, second)  # noqa: DTZ001 – UTC


def _iso_date(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo is None else date.astimezone(UTC).replace(tzinfo=None)


def _map_texts(cast: Callable[[str], Value], value: Value) -> Value:
    if isinstance(value, str):
        return cast(value)
    if isinstance(value, list):
        return [_map_texts(cast, v) for v in value]
    if isinstance(value, dict):
        return {k: _map_texts(cast, v) for k, v in value.items()}
    return value


def _check_size(value: Any) -> None:
    level, n_values = [value], 0
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        n_values += len(level)
        if n_values > MAX_VALUES:
            raise QueryError(f'more than {MAX_VALUES} values')
        if not level:
            return
    raise QueryError(f'nested deeper than {MAX_DEPTH} levels')


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        for key in value:
            check_text(key)
        yield from value.values()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise QueryError(f'{key[:40]!r} is given twice, and only one of the two would count')
        found[key] = value
    return found


def _no_number(token: str) -> float:
    raise QueryError(f'{token} is no JSON number')


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=as_integer,
    parse_float=as_float,
    parse_constant=_no_number,
)
