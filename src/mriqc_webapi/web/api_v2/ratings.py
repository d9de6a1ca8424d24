"""Ratings on their way in: new ones, corrections, links to images; and receipts."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from mriqc_webapi.errors import BrokenBodyError, CredentialsError, InvalidDocumentError
from mriqc_webapi.ratings.telling import iso_date
from mriqc_webapi.store import receipts
from mriqc_webapi.web import messages
from mriqc_webapi.web.api_v2 import schemas_ratings as schemas
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.records import MAX_KEY_CHARS, PROBLEMS
from mriqc_webapi.web.api_v2.typed_ratings import links_of
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.rating_intake import (
    RESOURCE,
    Taken,
    amend_rating,
    find_chain,
    take_rating,
)
from mriqc_webapi.web.rating_links import Linker
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.taking_back import write_store
from mriqc_webapi.web.uploads import hash_key, parse_documents, sender_of

router = APIRouter(tags=['ratings'])

JSON = 'application/json'
ADMIN = 'admin'

Id = Annotated[str, Path(description='24 hex digits', examples=['65a4f1d2c3b4a5968778695a'])]
Authorization = Annotated[str | None, Header(include_in_schema=False)]
Receipt = Annotated[
    str | None, Header(max_length=200, description='what the rating was answered with')
]
Key = Annotated[
    str | None,
    Header(max_length=MAX_KEY_CHARS, description='the same key again is the same rating'),
]


def _body(model: type[BaseModel]) -> dict[str, Any]:
    content = {JSON: {'schema': model.model_json_schema()}}
    return {'requestBody': {'required': True, 'content': content}}


@router.post(
    '/ratings',
    status_code=201,
    response_model=schemas.TakenRating,
    responses={
        200: {'model': schemas.TakenRating, 'description': 'It came before, under the same key.'},
        **{status: PROBLEMS[status] for status in (400, 401, 403, 408, 409, 413, 422, 429, 503)},
    },
    openapi_extra=_body(schemas.SentRating) | {'security': [{'token': []}]},
)
async def post_rating(
    service: ServiceDep,
    request: Request,
    authorization: Authorization = None,
    idempotency_key: Key = None,
) -> Response:
    """Send one rating; keep the receipt to correct it later.

    `scale` says how the value is meant: `v0` (0 to 3), `v1` (1 to 4) or `v2` (1.00 to 4.00).
    Without it, it is told from what comes along. A rating of an unknown image is kept, and may be
    linked later. What is not understood is kept and noted.
    """
    token = await service.tokens.require(authorization, 'rate')
    asked = messages.read_request(request.scope)
    service.rates.spend_token(token.name, messages.client_address(request.scope))
    document = await _read_one(service, request)
    key = None
    if idempotency_key:
        key = f'{hash_key(token.name, service.resource(RESOURCE), idempotency_key)}:0'
    sender = sender_of(service, token, asked)
    taken = await take_rating(service, document, key=key, sender=sender)
    return _answer(service, taken, 'created' if taken.is_new else 'replayed')


@router.patch(
    '/ratings/{id}',
    response_model=schemas.TakenRating,
    responses={
        201: {'model': schemas.TakenRating, 'description': 'The correction was stored.'},
        **{status: PROBLEMS[status] for status in (400, 403, 404, 408, 409, 413, 422, 429, 503)},
    },
    openapi_extra=_body(schemas.Changes),
)
async def patch_rating(
    id: Id,
    service: ServiceDep,
    request: Request,
    receipt: Receipt = None,
    idempotency_key: Key = None,
) -> Response:
    """Correct a rating: the members sent replace what stood, null takes one away.

    The correction is a rating of its own that `amends` the first; both stay in the history, the
    newest counts. The receipt of the first holds for all its corrections.
    """
    changes = await _read_one(service, request)
    chain = await find_chain(service, id)
    await read_store(
        service.store, receipts.verify, service.secrets, record_id=id, receipt=receipt
    )
    taken = await amend_rating(service, chain, changes, key=idempotency_key)
    return _answer(service, taken, 'corrected' if taken.is_new else 'unchanged')


@router.post(
    '/ratings/{id}/link',
    response_model=schemas.TakenRating,
    responses={
        201: {'model': schemas.TakenRating, 'description': 'It is linked.'},
        **{s: PROBLEMS[s] for s in (400, 401, 403, 404, 408, 409, 413, 422, 429, 503)},
    },
    openapi_extra=_body(schemas.Link) | {'security': [{'token': []}, {}]},
)
async def link_rating(
    id: Id,
    service: ServiceDep,
    request: Request,
    authorization: Authorization = None,
    receipt: Receipt = None,
) -> Response:
    """Say which image a rating is about whose report did not know it.

    This takes the rating's receipt, or a token of the scope `admin`: then the link is noted in
    the audit log of the archive, with `why`.
    """
    asked = _checked_link(await _read_one(service, request))
    chain = await find_chain(service, id)
    if receipt is None:
        taken = await _link_by_token(service, id, asked, authorization)
    else:
        await read_store(
            service.store, receipts.verify, service.secrets, record_id=id, receipt=receipt
        )
        taken = await amend_rating(service, chain, {'md5sum': asked.md5sum})
    # whoever links by an admin's token has no right to the rater's receipt
    return _answer(
        service, taken, 'corrected' if taken.is_new else 'unchanged', with_receipt=bool(receipt)
    )


def _checked_link(document: Any) -> schemas.Link:
    try:
        return schemas.Link.model_validate(document)
    except ValidationError as error:
        issues = {'.'.join(map(str, e['loc'])) or 'md5sum': e['msg'] for e in error.errors()}
        raise InvalidDocumentError(issues) from None


async def _link_by_token(
    service: Service, record_id: str, asked: schemas.Link, authorization: str | None
) -> Taken:
    if authorization is None:
        raise CredentialsError('this takes the receipt of the rating, or a token for admin')
    token = await service.tokens.require(authorization, ADMIN)

    linker = Linker(
        resource=service.resource(RESOURCE),
        check=service.checkers[RESOURCE],
        secrets=service.secrets,
    )

    def work(tx: Connection) -> Taken:
        return linker.link(
            tx,
            record_id=record_id,
            md5sum=asked.md5sum,
            who=f'token {token.name}',
            why=asked.why or 'no reason given',
        )

    return await write_store(service, work)


@router.post(
    '/receipts',
    response_model=schemas.ReceiptAnswer,
    responses={**problems(400), **{s: PROBLEMS[s] for s in (401, 403, 404, 408, 409, 413, 422)}},
    openapi_extra=_body(schemas.AskedReceipt) | {'security': [{'token': []}]},
)
async def fetch_receipt(
    service: ServiceDep, request: Request, authorization: Authorization = None
) -> Response:
    """Fetch the receipt of a record that came through `/api/v1`, which cannot tell it.

    This takes the token that posted the record, from the same network, within a day.
    """
    token = await service.tokens.examine(authorization, None)
    document = await _read_one(service, request)
    record_id = document.get('id') if isinstance(document, dict) else None
    if not isinstance(record_id, str):
        raise InvalidDocumentError({'id': 'required field'})
    sender = sender_of(service, token, messages.read_request(request.scope))
    found = await read_store(
        service.store, receipts.fetch, service.secrets, record_id=record_id, sender=sender
    )
    body = ascii_json({'id': record_id, 'receipt': found})
    return Response(body, media_type=JSON, headers={'Cache-Control': 'no-store'})


async def _read_one(service: Service, request: Request) -> Any:
    asked = messages.read_request(request.scope)
    body = await service.bodies.read(asked, request.receive)
    documents = parse_documents(asked, body, service)
    if len(documents) != 1:
        raise BrokenBodyError('this takes one object; many go to /api/v2/rating/records')
    return documents[0]


def _answer(service: Service, taken: Taken, status: str, *, with_receipt: bool = True) -> Response:
    rating = taken.rating
    body = {
        'id': rating.id,
        'status': status,
        'created_at': iso_date(rating.created_at),
        'receipt': service.secrets.receipt_for(taken.first_id) if with_receipt else None,
        'md5sum': rating.md5sum,
        'scale': rating.scale,
        'score': rating.score,
        'grade': rating.grade,
        'label': rating.label,
        'artifacts': rating.artifacts,
        'rater': rating.rater,
        'amends': rating.amends,
        'notes': [note._asdict() for note in taken.notes],
        '_links': links_of(rating),
    }
    headers = {'Cache-Control': 'no-store', 'Location': f'/api/v2/ratings/{rating.id}'}
    return Response(
        ascii_json(body), 201 if taken.is_new else 200, media_type=JSON, headers=headers
    )
