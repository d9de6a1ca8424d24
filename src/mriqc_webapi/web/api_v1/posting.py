"""POST to a collection: one document or an array of them, all or nothing."""

from collections.abc import Sequence
from typing import Any

from starlette.types import Receive

from mriqc_webapi.errors import CredentialsError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.store.insert import Outcome
from mriqc_webapi.submissions.submission import Submission
from mriqc_webapi.web.api_v1.words import insertion_failure
from mriqc_webapi.web.messages import (
    Headers,
    Reply,
    Request,
    ascii_json,
    client_address,
    http_date,
)
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.uploads import (
    Refusal,
    make_record_of,
    parse_and_check,
    scope_for,
    sender_of,
)


async def post(service: Service, resource: Resource, request: Request, receive: Receive) -> Reply:
    """Take in an upload; the 201 is sent after the commit that holds it."""
    token = await service.tokens.require(request.header(b'authorization'), scope_for(resource))
    service.rates.spend_token(token.name, client_address(request.scope))
    body = await service.bodies.read(request, receive)
    results = await parse_and_check(service, resource, request, body)
    accepted = [r for r in results if isinstance(r, Submission)]
    if len(accepted) < len(results):
        return _refusal(results)
    sender = sender_of(service, token, request)
    records = [make_record_of(service, s, sender=sender) for s in accepted]
    outcomes = await service.writer.write(records, all_or_nothing=True)
    return _created(resource, request, outcomes)


def _created(resource: Resource, request: Request, outcomes: Sequence[Outcome]) -> Reply:
    items = [created_body(resource, o) for o in outcomes]
    body = items[0] if len(items) == 1 else {'_status': 'OK', '_items': items}
    location = f'{request.root}/api/v1/{resource.name}/{outcomes[0].id}'
    headers: Headers = [(b'location', location.encode('latin-1', 'replace'))]
    return Reply(201, ascii_json(body), headers=headers)


def created_body(resource: Resource, outcome: Outcome) -> dict[str, Any]:
    """Describe a new record as Eve does; released MRIQC reads ``_id``."""
    date = http_date(outcome.created_at)
    own = {'title': resource.title, 'href': f'{resource.name}/{outcome.id}'}
    return {
        '_id': outcome.id,
        '_etag': outcome.etag,
        '_created': date,
        '_updated': date,
        '_links': {'self': own},
        '_status': 'OK',
    }


def _refusal(results: Sequence[Submission | Refusal]) -> Reply:
    refused = [r for r in results if isinstance(r, Refusal)]
    error = {'code': 422, 'message': insertion_failure(len(refused))}
    if len(results) == 1:
        body: dict[str, Any] = {'_status': 'ERR', '_issues': refused[0].issues, '_error': error}
    else:
        items = [
            {'_status': 'ERR', '_issues': r.issues}
            if isinstance(r, Refusal)
            else {'_status': 'OK'}
            for r in results
        ]
        body = {'_status': 'ERR', '_items': items, '_error': error}
    return Reply(422, ascii_json(body))


async def may_see(service: Service, resource: Resource, request: Request) -> bool:
    """Tell whether a request carries a token that is good for posting to ``resource``."""
    try:
        await service.tokens.examine(request.header(b'authorization'), scope_for(resource))
    except CredentialsError:
        return False
    return True
