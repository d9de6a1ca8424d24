"""What must not be published: addresses, credentials and names, wherever a client put them."""

import re
from functools import lru_cache
from typing import Any

import orjson

from mriqc_webapi.submissions.findings import Findings

REMOVED = '[e-mail removed]'

# tokens first, then a look around each '@': both linear, also on texts made to be slow
_TOKEN = re.compile(r'[^\s<>()\[\],;:"]+')
# also in other spellings of '@' and '.'; not '@1.0mm', as in names of protocols
_ADDRESS = re.compile(r'(?:@|＠|%40)[^@＠]*[^@＠.][.．。][^\W\d_]{2}')
# e-mail, credentials, and what DICOM says of patients and staff
_PRIVATE_NAME = re.compile(
    r'e[\W\d_]*mail|mail$|passw(?:or)?d|secret|token|api[\W_]*key|authori[sz]ation'
    r'|patient[\W_]*(?:s[\W_]*)?(?:name|id$|birth|address|telephone|mother)|otherpatient'
    r'|accession[\W_]*number|physician|operators?[\W_]*name',
    re.IGNORECASE,
)
_GLANCE = re.compile(
    rb'@|%40|\xef\xbc\xa0|mail|passw|secret|token|api|authori|patient|accession|physician|operator',
    re.IGNORECASE,
)


def may_hold_address(text: str) -> bool:
    """Tell at a glance whether :func:`holds_address` could be true."""
    return '@' in text or '%40' in text or '＠' in text


def holds_address(text: str) -> bool:
    """Tell whether a text holds something like an e-mail address."""
    return may_hold_address(text) and any(map(_ADDRESS.search, _TOKEN.findall(text)))


def without_addresses(text: str) -> str:
    """Replace each e-mail address in a text; the rest of the text stays."""
    return _TOKEN.sub(_replaced, text)


def _replaced(token: re.Match[str]) -> str:
    return REMOVED if _ADDRESS.search(token[0]) else token[0]


@lru_cache(maxsize=4096)
def is_private_name(name: str) -> bool:
    """Tell whether a name that nobody declared says e-mail, credentials, patient or staff."""
    return _PRIVATE_NAME.search(name) is not None


def may_be_private(value: object) -> bool:
    """Tell at a glance whether :func:`redact` could find anything in a JSON value."""
    if isinstance(value, str):
        return may_hold_address(value)
    if not isinstance(value, dict | list):
        return False
    return _GLANCE.search(orjson.dumps(value)) is not None


def redact(value: Any, path: str, findings: Findings, *, noted_at: str) -> Any:
    """Split e-mail addresses off a value that the catalogue does not describe.

    Parameters
    ----------
    value
        A JSON value. It is not changed.
    path
        Where the value stands; the addresses go to ``findings.private`` under their own paths.
    noted_at
        The path that the note names, so that no note's path comes from within the value.

    Returns
    -------
    The value without addresses; a text that was nothing but one is None.
    """
    if isinstance(value, str):
        return _redact_text(value, path, findings, noted_at)
    if isinstance(value, list):
        places = ((f'{path}.{i}', element) for i, element in enumerate(value))
        return [redact(e, place, findings, noted_at=noted_at) for place, e in places]
    if isinstance(value, dict):
        return _redact_members(value, path, findings, noted_at)
    return value


def _redact_text(text: str, path: str, findings: Findings, noted_at: str) -> str | None:
    if not holds_address(text) or (public := without_addresses(text)) == text:
        return text
    findings.hide(path, text, noted_at=noted_at)
    return None if public.strip() == REMOVED else public


def _redact_members(
    members: dict[str, Any], path: str, findings: Findings, noted_at: str
) -> dict[str, Any]:
    public = {}
    for name, value in members.items():
        place = f'{path}.{name}'
        if is_private_name(name) or holds_address(name):
            findings.hide(place, value, noted_at=noted_at)
            continue
        kept = redact(value, place, findings, noted_at=noted_at)
        if kept is not None or value is None:
            public[name] = kept
    return public
