"""One record on its way: which requests to make, and what each answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import orjson

from mriqc_webapi.client.answers import MAX_WORDS
from mriqc_webapi.client.patience import AGAIN, wished_s
from mriqc_webapi.client.sending.parcels import describe_issues, read_document
from mriqc_webapi.client.sending.spool import Parcel
from mriqc_webapi.client.steps import Ask, LostError, Reply, Steps

TIMEOUT_S: Final = 30.0  # longest silence
ID_DIGITS: Final = 24  # of a record's id

_TAKEN: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.MULTI_STATUS})
_NOT_ALLOWED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NOT_THERE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


@dataclass(frozen=True, slots=True)
class Sent:
    """The service has the record."""

    id: str
    receipt: str | None
    was_there: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The service does not want the record, now or later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not now."""

    problem: str
    wait_s: float | None  # as the service wishes


@dataclass(frozen=True, slots=True)
class Stopped:
    """No record could be sent as things are; somebody has to do something."""

    problem: str


Outcome: TypeAlias = Sent | Refused | Later | Stopped


class Target:
    """A service that is sent to."""

    def __init__(self, root: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.root = root
        self.timeout_s = timeout_s
        self.speaks_v2 = True  # until it turns out otherwise

    def address(self, parcel: Parcel) -> str:
        """Say where a record goes."""
        resource = quote(parcel.resource)
        if self.speaks_v2:
            return f'{self.root}/api/v2/{resource}/records'
        return f'{self.root}/api/v1/{resource}'


def upload(parcel: Parcel, target: Target) -> Steps[Outcome]:
    """Send one record, once; a service that has no current interface gets it by the older one."""
    try:
        if target.speaks_v2:
            reply = yield _ask(target, parcel, parcel.document)
            if not _lacks_interface(reply):
                return _outcome(reply, target, _identity_in_v2(reply))
            target.speaks_v2 = False
        reply = yield _ask(target, parcel, _for_v1(parcel))
        if reply.status in _NOT_THERE:
            index = yield Ask(url=f'{target.root}/api/v1', timeout_s=target.timeout_s)
            return _missing(index, target, parcel)
    except LostError as error:
        return Later(f'{target.root} cannot be reached: {error}', None)
    if _is_taken_id(reply):
        return Sent(parcel.key[:ID_DIGITS], None, was_there=True)
    return _outcome(reply, target, _identity_in_v1(reply))


def _ask(target: Target, parcel: Parcel, content: bytes) -> Ask:
    return Ask(
        method='POST',
        url=target.address(parcel),
        headers={'Content-Type': 'application/json', 'Idempotency-Key': parcel.key},
        content=content,
        timeout_s=target.timeout_s,
    )


def _for_v1(parcel: Parcel) -> bytes:
    """Write a record as released MRIQC does, with an id by which the service knows it again."""
    document = read_document(parcel) | {'_id': parcel.key[:ID_DIGITS]}
    meta = document.get('bids_meta')
    if isinstance(meta, dict) and isinstance(meta.get('run_id'), int):
        document['bids_meta'] = meta | {'run_id': str(meta['run_id'])}
    return orjson.dumps(document)


def _outcome(reply: Reply, target: Target, sent: Sent | None) -> Outcome:
    if reply.status in _TAKEN and sent is not None:
        return sent
    words = f'{target.root} answered {reply.status}{_quoted(reply)}'
    if reply.status == HTTPStatus.CREATED:
        return Later(f'{words}, which is not understood', None)
    if reply.status in AGAIN or reply.status >= 500:
        return Later(words, wished_s(reply.headers))
    advice = _advice(reply)
    return Stopped(f'{words}{advice}') if advice else Refused(_reason(reply) or words)


def _advice(reply: Reply) -> str:
    """Say what to do about an answer that every record would get; '' if it is about one."""
    if reply.status in _NOT_ALLOWED:
        return '; give a token that may submit: --token, or MRIQC_WEBAPI_TOKEN'
    if 300 <= reply.status < 400:
        where = reply.headers.get('location', 'elsewhere')
        return f': it has moved to {where}; give --url that address'
    if reply.status < 300:
        return ', as no MRIQC Web-API does: is a login page in between?'
    return ''


def _missing(index: Reply, target: Target, parcel: Parcel) -> Outcome:
    """Tell a service that does not take these records from none at all, by its list of them."""
    if '_links' in _object(index):
        return Refused(f'{target.root} takes no records of {parcel.resource}')
    target.speaks_v2 = True
    return Stopped(f'{target.root} is no MRIQC Web-API: give --url the address of one')


def _lacks_interface(reply: Reply) -> bool:
    """Whether an answer comes from a service that has never heard of the current interface."""
    return reply.status in _NOT_THERE and 'code' not in _object(reply)


def _identity_in_v2(reply: Reply) -> Sent | None:
    results = _object(reply).get('results')
    first = results[0] if isinstance(results, list) and results else None
    if not isinstance(first, dict) or not isinstance(first.get('id'), str):
        return None
    receipt = first.get('receipt')
    return Sent(
        first['id'],
        receipt if isinstance(receipt, str) else None,
        was_there=first.get('status') == 'replayed',
    )


def _identity_in_v1(reply: Reply) -> Sent | None:
    id_ = _object(reply).get('_id')
    return Sent(id_, None, was_there=False) if isinstance(id_, str) else None


def _is_taken_id(reply: Reply) -> bool:
    issues = _object(reply).get('_issues')
    return reply.status == HTTPStatus.CONFLICT or (
        isinstance(issues, dict) and 'unique' in str(issues.get('_id', ''))
    )


def _reason(reply: Reply) -> str:
    said = _object(reply)
    issues = said.get('issues') or said.get('_issues')
    return describe_issues(issues) if isinstance(issues, dict) else _words(reply)


def _words(reply: Reply) -> str:
    """Find what an answer of either interface says in words."""
    said = _object(reply)
    error = said.get('_error')
    told = said.get('detail') or (error.get('message') if isinstance(error, dict) else None)
    return str(told)[:MAX_WORDS] if told else ''


def _quoted(reply: Reply) -> str:
    words = _words(reply)
    return f' ({words})' if words else ''


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        said = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
