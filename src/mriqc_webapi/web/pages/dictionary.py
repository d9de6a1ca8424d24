"""``/dictionary``: what every field means, and what changed between versions of the software."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from mriqc_webapi.archive.releases.dictionary import served_rows
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.figures.wording import number
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.iqm.dictionary import Row, dictionary_rows
from mriqc_webapi.iqm.epochs import EPOCHS, Epoch
from mriqc_webapi.iqm.references import Reference
from mriqc_webapi.iqm.scanners import Vendor, scanner_table
from mriqc_webapi.iqm.units import in_words
from mriqc_webapi.store import records
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import in_thread, read_store
from mriqc_webapi.web.service import Service

router = APIRouter(include_in_schema=False)

BETTER: Final = {'lower': 'lower', 'higher': 'higher'}
PARTS: Final = {  # role: heading, in the order of the page
    'iqm': 'Image quality metrics',
    'rating': 'Ratings',
    'telemetry': 'Telemetry',
    'derived': 'Derived by the archive',
    'metadata': 'Acquisition',
    'provenance': 'Provenance',
    'server': 'Assigned by the service',
}
KINDS: Final = ('iqm', 'rating', 'telemetry')
LOWER, UPPER = 5.0, 95.0
VIEW: Final = 'canonical'
MAX_QUERY: Final = 200


class DictionaryQuery(BaseModel):
    """The address of the page is all of its state; what it does not know is left alone."""

    q: str = ''
    range: str = ''  # '1': with what the archive's values are

    @property
    def words(self) -> list[str]:
        """What each entry that is shown has in it."""
        return self.q[:MAX_QUERY].casefold().split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A resource that has the field, and the page of its distribution."""

    resource: str
    href: str  # '' for what no figure shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """What a name means, in some resources."""

    meaning: str
    kind: str  # its type and unit
    better: str
    source: str  # who wrote the paper, and when
    href: str  # of it
    is_private: bool
    places: tuple[Place, ...]
    values: str = ''  # between which most values of the archive lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name, and all that it means."""

    name: str
    senses: tuple[Sense, ...]

    def has(self, words: Iterable[str]) -> bool:
        """Tell whether all words occur."""
        parts = (self.name, *(f'{s.meaning} {s.source}' for s in self.senses))
        text = ' '.join(parts).casefold()
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The entries under one heading."""

    key: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLink:
    """A resource, and its page."""

    name: str
    meaning: str
    n_iqms: int
    n_records: int


@dataclass(frozen=True, slots=True)
class DictionaryContext:
    """What ``dictionary.html`` shows."""

    resource: str  # '' for all
    meaning: str
    resources: tuple[ResourceLink, ...]
    asked: DictionaryQuery
    n_entries: int  # before the search
    parts: tuple[Part, ...]
    n_ranged: int | None  # records whose values were looked at; None if nobody asked
    works: tuple[Reference, ...]  # that the parts cite
    epochs: tuple[Epoch, ...]
    vendors: tuple[Vendor, ...]
    downloads: tuple[tuple[str, str], ...]


@router.get('/dictionary', response_class=HTMLResponse)
async def show_dictionary(
    service: ServiceDep, asked: Annotated[DictionaryQuery, Query()]
) -> HTMLResponse:
    """Show the IQMs of all resources, each name once."""
    context = await _context(service, None, asked)
    return render_page('dictionary.html', context)


@router.get('/dictionary/{resource}', response_class=HTMLResponse)
async def show_resource(
    resource: str, service: ServiceDep, asked: Annotated[DictionaryQuery, Query()]
) -> HTMLResponse:
    """Show every field of one resource."""
    context = await _context(service, service.resource(resource), asked)
    return render_page('dictionary.html', context)


async def _context(
    service: Service, resource: Resource | None, asked: DictionaryQuery
) -> DictionaryContext:
    catalogue = service.catalogue
    parts = tuple(_all_iqms(catalogue) if resource is None else _fields(catalogue, resource))
    n_ranged = None
    if resource is not None and resource.kind == 'iqm' and asked.range:
        n_ranged, values = await _values(service, resource)
        parts = tuple(_with_values(part, values) for part in parts)
    name = resource.name if resource else ''
    query = f'?{urlencode({"resource": name})}' if name else ''
    counts = await read_store(service.store, records.counts)
    return DictionaryContext(
        resource=name,
        meaning=resource.meaning if resource else '',
        resources=tuple(_link(r, counts) for r in _in_order(catalogue)),
        asked=asked,
        n_entries=sum(len(part.entries) for part in parts),
        parts=tuple(_searched(parts, asked.words)),
        n_ranged=n_ranged,
        works=_works(catalogue, resource),
        epochs=EPOCHS[::-1],
        vendors=scanner_table().vendors,
        downloads=(
            (f'/api/v2/dictionary.tsv{query}', 'TSV'),
            (f'/api/v2/dictionary{query}', 'JSON'),
        ),
    )


def _in_order(catalogue: Catalogue) -> list[Resource]:
    return sorted(catalogue.resources.values(), key=lambda r: KINDS.index(r.kind))


def _works(catalogue: Catalogue, resource: Resource | None) -> tuple[Reference, ...]:
    of = [resource] if resource else catalogue.resources.values()
    cited = {f.source for r in of for f in r.fields if resource or f.role == 'iqm'}
    works = (work for key, work in catalogue.references.items() if key in cited)
    return tuple(sorted(works, key=lambda work: work.citation.casefold()))


def _link(resource: Resource, counts: Mapping[str, int]) -> ResourceLink:
    return ResourceLink(
        name=resource.name,
        meaning=resource.meaning,
        n_iqms=sum(f.role == 'iqm' for f in resource.fields),
        n_records=counts.get(resource.name, 0),
    )


def _all_iqms(catalogue: Catalogue) -> Iterator[Part]:
    rows = [r for r in dictionary_rows(catalogue) if r['role'] == 'iqm']
    yield Part(key='iqm', title=PARTS['iqm'], entries=tuple(_entries(catalogue, rows)))


def _fields(catalogue: Catalogue, resource: Resource) -> Iterator[Part]:
    rows = served_rows(catalogue, [resource.name])
    for role, title in PARTS.items():
        entries = tuple(_entries(catalogue, (r for r in rows if r['role'] == role)))
        if entries:
            yield Part(key=role, title=title, entries=entries)


def _entries(catalogue: Catalogue, rows: Iterable[Row]) -> Iterator[Entry]:
    """Put rows of one name together, and of these the ones that mean the same."""
    by_name: dict[str, dict[Sense, list[Place]]] = {}
    for row in rows:
        senses = by_name.setdefault(str(row['name']), {})
        senses.setdefault(_sense(catalogue, row), []).append(_place(row))
    for name, senses in by_name.items():
        found = (replace(sense, places=tuple(places)) for sense, places in senses.items())
        yield Entry(name=name, senses=tuple(found))


def _sense(catalogue: Catalogue, row: Row) -> Sense:
    source = catalogue.references.get(str(row['source']))
    unit = str(row['unit'])
    shown = 'ratio' if unit == '1' else in_words(unit)
    return Sense(
        meaning=str(row['meaning']),
        kind=shown or str(row['type']),
        better=BETTER.get(str(row['better']), ''),
        source=_short(source) if source else '',
        href=source.url if source else '',
        is_private=bool(row['private']),
        places=(),
    )


def _short(source: Reference) -> str:
    return source.citation.partition('),')[0].removesuffix(')') + ')'


def _place(row: Row) -> Place:
    is_shown = (
        row['role'] == 'iqm'
        and row['type'] in {'float', 'integer'}
        and '{' not in str(row['name'])
    )
    query = urlencode({'resource': row['resource'], 'iqm': row['name']})
    href = f'/explore?{query}#large' if is_shown else ''
    return Place(resource=str(row['resource']), href=href)


def _searched(parts: Iterable[Part], words: list[str]) -> Iterator[Part]:
    for part in parts:
        entries = tuple(e for e in part.entries if e.has(words))
        if entries:
            yield replace(part, entries=entries)


async def _values(service: Service, resource: Resource) -> tuple[int, dict[str, str]]:
    """Ask between which values most of an archive's lie, for each IQM."""
    population = Population(view=VIEW)
    work = partial(service.statistics.ask, resource, Summary(), population)
    told = orjson.loads(await in_thread(service.queries, work))
    return told['n_used'], {part['iqm']: _range(part) for part in told['iqms']}


def _range(part: Mapping[str, Any]) -> str:
    known = {p['p']: p['value'] for p in part['percentiles']}
    if known[LOWER] is None:
        return ''
    low, high = number(known[LOWER]), number(known[UPPER])
    return low if low == high else f'{low} to {high}'


def _with_values(part: Part, values: Mapping[str, str]) -> Part:
    entries = (
        replace(e, senses=tuple(replace(s, values=values.get(e.name, '')) for s in e.senses))
        for e in part.entries
    )
    return replace(part, entries=tuple(entries))
