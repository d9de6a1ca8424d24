"""The drift ledger: where uploads deviate from the catalogue, per software version."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from mriqc_webapi.store.drift import DriftRow as LedgerRow
from mriqc_webapi.store.drift import Order, read_ledger
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.schemas import DriftRow
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json

router = APIRouter(tags=['drift'])

EPOCH = date(1970, 1, 1)


Text = Annotated[str, Query(max_length=200)]


@router.get('/drift', response_model=list[DriftRow], responses=problems(400, 404))
def read_drift(
    service: ServiceDep,
    resource: Annotated[str, Query(description='only this resource', examples=['T1w'])] = '',
    software: Text = '',
    version: Text = '',
    order: Annotated[
        Order, Query(description='what comes first: noted most often, or new')
    ] = 'frequent',
    limit: Annotated[int, Query(ge=1, le=10_000, description='most rows to tell')] = 1_000,
) -> Response:
    """Sum up the notes on uploads by resource, field, kind and software version.

    What was noted most often comes first; with `order=newest`, what is seen since the latest day.
    """
    if resource:
        service.resource(resource)
    with service.store.read() as tx:
        rows = read_ledger(
            tx, resource=resource, software=software, version=version, order=order, limit=limit
        )
    return Response(ascii_json([_shown(r) for r in rows]), media_type='application/json')


def _shown(row: LedgerRow) -> dict[str, Any]:
    return row._asdict() | {
        'first_day': iso_day(row.first_day),
        'last_day': iso_day(row.last_day),
    }


def iso_day(days: int) -> str:
    """Write a day, counted from 1970, in ISO 8601."""
    return (EPOCH + timedelta(days=days)).isoformat()
