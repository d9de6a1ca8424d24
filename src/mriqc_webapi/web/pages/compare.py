"""Somebody's own study over the archive; its files are read in the browser and stay there."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.figures.wording import unit_of
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.store import records
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import read_store

router = APIRouter(include_in_schema=False)

TAILS: Final = (('0.5', '0.5 %'), ('1', '1 %'), ('2.5', '2.5 %'), ('5', '5 %'))


@dataclass(frozen=True, slots=True)
class PercentileTable:
    """The percentiles of one resource, to be downloaded."""

    resource: str
    n_records: int
    href: str


@dataclass(frozen=True, slots=True)
class CompareContext:
    """What ``compare.html`` shows."""

    kinds: tuple[dict[str, Any], ...]  # for the script: what the IQMs of each resource are
    tables: tuple[PercentileTable, ...]
    tails: tuple[tuple[str, str], ...]
    root: str


@router.get('/compare', response_class=HTMLResponse)
async def show_compare(request: Request, service: ServiceDep) -> HTMLResponse:
    """Show the page to which studies are dropped."""
    counts = await read_store(service.store, records.counts)
    measured = [r for r in service.catalogue.resources.values() if r.kind == 'iqm']
    context = CompareContext(
        kinds=tuple(map(_kind, measured)),
        tables=tuple(
            PercentileTable(r.name, counts[r.name], f'/api/v2/{r.name}/percentiles.csv')
            for r in measured
            if counts.get(r.name)
        ),
        tails=TAILS,
        root=service.settings.public_url or read_request(request.scope).root,
    )
    return render_page('compare.html', context)


def _kind(resource: Resource) -> dict[str, Any]:
    """Describe a resource as `study-reader.js` takes it."""
    iqms = [f for f in resource.columns if f.role == 'iqm' and f.type in {'float', 'integer'}]
    return {
        'name': resource.name,
        'modality': resource.modality,
        'required': [f.name for f in iqms if f.required],
        'iqms': [
            {
                'name': f.name,
                'unit': unit_of(resource.name, f.name),
                'better': f.better,
                'meaning': f.meaning,
            }
            for f in iqms
        ],
    }
