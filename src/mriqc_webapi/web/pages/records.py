"""The pages of one record and of one image: their numbers among their peers, and their history."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.convertors import Convertor, register_url_convertor

from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.archive.statistics.standing import MIN_PEERS, Peers, Standing
from mriqc_webapi.archive.views import View
from mriqc_webapi.errors import BusyError, NotFoundError
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.store import records
from mriqc_webapi.web.api_v2.ratings_reading import ratings_of
from mriqc_webapi.web.api_v2.statistics_queries import ViewParameter
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import read_request
from mriqc_webapi.web.pages.facts import FactGroup, fact_groups
from mriqc_webapi.web.pages.history import Entry, History, history_of, member
from mriqc_webapi.web.pages.placing import BANDS, Placing, placing_of, shared, unsaid
from mriqc_webapi.web.pages.rated import Rated, rated
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import in_thread, read_store
from mriqc_webapi.web.service import Service

router = APIRouter(include_in_schema=False)

MAX_SPREAD: Final = 300_000  # peers whose quartiles are told: of more it takes half a second
PEERS: Final[dict[Peers, str]] = {
    'scanner': 'same epoch, vendor and field strength',
    'epoch': 'same epoch',
    'all': 'all',
}
GROUP_STATES: Final = {
    'canonical': 'stands for its group in the canonical view',
    'member': 'agrees with its group, for which another record stands',
    'quarantined': 'disagrees with its group, which is in no statistics by default',
}


class RecordIdConvertor(Convertor[str]):
    """A segment that can be a record's id, so that records take no other page's address."""

    regex = '[0-9a-f]{24}'

    def convert(self, value: str) -> str:
        """Take the segment as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Write it as it is."""
        return value


register_url_convertor('record_id', RecordIdConvertor())


class PeersAsked(BaseModel):
    """Among whom the record is placed: the state of the page, all of it in its address."""

    peers: Peers | None = None  # None: the closest that are enough
    where: str = ''
    view: ViewParameter = 'canonical'
    resource: str = ''  # of an image's page: which of its records is placed

    def population(self) -> Population:
        """Say which records count."""
        return Population(where=parse_where(self.where), view=self.view)

    def query(self, **changed: str) -> str:
        """Write the query of the same page with some members changed."""
        members = {**self.model_dump(exclude_none=True, exclude_defaults=True), **changed}
        return urlencode({k: v for k, v in members.items() if v})


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of a row of which one is current."""

    title: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """A record among its peers, or why that cannot be told."""

    placing: Placing | None
    later: str  # why it cannot be told now; '' if it can, or never could
    peers: Peers
    choices: tuple[Choice, ...]
    where: str
    view: View
    resource: str  # kept by the form
    record: Mapping[str, Any]  # what the archive says of the record
    query: str  # of the standing route
    figure: Mapping[str, str]  # parameters of the figure of the same


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContext:
    """What ``record.html`` shows: one record, or the image for which it stands."""

    heading: str
    entry: Entry | None  # None: the image was rated, and never measured
    md5sum: str
    is_scan: bool
    resources: tuple[Choice, ...]  # of an image that several softwares measured
    among: Among | None
    scanner: str
    group: str  # what the duplicate policy says of the record
    facts: tuple[FactGroup, ...]
    history: History
    rated: Rated | None
    root: str


@router.get('/{resource}/{id:record_id}', response_class=HTMLResponse)
async def show_record(
    resource: str,
    id: str,
    request: Request,
    service: ServiceDep,
    asked: Annotated[PeersAsked, Query()],
) -> HTMLResponse:
    """Show one record."""
    kind = service.resource(resource)
    found = await read_store(service.store, records.find_item, resource=kind.name, id=id)
    if found is None:
        raise NotFoundError(f'{kind.name} has no record {id}')
    entry = Entry(resource=kind, seq=0, document=orjson.loads(found.doc))
    md5sum = member(entry.document, kind.md5_field)
    history = await _history(service, md5sum)
    return await _show(request, service, entry, history, asked, is_scan=False)


@router.get('/scans/{md5sum}', response_class=HTMLResponse)
async def show_scan(
    md5sum: str,
    request: Request,
    service: ServiceDep,
    asked: Annotated[PeersAsked, Query()],
) -> HTMLResponse:
    """Show one image: the newest record of it, and all others."""
    history = await _history(service, md5sum)
    entry = history.newest(asked.resource)
    if entry is None and (asked.resource or not history.n_ratings):
        raise NotFoundError(f'no record is about the image {md5sum[:64]!r}')
    return await _show(request, service, entry, history, asked, is_scan=True)


async def _history(service: Service, md5sum: str) -> History:
    if not md5sum:
        return History(md5sum='')
    return await read_store(service.store, history_of, md5sum=md5sum, catalogue=service.catalogue)


async def _show(
    request: Request,
    service: Service,
    entry: Entry | None,
    history: History,
    asked: PeersAsked,
    *,
    is_scan: bool,
) -> HTMLResponse:
    among = await _among(service, entry, asked) if entry else None
    placed = among.placing if among else None
    shown = {p.iqm for p in (*placed.unusual, *placed.ordinary)} if placed else set()
    names = dict.fromkeys(e.resource.name for e in history.entries) if is_scan else {}
    current = entry.resource.name if entry else ''
    context = RecordContext(
        heading='Image' if is_scan else f'{current} record',
        entry=entry,
        md5sum=history.md5sum if history.entries or history.n_ratings else '',
        is_scan=is_scan,
        resources=tuple(Choice(n, '?' + asked.query(resource=n), n == current) for n in names),
        among=among,
        scanner=_scanner(among.record) if among else '',
        group=_group(among.record) if among else '',
        facts=fact_groups(entry.resource, entry.document, without=shown) if entry else (),
        history=history,
        rated=rated(await ratings_of(service, history.md5sum)) if history.n_ratings else None,
        root=service.settings.public_url or read_request(request.scope).root,
    )
    return render_page('record.html', context)


async def _among(service: Service, entry: Entry, asked: PeersAsked) -> Among:
    told: Mapping[str, Any] | None = None
    later, peers = '', asked.peers or 'all'
    population = asked.population()
    if entry.resource.kind == 'iqm':
        try:
            told = await _place(service, entry, asked.peers, population)
            peers = told['peers']
        except BusyError as error:
            later = str(error)
    shown = {'peers': peers, 'where': asked.where, 'view': asked.view}
    shown = {name: value for name, value in shown.items() if value}
    return Among(
        placing=placing_of(entry.resource, told) if told else None,
        later=later,
        peers=peers,
        choices=tuple(
            Choice(title, '?' + asked.query(peers=key), key == peers)
            for key, title in PEERS.items()
        ),
        where=asked.where,
        view=asked.view,
        resource=asked.resource,
        record=told['record'] if told else {},
        query=urlencode(shown),
        figure={'resource': entry.resource.name, 'id': entry.id, **shown},
    )


async def _place(
    service: Service, entry: Entry, peers: Peers | None, population: Population
) -> Mapping[str, Any]:
    """Place a record among the peers asked for; if none are, among the closest that suffice."""

    async def ask(question: Standing) -> dict[str, Any]:
        work = partial(service.statistics.ask, entry.resource, question, population)
        told: dict[str, Any] = orjson.loads(await in_thread(service.queries, work))
        return told

    told: dict[str, Any] = {}
    for choice in [peers] if peers else PEERS:
        told = await ask(Standing(id=entry.id, peers=choice))
        if told['n_used'] >= MIN_PEERS and not unsaid(told):
            break
    if told['n_used'] + told['n_missing'] <= MAX_SPREAD:
        return await ask(Standing(id=entry.id, peers=told['peers'], percentiles=BANDS))
    return told


def _scanner(record: Mapping[str, Any]) -> str:
    names = ('vendor', 'model', 'field_strength')
    return shared({n: record[n] for n in names if record.get(n) is not None})


def _group(record: Mapping[str, Any]) -> str:
    state, n = record.get('group_state'), record.get('n_group')
    if state is None or n is None:
        return ''
    if n == 1:
        return 'The only record of this image by this version and its settings.'
    return f'One of {n:,} records of this image by the same version: {GROUP_STATES[state]}.'
