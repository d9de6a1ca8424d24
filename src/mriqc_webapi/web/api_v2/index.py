"""What there is under ``/api/v2``, for whoever types that first."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json

router = APIRouter(tags=['documentation'])


class ResourceLink(BaseModel):
    """One resource, and where its records are."""

    name: str = Field(examples=['T1w'])
    meaning: str
    records: str = Field(examples=['/api/v2/T1w/records'])


class RouteLink(BaseModel):
    """One method of one address."""

    method: str = Field(examples=['GET'])
    path: str = Field(
        description='`{resource}` stands for the name of any resource',
        examples=['/api/v2/{resource}/records'],
    )
    summary: str


class ApiIndex(BaseModel):
    """The resources, and all addresses."""

    documentation: str
    openapi: str
    resources: list[ResourceLink]
    routes: list[RouteLink]


@router.get('', response_model=ApiIndex, responses=problems())
def read_index(request: Request, service: ServiceDep) -> Response:
    """List the resources and all addresses of this interface."""
    resources = [
        {'name': name, 'meaning': kind.meaning, 'records': f'/api/v2/{name}/records'}
        for name, kind in service.catalogue.resources.items()
    ]
    body = {
        'documentation': '/docs',
        'openapi': '/openapi.json',
        'resources': resources,
        'routes': list(_routes(request.app.openapi()['paths'])),
    }
    return Response(ascii_json(body), media_type='application/json')


def _routes(paths: dict[str, dict[str, dict[str, Any]]]) -> Iterator[dict[str, str]]:
    for path, methods in paths.items():
        if path.startswith('/api/v2'):
            for method, operation in methods.items():
                yield {'method': method.upper(), 'path': path, 'summary': operation['summary']}
