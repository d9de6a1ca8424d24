"""MongoDB's extended JSON (canonical, relaxed and the older form) turned into plain JSON."""

import math
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from mriqc_webapi.submissions.identity import parse_date


def plain(value: Any) -> Any:
    """Replace each typed wrapper by its value; dates become the text in which they are served.

    Raises
    ------
    ValueError
        A wrapper holds what its type cannot.
    """
    if isinstance(value, dict):
        if len(value) == 1:
            ((key, content),) = value.items()
            if key in _WRAPPERS:
                return _unwrapped(key, content)
        return {key: plain(member) for key, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value


def _unwrapped(key: str, content: Any) -> Any:
    try:
        return _WRAPPERS[key](content)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError(f'{key} cannot hold {content!r}') from None


def http_date(value: Any) -> str:
    """Write a date as HTTP does, in whole seconds: from ISO or HTTP text or from milliseconds."""
    value = plain(value)
    seconds = parse_date(value) if isinstance(value, str) else int(value / 1000)
    if seconds is None:
        raise ValueError(value)
    return formatdate(seconds, usegmt=True)


def _integer(text: Any) -> int:
    if isinstance(text, float):
        raise TypeError
    return int(text)


def _decimal(text: Any) -> float:
    number = float(text)
    if math.isinf(number) and 'inf' not in str(text).lower():
        raise OverflowError
    return number


_WRAPPERS: dict[str, Callable[[Any], Any]] = {
    '$oid': str,
    '$date': http_date,
    '$numberInt': _integer,
    '$numberLong': _integer,
    '$numberDouble': float,
    '$numberDecimal': _decimal,
    '$symbol': str,
    '$undefined': lambda _: None,
}
