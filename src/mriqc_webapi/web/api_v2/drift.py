"""The drift ledger: where uploads deviate from the catalogue, per software version."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from mriqc_webapi.store.drift import DriftRow as LedgerRow
from mriqc_webapi.store.drift import read_ledger
from mriqc_webapi.web.api_v2.schemas import DriftRow
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.reading import read_store

router = APIRouter(tags=['drift'])

EPOCH = date(1970, 1, 1)


@router.get('/drift', response_model=list[DriftRow])
async def read_drift(
    service: ServiceDep,
    resource: Annotated[str | None, Query(description='only this resource')] = None,
) -> Response:
    """Sum up the notes on uploads by resource, field, kind and software version."""
    if resource is not None:
        service.resource(resource)
    rows = await read_store(service.store, read_ledger, resource=resource)
    return Response(ascii_json([_shown(r) for r in rows]), media_type='application/json')


def _shown(row: LedgerRow) -> dict[str, Any]:
    return row._asdict() | {
        'first_day': _iso_day(row.first_day),
        'last_day': _iso_day(row.last_day),
    }


def _iso_day(days: int) -> str:
    return (EPOCH + timedelta(days=days)).isoformat()
