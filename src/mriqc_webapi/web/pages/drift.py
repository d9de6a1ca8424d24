"""``/drift``: where uploads deviate from the catalogue, per software version, newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy import Connection

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store.drift import DriftRow, count_ledger, read_ledger
from mriqc_webapi.web.api_v2.drift import iso_day
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.reading import read_store

router = APIRouter(include_in_schema=False)

SHOWN: Final = 500  # rows of the ledger; the API tells all
KINDS: Final = {
    'unknown': 'not in the catalogue',
    'null': 'null',
    'not-finite': 'no finite number',
    'type': 'of another type',
    'fraction': 'a fraction where an integer is usual',
    'absent': 'missing',
    'modality': 'another modality than the address says',
    'private': 'split off, never published',
}
UNSAID: Final = 'software that does not name itself'


class DriftQuery(BaseModel):
    """The address of the page is all of its state; what it does not know is left alone."""

    resource: str = ''
    software: str = ''
    version: str = ''

    def address(self, **changed: str) -> str:
        """Write the address of this page, with something changed."""
        wanted = {k: v for k, v in {**self.model_dump(), **changed}.items() if v}
        return '/drift' + (f'?{urlencode(wanted)}' if wanted else '')


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One way in which a field deviates."""

    resource: str
    field: str
    what: str
    expected: str
    got: str
    n: int
    first_day: str
    last_day: str
    example: str
    meaning_href: str  # of the field in the dictionary; '' if it is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftingVersion:
    """What came from one version of a software."""

    title: str
    href: str  # of this page with the version alone
    n: int  # notes of all uploads
    rows: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True)
class DriftContext:
    """What ``drift.html`` shows."""

    asked: DriftQuery
    resources: tuple[tuple[str, str], ...]  # names and addresses
    versions: tuple[DriftingVersion, ...]
    n_shown: int
    n_rows: int
    json_href: str
    alone: str  # address without the filter on a version; '' if there is none


@router.get('/drift', response_class=HTMLResponse)
async def show_drift(service: ServiceDep, asked: Annotated[DriftQuery, Query()]) -> HTMLResponse:
    """Show what came that the catalogue does not know or expect."""
    if asked.resource and asked.resource not in service.catalogue:
        raise NotFoundError(f'there is no resource {asked.resource[:64]!r}')

    def ask(tx: Connection) -> tuple[list[DriftRow], int]:
        which = asked.model_dump()
        return read_ledger(tx, **which, order='newest', limit=SHOWN), count_ledger(tx, **which)

    rows, n_rows = await read_store(service.store, ask)
    known = {r.name: set(r.by_name) for r in service.catalogue.resources.values()}
    chosen = {k: v for k, v in asked.model_dump().items() if v}
    names = ('', *service.catalogue.resources)
    context = DriftContext(
        asked=asked,
        resources=tuple((name, asked.address(resource=name)) for name in names),
        versions=tuple(_versions(asked, rows, known)),
        n_shown=len(rows),
        n_rows=n_rows,
        json_href=f'/api/v2/drift?{urlencode(chosen | {"order": "newest", "limit": "10000"})}',
        alone=asked.address(software='', version='') if asked.software or asked.version else '',
    )
    return render_page('drift.html', context)


def _versions(
    asked: DriftQuery, rows: Iterable[DriftRow], known: dict[str, set[str]]
) -> Iterator[DriftingVersion]:
    """Put the rows of each version together; the version of the newest row comes first."""
    found: dict[tuple[str, str], list[DriftRow]] = {}
    for row in rows:
        found.setdefault((row.software, row.version), []).append(row)
    for (software, version), noted in found.items():
        yield DriftingVersion(
            title=f'{software} {version}'.strip() or UNSAID,
            href=asked.address(software=software, version=version),
            n=sum(row.n for row in noted),
            rows=tuple(_deviation(row, known) for row in noted),
        )


def _deviation(row: DriftRow, known: dict[str, set[str]]) -> Deviation:
    is_known = row.field in known.get(row.resource, ())
    return Deviation(
        resource=row.resource,
        field=row.field,
        what=KINDS.get(row.kind, row.kind),
        expected=row.expected,
        got=row.got,
        n=row.n,
        first_day=iso_day(row.first_day),
        last_day=iso_day(row.last_day),
        example=row.example,
        meaning_href=f'/dictionary/{row.resource}#{row.field}' if is_known else '',
    )
