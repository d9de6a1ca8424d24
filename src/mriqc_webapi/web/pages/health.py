"""Whether the process lives, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from mriqc_webapi.errors import WebApiError
from mriqc_webapi.store import passing, records
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.reading import in_thread, read_store

router = APIRouter(tags=['health'])


@router.get('/healthz')
async def read_health() -> dict[str, str]:
    """Say that the process answers."""
    return {'status': 'ok'}


@router.get('/readyz', responses={503: {'description': 'Something that queries need is away.'}})
async def read_readiness(service: ServiceDep) -> JSONResponse:
    """Say whether the store answers and the columnar copy is complete; of a relay, what waits."""
    state: dict[str, Any] = {'store': 'ok', 'archive': 'ok'}
    try:
        await read_store(service.store, records.head)
    except WebApiError as error:
        state['store'] = str(error)
    try:
        await in_thread(service.queries, service.archive.require_ready)
    except WebApiError as error:
        state['archive'] = str(error)
    ready = state == {'store': 'ok', 'archive': 'ok'}
    if service.forwarder is not None and state['store'] == 'ok':
        state['relay'] = (await read_store(service.store, passing.summarise)).counts
    return JSONResponse(state, 200 if ready else 503)
