"""For holders of receipts: what has become of a record, whom to ask about it, taking it back."""

import time
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from mriqc_webapi.errors import (
    BrokenBodyError,
    InvalidDocumentError,
    NotFoundError,
    ReceiptError,
    WebApiError,
)
from mriqc_webapi.ratings.telling import iso_date
from mriqc_webapi.store import holders
from mriqc_webapi.store.holders import Held
from mriqc_webapi.submissions.parse import parse_json
from mriqc_webapi.web import messages
from mriqc_webapi.web.api_v2 import schemas_withdrawals as schemas
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.records import PROBLEMS
from mriqc_webapi.web.api_v2.schemas import Problem
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.problems import problem
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.taking_back import take_back, write_store

router = APIRouter(tags=['withdrawals'])

M = TypeVar('M', bound=BaseModel)

JSON = 'application/json'
_CONFLICT: dict[str, Any] = {
    'model': Problem,
    'description': 'It stays: `too-late`, `public-image`, `rated` or `rating-stays`.',
}
_BODY_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: PROBLEMS[status] for status in (408, 413, 422)
}
_HOLDER: dict[int | str, dict[str, Any]] = {
    **problems(400),
    **_BODY_PROBLEMS,
    403: {'model': Problem, 'description': 'The receipt is not that of the record.'},
    404: {'model': Problem, 'description': 'There has never been such a record.'},
}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {'requestBody': {'required': True, 'content': {JSON: {'schema': schema}}}}


def _many(model: type[BaseModel]) -> dict[str, Any]:
    """Describe an object with a list of what a model says, in one piece."""
    listed = {'type': 'array', 'items': model.model_json_schema()}
    return {
        'type': 'object',
        'properties': {'items': listed | {'maxItems': schemas.MAX_RECEIPTS}},
        'required': ['items'],
    }


@router.post(
    '/withdrawals',
    response_model=schemas.Withdrawal,
    responses={**_HOLDER, 409: _CONFLICT},
    openapi_extra=_body(schemas.HeldReceipt.model_json_schema()),
)
async def withdraw(service: ServiceDep, request: Request) -> Response:
    """Take a record back: it is erased, and only its id and the date remain.

    This takes its receipt, within twelve months, and neither a public image nor one that others
    have rated. Ratings are corrected instead. To withdraw again what is gone changes nothing.
    """
    asked = await _read(service, request, schemas.HeldReceipt)
    return await _withdraw(service, asked.id, asked.receipt)


@router.delete(
    '/{resource}/records/{id}',
    response_model=schemas.Withdrawal,
    responses={**_HOLDER, 409: _CONFLICT},
)
async def delete_record(
    resource: ResourceDep,
    id: Annotated[str, Path(description='24 hex digits')],
    service: ServiceDep,
    receipt: Annotated[
        str | None, Header(max_length=200, description='what the record was answered with')
    ] = None,
) -> Response:
    """Take a record back, as `POST /api/v2/withdrawals` does."""
    held = await _look_up(service, id, receipt)
    if held.resource != resource.name:
        raise NotFoundError(f'{resource.name} has no record {id[:64]!r}')
    return await _withdraw(service, id, receipt)


@router.post(
    '/receipts/state',
    response_model=schemas.RecordStates,
    responses={**problems(400), **_BODY_PROBLEMS},
    openapi_extra=_body(_many(schemas.HeldReceipt)),
)
async def look_up_receipts(service: ServiceDep, request: Request) -> Response:
    """Look records up by their receipts: whether each stands, and whether it can be withdrawn."""
    asked = await _read(service, request, schemas.HeldReceipts)
    told = [await _state(service, one) for one in asked.items]
    return _answer({'items': told})


@router.post(
    '/receipts/contact',
    response_model=schemas.RecordState,
    responses={**_HOLDER, 409: {**_CONFLICT, 'description': 'The record was withdrawn.'}},
    openapi_extra=_body(schemas.NewContact.model_json_schema()),
)
async def change_contact(service: ServiceDep, request: Request) -> Response:
    """Change whom to ask about a record; the address is kept apart and never published."""
    asked = await _read(service, request, schemas.NewContact)
    email = asked.email.strip() if asked.email else None
    if email is not None and (
        '@' not in email[1:-1] or len(email) > 254 or not email.isprintable()
    ):
        raise InvalidDocumentError({'email': 'is no e-mail address'})

    def change(tx: Connection) -> Held:
        return holders.change_contact(
            tx,
            service.secrets,
            record_id=asked.id,
            receipt=asked.receipt,
            email=email,
            now=int(time.time()),
        )

    return _answer(tell(await write_store(service, change)))


async def _withdraw(service: Service, record_id: str, receipt: str | None) -> Response:
    held, is_new = await take_back(service, record_id=record_id, receipt=receipt)
    return _answer(tell(held) | {'status': 'withdrawn' if is_new else 'unchanged'})


async def _look_up(service: Service, record_id: str, receipt: str | None) -> Held:
    now = int(time.time())
    return await read_store(
        service.store,
        holders.look_up,
        service.secrets,
        record_id=record_id,
        receipt=receipt,
        now=now,
    )


async def _state(service: Service, one: schemas.HeldReceipt) -> dict[str, Any]:
    try:
        return tell(await _look_up(service, one.id, one.receipt))
    except (NotFoundError, ReceiptError) as error:
        return {'id': one.id, 'state': 'unknown', 'withdrawable': False, 'problem': problem(error)}


def tell(held: Held) -> dict[str, Any]:
    """Tell its holder of a record."""
    times = {
        name: None if value is None else iso_date(value)
        for name in ('created_at', 'withdrawable_until', 'withdrawn_at')
        for value in [getattr(held, name)]
    }
    return {
        'id': held.id,
        'resource': held.resource,
        'state': held.state,
        'withdrawable': held.state != 'withdrawn' and held.obstacle is None,
        **times,
        'rule': held.rule,
        'problem': _problem(held.obstacle),
    }


def _problem(error: WebApiError | None) -> dict[str, Any] | None:
    return None if error is None else problem(error)


async def _read(service: Service, request: Request, model: type[M]) -> M:
    body = await service.bodies.read(messages.read_request(request.scope), request.receive)
    document = parse_json(body, service.settings.limits)
    if not isinstance(document, dict):
        raise BrokenBodyError('this takes one JSON object')
    try:
        return model.model_validate(document)
    except ValidationError as error:
        issues = {'.'.join(map(str, e['loc'])): e['msg'] for e in error.errors()}
        raise InvalidDocumentError(issues) from None


def _answer(body: dict[str, Any]) -> Response:
    return Response(ascii_json(body), media_type=JSON, headers={'Cache-Control': 'no-store'})
