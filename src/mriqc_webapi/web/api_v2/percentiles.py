"""What is normal: percentiles of every IQM, and where the numbers of one record stand."""

import csv
import io
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.web.api_v2 import schemas_statistics as schemas
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.statistics_queries import PercentilesQuery, StandingQuery
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service

router = APIRouter(responses=problems(400, 404))

JSON = 'application/json'
CSV = 'text/csv'


@router.get('/{resource}/percentiles', response_model=schemas.Percentiles, tags=['statistics'])
async def read_percentiles(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[PercentilesQuery, Query()]
) -> Response:
    """Tell the same percentiles of many IQMs, so that anybody can place values of their own."""
    return Response(await _percentiles(service, resource, asked), media_type=JSON)


@router.get(
    '/{resource}/percentiles.csv',
    response_class=Response,
    responses={200: {'description': 'One row per IQM.', 'content': {CSV: {}}}},
    tags=['statistics'],
)
async def read_percentiles_table(
    resource: ResourceDep, service: ServiceDep, asked: Annotated[PercentilesQuery, Query()]
) -> Response:
    """Give the percentiles as a table: a row per IQM, a column per percentile."""
    told = orjson.loads(await _percentiles(service, resource, asked))
    name = f'{resource.name}-{told["view"]}-percentiles.csv'
    headers = {'Content-Disposition': f'attachment; filename="{name}"'}
    return Response(_table(resource, told), media_type=CSV, headers=headers)


@router.get('/{resource}/records/{id}/standing', response_model=schemas.Standing, tags=['records'])
async def read_standing(
    resource: ResourceDep,
    id: Annotated[str, Path(description='24 hex digits')],
    service: ServiceDep,
    asked: Annotated[StandingQuery, Query()],
) -> Response:
    """Tell the percentile rank of each IQM of a record among the records of other images.

    With fewer than `min_peers` values an IQM has none, since it would mean little.
    """
    ask = partial(service.statistics.ask, resource, asked.question(id), asked.population())
    return Response(await in_thread(service.queries, ask), media_type=JSON)


async def _percentiles(service: Service, resource: Resource, asked: PercentilesQuery) -> bytes:
    ask = partial(service.statistics.ask, resource, asked.question(), asked.population())
    return await in_thread(service.queries, ask)


def _table(resource: Resource, told: dict[str, Any]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator='\n')
    ranks = (f'p{p:g}' for p in told['percentiles'])
    rows.writerow(['iqm', 'unit', 'better', 'n_used', 'n_missing', *ranks])
    for one in told['iqms']:
        field = resource.field_for(one['iqm'])
        known = (field.unit, field.better) if field else ('', '')
        rows.writerow([one['iqm'], *known, one['n_used'], one['n_missing'], *one['values']])
    return text.getvalue()
