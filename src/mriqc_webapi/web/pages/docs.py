"""The API's documentation: the OpenAPI document and a browser of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from mriqc_webapi.web.messages import ascii_json
from mriqc_webapi.web.pages.problem_kinds import problems_context
from mriqc_webapi.web.pages.rendering import render_page

router = APIRouter(include_in_schema=False)

OPENAPI_URL = '/docs/api/api-docs'  # where the old service had it


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    summary: str


@dataclass(frozen=True, slots=True)
class DocsContext:
    """What ``docs.html`` shows."""

    openapi_url: str
    operations: tuple[Operation, ...]


@router.get('/docs/api', response_class=HTMLResponse)
@router.get('/docs', response_class=HTMLResponse)
def show_docs(request: Request) -> HTMLResponse:
    """Show every route; with script, as a browser of the OpenAPI document."""
    operations = tuple(_operations(request.app.openapi()))
    return render_page('docs.html', DocsContext(OPENAPI_URL, operations))


@router.get('/docs/problems', response_class=HTMLResponse)
def show_problems() -> HTMLResponse:
    """Show every kind of error, and what to do about it."""
    return render_page('problems.html', problems_context())


@router.get('/openapi.json')
@router.get(OPENAPI_URL)
def read_openapi(request: Request) -> Response:
    """Return the OpenAPI document of both interfaces."""
    return Response(ascii_json(request.app.openapi()), media_type='application/json')


def _operations(document: dict[str, dict[str, dict[str, dict[str, str]]]]) -> Iterator[Operation]:
    for path, methods in document['paths'].items():
        for method, operation in methods.items():
            yield Operation(method.upper(), path, operation.get('summary', ''))
