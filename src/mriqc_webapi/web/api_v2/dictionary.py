"""The data dictionary: what each field of each resource means."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from mriqc_webapi.archive.releases.dictionary import served_rows
from mriqc_webapi.iqm.dictionary import dictionary_tsv
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.schemas import DictionaryRow
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json

router = APIRouter(tags=['dictionary'])

TSV = 'text/tab-separated-values'

ResourceName = Annotated[str | None, Query(description='only this resource', examples=['T1w'])]


@router.get(
    '/dictionary',
    response_model=list[DictionaryRow],
    responses={200: {'content': {TSV: {}}}, **problems(400, 404)},
)
def read_dictionary(
    service: ServiceDep, resource: ResourceName = None, accept: Annotated[str, Header()] = ''
) -> Response:
    """List every field of every resource: name, type, unit, direction, meaning, source.

    With them come the columns that exports and releases have beside: what the server assigns
    (`role` is `server`), and what the archive derives (`derived`).
    """
    rows = _rows(service, resource)
    if TSV in accept:
        return Response(dictionary_tsv(rows), media_type=TSV)
    return Response(ascii_json(rows), media_type='application/json')


@router.get('/dictionary.tsv', responses={200: {'content': {TSV: {}}}, **problems(400, 404)})
def read_dictionary_tsv(service: ServiceDep, resource: ResourceName = None) -> Response:
    """List the same as a table of tab-separated values."""
    return Response(dictionary_tsv(_rows(service, resource)), media_type=TSV)


def _rows(service: ServiceDep, resource: str | None) -> list[dict[str, str | bool]]:
    names = list(service.catalogue.resources)
    if resource is not None:
        names = [service.resource(resource).name]
    return served_rows(service.catalogue, names)
