"""The front page: what this is, how much is in it, how to get some."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.store import records
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import read_store

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ResourceCount:
    """How many records a resource holds, and where they are."""

    resource: str
    n_records: int
    href: str


@dataclass(frozen=True, slots=True)
class HomeContext:
    """What ``home.html`` shows."""

    counts: tuple[ResourceCount, ...]
    root: str


@router.get('/', response_class=HTMLResponse)
async def show_home(request: Request, service: ServiceDep) -> HTMLResponse:
    """Show the front page."""
    counts = await read_store(service.store, records.counts)
    shown = tuple(
        ResourceCount(name, counts.get(name, 0), f'/api/v1/{name}')
        for name in service.catalogue.resources
    )
    root = service.settings.public_url or read_request(request.scope).root
    return render_page('home.html', HomeContext(shown, root))
