"""Whole resources, or what a filter leaves of them, in one download."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from mriqc_webapi.archive.export import FORMATS, Format, Wanted
from mriqc_webapi.errors import NotAcceptableError, NotFoundError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.projection import parse_fields
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.web.accept import best_of
from mriqc_webapi.web.api_v2.parameters import Fields, RecordView, Where, header, problems
from mriqc_webapi.web.api_v2.schemas_records import VERSION_MEANING
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep
from mriqc_webapi.web.exporting import MEDIA_TYPES, ExportResponse
from mriqc_webapi.web.ranged import RANGE_RESPONSES
from mriqc_webapi.web.service import Service

router = APIRouter(tags=['exports'])

ANY_TYPE = '*/*'
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        'description': 'The file.',
        'content': {kind: {} for kind in MEDIA_TYPES.values()},
        'headers': {
            'ETag': header('changes when a record of the resource comes or goes'),
            'X-Data-Version': header(VERSION_MEANING),
            'Content-Disposition': header('a name for the file'),
        },
    },
    304: {'description': 'Nothing has changed.'},
    **RANGE_RESPONSES,  # of Parquet only
    **problems(400, 404, 406),
}


class ExportQuery(BaseModel):
    """What an export takes."""

    model_config = ConfigDict(extra='forbid')

    where: Where = ''
    fields: Fields = ''
    view: RecordView = 'raw'


Asked = Annotated[ExportQuery, Query()]


@router.get('/{resource}/export.{format}', response_class=Response, responses=RESPONSES)
async def export(
    resource: ResourceDep,
    service: ServiceDep,
    format: Annotated[
        str, Path(examples=list(FORMATS), json_schema_extra={'enum': list(FORMATS)})
    ],
    asked: Asked,
) -> ExportResponse:
    """Download all records, or those that match, as one file.

    The formats are `parquet`, `arrow` (an IPC stream), `csv`, `tsv` and `ndjson`. Tables have the
    data dictionary's columns; what is in none of them is JSON in `residual`. NDJSON holds the
    records as they are stored.
    """
    if format not in FORMATS:
        raise NotFoundError(f'no export as {format!r}; there are {", ".join(FORMATS)}')
    return _answer(service, resource, format, asked)


@router.get('/{resource}/export', response_class=Response, responses=RESPONSES)
async def negotiate_export(
    resource: ResourceDep,
    service: ServiceDep,
    asked: Asked,
    accept: Annotated[str, Header()] = ANY_TYPE,
) -> ExportResponse:
    """Download the same in the format that `Accept` weighs most; NDJSON if any will do."""
    return _answer(service, resource, choose_format(accept), asked)


def choose_format(accept: str) -> Format:
    """Choose the format that the client would rather have; NDJSON if it does not care."""
    format = best_of(accept, {kind: name for name, kind in MEDIA_TYPES.items()})
    if format is None:
        raise NotAcceptableError(f'exports come as {", ".join(MEDIA_TYPES.values())}')
    return format


def _answer(
    service: Service, resource: Resource, format: Format, asked: ExportQuery
) -> ExportResponse:
    wanted = Wanted(
        resource=resource.name,
        format=format,
        where=parse_where(asked.where),
        view=asked.view,
        fields=parse_fields(asked.fields),
    )
    parts = [service.identity, format, asked.where, asked.view, asked.fields]
    question = orjson.dumps(parts).decode()
    return ExportResponse(service, wanted, question=question)
