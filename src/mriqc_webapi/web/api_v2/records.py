"""Uploads of one document, of an array, or of a stream of any length; and single records."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response, StreamingResponse

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store import records, withdrawal
from mriqc_webapi.web import messages
from mriqc_webapi.web.api_v1.reading import is_unchanged
from mriqc_webapi.web.api_v2.parameters import header, problems
from mriqc_webapi.web.api_v2.results import Intake, Tally
from mriqc_webapi.web.api_v2.schemas import Problem, UploadAnswer
from mriqc_webapi.web.api_v2.streams import take_in_stream
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.messages import ascii_json, http_date
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.relayed import is_relay
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.uploads import (
    hash_key,
    media_type,
    parse_documents,
    scope_for,
    sender_of,
)

router = APIRouter(tags=['records'])

STREAM_TYPES = ('application/x-ndjson', 'application/jsonl', 'application/ndjson')
MAX_KEY_CHARS = 255

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {'model': Problem, 'description': text}
    for status, text in {
        400: 'The body is broken, or of an unknown type.',
        401: 'No good token.',
        403: 'The token lacks the scope.',
        404: 'No such resource, or no such record.',
        408: 'The body came too slowly.',
        409: 'The id, or the idempotency key with another document, is there already.',
        413: 'The body is too large; a stream may be of any length.',
        422: 'The document was refused, or exceeds a limit.',
        429: 'Too many requests.',
        503: 'Not at the moment; Retry-After says when.',
    }.items()
}
READING: dict[int | str, dict[str, Any]] = {
    200: {
        'headers': {
            'ETag': header('of the record, which never changes'),
            'Last-Modified': header('when it was stored'),
        }
    },
    304: {'description': 'As the client has it.'},
    **problems(404),
}


@router.post(
    '/{resource}/records',
    status_code=201,
    response_model=UploadAnswer,
    responses={
        **PROBLEMS,
        200: {'description': 'A stream: one result a line.', 'content': {STREAM_TYPES[0]: {}}},
        207: {'model': UploadAnswer, 'description': 'Some documents were refused.'},
    },
    openapi_extra={
        'requestBody': {
            'required': True,
            'content': {
                'application/json': {'schema': {'type': ['object', 'array']}},
                STREAM_TYPES[0]: {'schema': {'type': 'string'}},
            },
        },
        'security': [{'token': []}],
    },
)
async def upload_records(
    resource: ResourceDep,
    service: ServiceDep,
    request: Request,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    idempotency_key: Annotated[str | None, Header(max_length=MAX_KEY_CHARS)] = None,
) -> Response:
    """Take in records: a JSON object, an array of them, or NDJSON of any length.

    Each document is taken or refused by itself. With an ``Idempotency-Key``, an upload that is
    sent again is answered as the first time and stored once. Each stored document's result has
    a `receipt`: who holds it may correct a rating, or take a record back.
    """
    token = await service.tokens.require(authorization, scope_for(resource))
    asked = messages.read_request(request.scope)
    service.rates.spend_token(token.name, messages.client_address(request.scope))
    key = hash_key(token.name, resource, idempotency_key) if idempotency_key else None
    sender = sender_of(service, token, asked)
    intake = Intake(service, resource, key, sender, is_relayed=is_relay(token))
    if media_type(asked) in STREAM_TYPES:
        lines = await take_in_stream(intake, request.receive, service.settings.limits)
        return StreamingResponse(lines, media_type=STREAM_TYPES[0])
    body = await service.bodies.read(asked, request.receive)
    documents = parse_documents(asked, body, service)
    results = await intake.take_in(list(enumerate(documents)))
    return _answer(results, single=len(documents) == 1)


def _answer(results: list[dict[str, Any]], *, single: bool) -> Response:
    tally = Tally.of(results)
    body = {**tally.as_dict(), 'results': results}
    if single and tally.n_refused:
        problem = results[0]['problem']
        kind = 'application/problem+json'
        return Response(ascii_json(problem), problem['status'], media_type=kind)
    status = 207 if tally.n_refused else 201
    return Response(ascii_json(body), status, media_type='application/json')


@router.get('/{resource}/records/{id}', responses=READING)
async def read_record(
    resource: ResourceDep,
    id: Annotated[str, Path(description='24 hex digits')],
    service: ServiceDep,
    request: Request,
) -> Response:
    """Return one record as it is stored; of one that was withdrawn, say so."""
    stored = await read_store(service.store, records.find_item, resource=resource.name, id=id)
    if stored is None:
        raise await _missing(service, resource.name, id)
    headers = {
        'ETag': f'"{stored.etag}"',
        'Last-Modified': http_date(stored.created_at),
    }
    asked = messages.read_request(request.scope)
    if is_unchanged(asked, etag=stored.etag, modified_at=stored.created_at):
        return Response(status_code=304, headers=headers)
    return Response(stored.doc, media_type='application/json', headers=headers)


async def _missing(service: Service, resource: str, id: str) -> NotFoundError:
    """Say that there is no such record, and if there was: copies hear of it from the feed, too."""
    at = await read_store(service.store, withdrawal.withdrawn_at, resource=resource, id=id)
    if at is None:
        hint = '' if records.is_id(id) else ': an id has 24 hex digits'
        return NotFoundError(f'{resource} has no record {id[:64]!r}{hint}')
    date = datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%d')
    return NotFoundError(f'the record {id} of {resource} was withdrawn on {date}')
