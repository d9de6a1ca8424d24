"""One errand to the other archive: bring it a record, or have it taken back there."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import orjson

from mriqc_webapi.client.patience import AGAIN, wished_s
from mriqc_webapi.client.sending.spool import Parcel
from mriqc_webapi.client.sending.uploading import (
    TIMEOUT_S,
    Later,
    Outcome,
    Refused,
    Sent,
    Target,
    upload,
)
from mriqc_webapi.client.steps import Ask, LostError, Steps
from mriqc_webapi.store.passing import Due

NO_RECEIPT: Final = 'the other archive gave no receipt for it: ask its operator to take it back'
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def bring(due: Due, content: bytes, target: Target) -> Steps[Outcome]:
    """Send a record under the id that it has here.

    An earlier try may have got through unheard. Then its idempotency key gets the same answer
    again; where that is not known any more (another token, the older interface), the record that
    has this id there is compared.
    """
    had_v2 = target.speaks_v2
    outcome: Outcome = yield from upload(
        _parcel(due, content if had_v2 else _plain(content)), target
    )
    if had_v2 and not target.speaks_v2 and isinstance(outcome, Refused):
        outcome = yield from upload(_parcel(due, _plain(content)), target)
    is_doubtful = isinstance(outcome, Refused) or (isinstance(outcome, Sent) and outcome.was_there)
    if not is_doubtful or (isinstance(outcome, Sent) and outcome.receipt):
        return outcome
    found = yield from _look_up(due, target)
    if isinstance(found, Later):
        return found
    if found is not None and _is_same(found, orjson.loads(content), exactly=target.speaks_v2):
        return Sent(due.id, outcome.receipt if isinstance(outcome, Sent) else None, was_there=True)
    if isinstance(outcome, Refused):
        return outcome
    return Refused(f'{target.root} holds another record with the id {due.id}')


def take_back(due: Due, target: Target) -> Steps[Outcome]:
    """Have a record taken back that was sent before; `Sent` says that it is gone."""
    if due.receipt is None:
        return Refused(NO_RECEIPT)
    address = f'{target.root}/api/v2/{quote(due.resource)}/records/{due.id}'
    try:
        reply = yield Ask(
            method='DELETE', url=address, headers={'Receipt': due.receipt}, timeout_s=TIMEOUT_S
        )
    except LostError as error:
        return Later(f'{target.root} cannot be reached: {error}', None)
    if reply.status < 300 or reply.status in _GONE:
        return Sent(due.id, None, was_there=False)
    words = f'{target.root} answered {reply.status}: {_words(reply.content)}'
    if reply.status in AGAIN or reply.status >= 500:
        return Later(words, wished_s(reply.headers))
    return Refused(f'not taken back: {words}')


def _parcel(due: Due, content: bytes) -> Parcel:
    """Pack a record; its id is its key, by which the other archive knows it again."""
    return Parcel(
        key=due.id,
        resource=due.resource,
        document=content,
        digest='',
        dataset='',
        source=due.id,
        md5sum='',
        policy='',
    )


def _plain(content: bytes) -> bytes:
    """Leave out the date, which archives without the current interface do not take."""
    document = {name: v for name, v in orjson.loads(content).items() if name != '_created'}
    return orjson.dumps(document)


def _look_up(due: Due, target: Target) -> Steps[Mapping[str, Any] | Later | None]:
    """Fetch what the other archive holds under a record's id; None: nothing."""
    kind = (
        f'api/v2/{quote(due.resource)}/records' if target.speaks_v2 else f'api/v1/{due.resource}'
    )
    try:
        reply = yield Ask(url=f'{target.root}/{kind}/{due.id}', timeout_s=TIMEOUT_S)
    except LostError as error:
        return Later(f'{target.root} cannot be reached: {error}', None)
    if reply.status != HTTPStatus.OK:
        again = reply.status in AGAIN or reply.status >= 500
        return Later(f'{target.root} answered {reply.status}', None) if again else None
    return _object(reply.content)


def _is_same(there: Mapping[str, Any], here: Mapping[str, Any], *, exactly: bool) -> bool:
    """Whether two documents say the same, but for what each archive adds.

    An archive of the older kind turns values into its own types: there the image decides.
    """
    if exactly:
        return _told(there) == _told(here)
    return _image(there) == _image(here)


def _image(document: Mapping[str, Any]) -> object:
    provenance = document.get('provenance')
    return provenance.get('md5sum') if isinstance(provenance, dict) else document.get('md5sum')


def _told(document: Mapping[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in document.items() if not n.startswith('_') and n != 'rater'}


def _words(content: bytes) -> str:
    said = _object(content)
    return str(said.get('detail') or said.get('_error') or 'no reason given')[:300]


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
