"""Answers read: their JSON, or the error that they tell of, in the service's own words."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from mriqc_webapi import errors
from mriqc_webapi.client.steps import Ask, Reply
from mriqc_webapi.errors import (
    BusyError,
    ForeignAnswerError,
    InvalidDocumentError,
    RefusedError,
    WebApiError,
)

MAX_WORDS: Final = 500  # characters of an answer that is quoted

_KNOWN: Final[dict[str, type[WebApiError]]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, WebApiError)
    and not issubclass(kind, (InvalidDocumentError, errors.ClientError))
}


def read_json(reply: Reply, ask: Ask) -> Any:
    """Read the JSON of a good answer.

    Raises
    ------
    ForeignAnswerError
        It is no JSON.
    WebApiError
        The error that a bad answer tells of.
    """
    require_good(reply, ask)
    try:
        return orjson.loads(reply.content)
    except orjson.JSONDecodeError as error:
        raise ForeignAnswerError(f'{describe(ask)} was answered with no JSON: {error}') from None


def require_good(reply: Reply, ask: Ask) -> None:
    """Raise the error that an answer tells of, if it does."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, ask)


def refusal(reply: Reply, ask: Ask) -> WebApiError:
    """Make the error that an answer tells of; a note says what was asked."""
    told = _document(reply)
    error = _known(told, reply) if told is not None else _foreign(reply, ask)
    error.add_note(f'{describe(ask)} was answered {reply.status}')
    return error


def describe(ask: Ask) -> str:
    """Name a request, without the question's text, which may be long."""
    parts = urlsplit(ask.url)
    return f'{ask.method} {urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))}'


def _document(reply: Reply) -> dict[str, Any] | None:
    """Read a problem document; None if it is none."""
    try:
        told = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) and isinstance(told.get('code'), str) else None


def _known(told: dict[str, Any], reply: Reply) -> WebApiError:
    words = str(told.get('detail') or told.get('title') or told['code'])
    kind = _KNOWN.get(told['code'])
    if kind is None:
        return RefusedError(f'{words} ({told["code"]})', status=reply.status)
    if issubclass(kind, BusyError):
        wait = reply.headers.get('retry-after', '')
        return kind(words, retry_after_s=int(wait) if wait.isdecimal() else 5)
    return kind(words)


def _foreign(reply: Reply, ask: Ask) -> WebApiError:
    """Make the error of an answer that is not in this service's form: a proxy's, or another's."""
    words = _quoted(reply)
    if reply.status == 404:
        return ForeignAnswerError(
            f'{describe(ask)}: there is no such address. The service is older than this client,'
            ' or none of this kind'
        )
    if reply.status in {429, 502, 503, 504}:
        return BusyError(f'{describe(ask)} was answered {reply.status} again and again{words}')
    return RefusedError(f'{describe(ask)} was answered {reply.status}{words}', status=reply.status)


def _quoted(reply: Reply) -> str:
    kind = reply.headers.get('content-type', '')
    if not kind.startswith(('text/plain', 'application/json')):
        return ''
    words = ' '.join(reply.content[:MAX_WORDS].decode('utf-8', 'replace').split())
    return f': {words}' if words else ''
