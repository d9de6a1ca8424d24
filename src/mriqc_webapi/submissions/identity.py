"""Ids, dates and tags as documents carry them that were served before."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mriqc_webapi.submissions.findings import NULL, UNKNOWN, Findings, wrong_type

MAX_CREATED_AT = 2**32 - 1  # four bytes of the id hold the time

# what Eve adds to what it serves or stores; dropped, so that a served record can be posted
_SERVED = frozenset(
    f'_{name}'
    for name in (
        *('created', 'updated', 'etag', 'links', 'status', 'issues', 'error', 'items', 'meta'),
        *('info', 'deleted', 'version', 'latest_version', 'schema_version'),
    )
)
RESERVED = _SERVED | {'_id'}

_MONTH_NAMES = (
    *('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'),
    *('Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'),
)
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_ID = re.compile(r'[0-9a-fA-F]{24}', re.ASCII)
_ETAG = re.compile(r'[0-9a-f]{40}', re.ASCII)
_MILLISECONDS = 1e11  # from here on an epoch counts milliseconds: as seconds it is the year 5138


def read_reserved(name: str, value: Any, findings: Findings, *, keep_identity: bool) -> None:
    """Read a member whose name starts with an underscore: the server's own, or refused."""
    if name == '_id':
        _read_id(value, findings)
    elif name == '_created' and keep_identity:
        _read_date(value, findings)
    elif name == '_etag' and keep_identity:
        if isinstance(value, str) and _ETAG.fullmatch(value):
            findings.identity['etag'] = value
    elif name not in _SERVED:
        findings.refuse(name, UNKNOWN)


def _read_id(value: Any, findings: Findings) -> None:
    if value is None:
        findings.refuse('_id', NULL)
    elif isinstance(value, str) and _ID.fullmatch(value):
        findings.identity['id'] = value.lower()
    else:
        findings.refuse('_id', wrong_type('objectid'))


def _read_date(value: Any, findings: Findings) -> None:
    seconds = parse_date(value)
    if seconds is None:
        findings.refuse('_created', wrong_type('datetime'))
    else:
        findings.identity['created_at'] = seconds


def parse_date(value: object) -> int | None:
    """Read an HTTP date, an ISO 8601 date or an epoch.

    Parameters
    ----------
    value
        A text, or the seconds or milliseconds since 1970 as a number. A date without a zone
        is UTC.

    Returns
    -------
    Whole seconds since 1970 (UTC), or None for what is no date or not of 1970 to 2105.
    """
    try:
        seconds = _seconds(value)
    except (ValueError, OverflowError, TypeError):
        return None
    return seconds if 0 <= seconds <= MAX_CREATED_AT else None


def _served_date(text: str) -> datetime | None:
    """Read a date as this service writes it; five times as fast as what reads any."""
    month = _MONTHS.get(text[8:11])
    if month is None or len(text) != len('Thu, 24 Aug 2017 23:55:19 GMT') or text[-4:] != ' GMT':
        return None
    hour, minute, second = text[17:25].split(':')
    return datetime(
        int(text[12:16]), month, int(text[5:7]), int(hour), int(minute), int(second), tzinfo=UTC
    )


def _other_date(text: str) -> datetime:
    return parsedate_to_datetime(text) if ',' in text else datetime.fromisoformat(text)


def _seconds(value: object) -> int:
    if isinstance(value, str):
        date = _served_date(value) or _other_date(value)
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return int(value / 1000 if value >= _MILLISECONDS else value)
