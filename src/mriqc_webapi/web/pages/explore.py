"""``/explore``: how the IQMs of a modality are distributed, under any filter."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from mriqc_webapi.archive.views import VIEWS
from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.figures.wording import VIEWS as MEANINGS
from mriqc_webapi.figures.wording import unit_of
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.iqm.poster import POSTER
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.web.answering import answering
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.filters import FILTERS, Choice, Facet, find_facets, known_filters
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service

router = APIRouter(include_in_schema=False)

DEFAULT: Final = 'T1w'
DEFAULT_VIEW: Final = 'canonical'
N_FIRST: Final = 6  # IQMs of a resource that the poster did not show
BETTER: Final = {'lower': 'lower is better', 'higher': 'higher is better', 'neither': ''}


class ExploreQuery(BaseModel):
    """The address of the page is all of its state; what it does not know is left alone."""

    resource: str = DEFAULT
    view: str = DEFAULT_VIEW
    by: str = ''
    where: str = ''
    since: str = ''
    until: str = ''
    vendor: str = ''
    model: str = ''
    field_strength: str = ''
    epoch: str = ''
    version: str = ''
    task: str = ''
    iqm: str = ''
    x: str = ''
    y: str = ''
    all: str = ''  # '1': every IQM

    def choice(self) -> Choice:
        """Return what narrows the records."""
        values = {f.key: getattr(self, f.key) for f in FILTERS}
        chosen = {k: v.strip() for k, v in values.items() if v.strip()}
        return Choice(chosen, self.since.strip(), self.until.strip(), self.where)

    def address(self, **changed: str) -> str:
        """Write the address of this page, with something changed."""
        wanted = {k: v for k, v in {**self.model_dump(), **changed}.items() if v}
        defaults = {'view': DEFAULT_VIEW}
        shown = {k: v for k, v in wanted.items() if defaults.get(k) != v}
        return f'/explore?{urlencode(shown)}'


@dataclass(frozen=True, slots=True)
class Link:
    """A choice among several pages."""

    href: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Iqm:
    """One IQM, and what it is."""

    name: str
    meaning: str
    unit: str
    better: str
    citation: str
    doi: str
    href: str  # of this page with the IQM at large
    params: dict[str, str]  # of its figure


@dataclass(frozen=True, slots=True)
class ExploreContext:
    """What ``explore.html`` shows."""

    resource: str
    resources: tuple[Link, ...]
    asked: ExploreQuery
    problem: str  # why nothing is shown; '' otherwise
    n_records: int
    facets: tuple[Facet, ...]
    views: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    large: Iqm | None
    gallery: tuple[Iqm, ...]
    names: tuple[str, ...]  # of all IQMs
    all_link: Link | None
    pair: tuple[str, str]  # the two IQMs that are related
    relation: dict[str, str]  # parameters of its figure
    correlation: dict[str, str]
    together: str  # address of the figure of the first IQMs
    export: str
    root: str


@router.get('/explore', response_class=HTMLResponse)
async def show_explore(
    request: Request, service: ServiceDep, asked: Annotated[ExploreQuery, Query()]
) -> HTMLResponse:
    """Show distributions, and forms to narrow them."""
    measured = [r for r in service.catalogue.resources.values() if r.kind == 'iqm']
    resource = next((r for r in measured if r.name == asked.resource), None)
    if resource is None:
        raise NotFoundError(f'there are no IQMs of {asked.resource!r}')
    root = service.settings.public_url or read_request(request.scope).root
    problem, n_records, where = '', 0, ''
    facets: tuple[Facet, ...] = ()
    try:
        where = _checked(asked)
        n_records, facets = await _facets(service, resource, asked)
    except QueryError as error:
        problem = str(error)
    context = _context(service, resource, asked, where)
    context = replace(
        context,
        resources=_resources(measured, asked),
        problem=problem,
        n_records=n_records,
        facets=facets,
        root=root,
    )
    return render_page('explore.html', context, status=400 if problem else 200)


def _checked(asked: ExploreQuery) -> str:
    if asked.view not in VIEWS:
        raise QueryError(f'there is no view {asked.view!r}; there are {", ".join(VIEWS)}')
    parse_where(asked.where)  # by itself, so that the complaint is about what was written
    where = asked.choice().expression()
    parse_where(where)
    return where


async def _facets(
    service: Service, resource: Resource, asked: ExploreQuery
) -> tuple[int, tuple[Facet, ...]]:
    put = answering(service.statistics, service.ratings, service.catalogue)
    n, found = await in_thread(
        service.queries, lambda: find_facets(put, resource, asked.choice(), asked.view)
    )
    return n, tuple(found)


def _context(
    service: Service, resource: Resource, asked: ExploreQuery, where: str
) -> ExploreContext:
    population = {'resource': resource.name, 'where': where, 'view': asked.view}
    grouped = population | {'by': asked.by}
    iqms = {iqm.name: iqm for iqm in _iqms(service, resource, asked, grouped)}
    first = [n for n in POSTER.get(resource.name, tuple(iqms)[:N_FIRST]) if n in iqms]
    shown = list(iqms) if asked.all else first
    pair = [*(n for n in (asked.x, asked.y) if n in iqms), *first, *iqms][:2]
    label = f'Show the {len(first)} of the start' if asked.all else f'Show all {len(iqms)} IQMs'
    query = {k: v for k, v in grouped.items() if v}
    return ExploreContext(
        resource=resource.name,
        resources=(),
        asked=asked,
        problem='',
        n_records=0,
        facets=(),
        views=tuple((view, MEANINGS[view]) for view in VIEWS),
        groups=(('', 'nothing'), *((f.field, f.label) for f in known_filters(resource))),
        large=iqms.get(asked.iqm),
        gallery=tuple(iqms[name] for name in shown),
        names=tuple(iqms),
        all_link=Link(asked.address(all='' if asked.all else '1'), label, is_current=False),
        pair=(pair[0], pair[1]),
        relation=population | {'x': pair[0], 'y': pair[1]},
        correlation=population | {'iqm': ','.join(first)},
        together=f'/figures/distributions.svg?{urlencode(query)}',
        export=f'/api/v2/{resource.name}/export.parquet?{urlencode(_exported(query))}',
        root='',
    )


def _resources(measured: list[Resource], asked: ExploreQuery) -> tuple[Link, ...]:
    kept = {k: getattr(asked, k) for k in ('view', 'vendor', 'field_strength', 'by')}
    return tuple(
        Link(
            ExploreQuery(resource=r.name, **kept).address(),
            r.name,
            is_current=r.name == asked.resource,
        )
        for r in measured
    )


def _exported(query: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in query.items() if k in {'where', 'view'}}


def _iqms(
    service: Service, resource: Resource, asked: ExploreQuery, population: dict[str, str]
) -> Iterator[Iqm]:
    for field in resource.columns:
        if field.role == 'iqm' and field.type in {'float', 'integer'}:
            source = service.catalogue.references.get(field.source)
            yield Iqm(
                name=field.name,
                meaning=field.meaning,
                unit=unit_of(resource.name, field.name),
                better=BETTER[field.better],
                citation=source.citation if source else '',
                doi=source.doi if source else '',
                href=asked.address(iqm=field.name),
                params=population | {'iqm': field.name},
            )
