"""The front page: what this is, how much is in it, how to send, get and rate."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.store import records
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import read_store

router = APIRouter(include_in_schema=False)

PATIENCE_S = 0.15  # the page does not wait longer for counts; its script fetches them
UNKNOWN = '…'


@dataclass(frozen=True, slots=True)
class Count:
    """One of the large numbers."""

    key: str  # its name at /api/v2/counts
    number: int | str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class ResourceCount:
    """How many records a resource holds, and where they are."""

    resource: str
    meaning: str
    n_records: int
    href: str
    parquet: str


@dataclass(frozen=True, slots=True)
class HomeContext:
    """What ``home.html`` shows."""

    counts: tuple[Count, ...]
    resources: tuple[ResourceCount, ...]
    root: str


@router.get('/', response_class=HTMLResponse)
async def show_home(request: Request, service: ServiceDep) -> HTMLResponse:
    """Show the front page."""
    by_name = await read_store(service.store, records.counts)
    counted = await service.counter.count(by_name, patience_s=PATIENCE_S)
    known = counted.known
    counts = (
        Count('records', counted.n_records, 'records of image quality metrics', '/explore'),
        Count('images', _or_unknown(known.n_images), 'distinct images', '/explore'),
        Count('ratings', counted.n_ratings, 'ratings by experts', '/ratings'),
        Count('scanners', _or_unknown(known.n_scanners), 'scanner models', '/explore'),
    )
    resources = tuple(
        ResourceCount(name, r.meaning, counted.resources[name], f'/api/v1/{name}', _parquet(name))
        for name, r in service.catalogue.resources.items()
        if counted.resources[name]
    )
    root = service.settings.public_url or read_request(request.scope).root
    return render_page('home.html', HomeContext(counts, resources, root))


def _or_unknown(n: int | None) -> int | str:
    return UNKNOWN if n is None else n


def _parquet(resource: str) -> str:
    return f'/api/v2/{resource}/export.parquet'
