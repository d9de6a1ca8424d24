"""The releases: pages about them, and their files, which never change."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as Param
from fastapi.responses import HTMLResponse, Response
from starlette.convertors import Convertor, register_url_convertor

from mriqc_webapi.archive.releases.manifest import (
    MANIFEST,
    SUMS,
    Manifest,
    folder_name,
    read_sums,
    sha256_of,
)
from mriqc_webapi.archive.releases.media import FOR_GOOD, MEDIA_TYPES, media_type
from mriqc_webapi.archive.releases.shelf import Shelf
from mriqc_webapi.archive.releases.writing import CITATION, LICENCE_URL, size
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.ratings.telling import iso_date
from mriqc_webapi.store.released import Gone, withdrawn_since
from mriqc_webapi.web.api_v1.reading import is_unchanged
from mriqc_webapi.web.api_v2.parameters import problems
from mriqc_webapi.web.api_v2.schemas_releases import ReleaseList
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.messages import ascii_json, read_request
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.ranged import RANGE_RESPONSES, RangedFile
from mriqc_webapi.web.service import Service


class AnythingConvertor(Convertor[str]):
    """A rest of an address that may hold line breaks, too, so that one route answers them all."""

    regex = '(?s:.*)'

    def convert(self, value: str) -> str:
        """Take it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Write it as it is."""
        return value


register_url_convertor('anything', AnythingConvertor())
router = APIRouter(prefix='/releases', tags=['releases'])

TSV: Final = 'text/tab-separated-values'
FROZEN: Final = {
    'Cache-Control': FOR_GOOD,
    'Access-Control-Allow-Origin': '*',  # a notebook in a browser may read them too
    'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Range, Content-Length, ETag',
    'X-Content-Type-Options': 'nosniff',
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file, as a page shows it."""

    path: str
    href: str
    size: str
    n_rows: int | None


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release, as a page shows it."""

    name: str
    href: str
    created_at: str
    data_version: int
    policy_version: int
    n_records: int
    n_ratings: int
    size: str
    notes: tuple[str, ...]  # paragraphs


@dataclass(frozen=True, slots=True)
class Example:
    """A table of the newest release, to be read."""

    root: str  # address of the release
    resource: str
    view: str
    file: str  # address of the one file; empty if there are several


@dataclass(frozen=True, slots=True)
class ReleasesContext:
    """What ``releases.html`` shows."""

    releases: tuple[ReleaseRow, ...]
    example: Example | None
    citation: str
    licence_url: str


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What ``release.html`` shows."""

    release: ReleaseRow
    tables: tuple[FileRow, ...]
    others: tuple[FileRow, ...]
    n_gone: int  # records that were withdrawn since


@router.get('/', response_class=HTMLResponse, include_in_schema=False)
def show_releases(request: Request, service: ServiceDep) -> HTMLResponse:
    """Show which releases there are, and how to read them."""
    found = _shelf(service).manifests()[::-1]
    root = _root(request, service)
    context = ReleasesContext(
        releases=tuple(map(_release_row, found)),
        example=_example(found[0], root) if found else None,
        citation=CITATION,
        licence_url=LICENCE_URL,
    )
    return render_page('releases.html', context)


@router.get('/index.json', response_model=ReleaseList, responses=problems())
def list_releases(service: ServiceDep) -> Response:
    """List the releases, the oldest first: numbers, dates, rows, sizes.

    The files of each are in its `manifest.json`.
    """
    found = [m.summary | {'href': f'/releases/{m.name}/'} for m in _shelf(service).manifests()]
    latest = found[-1]['release'] if found else None
    headers = {'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*'}
    body = ascii_json({'latest': latest, 'releases': found})
    return Response(body, media_type='application/json', headers=headers)


@router.get(
    '/withdrawn.tsv',
    response_class=Response,
    responses={200: {'description': 'The list.', 'content': {TSV: {}}}, **problems()},
)
def list_withdrawn(service: ServiceDep) -> Response:
    """List the records of each release that were withdrawn after it was made.

    A release never changes, so whoever uses one leaves these records out. New releases lack them.
    """
    rows = ['release\tresource\t_id\twithdrawn_at\n']
    for manifest in _shelf(service).manifests():
        rows += [
            f'{manifest.name}\t{gone.resource}\t{gone.id}\t{iso_date(gone.withdrawn_at)}\n'
            for gone in _gone_since(service, manifest)
        ]
    headers = {'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*'}
    return Response(''.join(rows), media_type=TSV, headers=headers)


@router.get('/{name}/', response_class=HTMLResponse, include_in_schema=False)
def show_release(name: str, service: ServiceDep) -> HTMLResponse:
    """Show the files of one release."""
    folder = _folder(_shelf(service), name)
    manifest = Manifest.read(folder)
    tables: list[FileRow] = []
    others: list[FileRow] = []
    for file in manifest.files:
        row = FileRow(file.path, f'/releases/{name}/{file.path}', size(file.n_bytes), file.n_rows)
        (others if file.n_rows is None else tables).append(row)
    others += _sealing(folder)
    n_gone = len(_gone_since(service, manifest))
    context = ReleaseContext(_release_row(manifest), tuple(tables), tuple(others), n_gone)
    return render_page('release.html', context)


@router.get(
    '/{name}/{path:anything}',
    response_class=Response,
    responses={
        200: {'description': 'The file.', 'content': {kind: {} for kind in sorted(MEDIA_TYPES)}},
        304: {'description': 'As the client has it.'},
        **RANGE_RESPONSES,
        **problems(404),
    },
)
def read_file(
    name: Annotated[str, Param(examples=['0001'])],
    path: Annotated[str, Param(examples=['manifest.json'])],
    request: Request,
    service: ServiceDep,
) -> Response:
    """Read a file of a release, whole or by ranges.

    Its ETag is its SHA-256. Nobody changes it any more, so it may be cached for good.
    """
    file, digest = _find(_folder(_shelf(service), name), path)
    headers = {**FROZEN, 'ETag': f'"{digest}"'}
    found = file.stat()
    if is_unchanged(read_request(request.scope), etag=digest, modified_at=int(found.st_mtime)):
        return Response(status_code=304, headers=headers)
    return RangedFile(file, headers=headers, media_type=media_type(path), stat_result=found)


def _gone_since(service: Service, manifest: Manifest) -> list[Gone]:
    with service.store.read() as tx:
        return withdrawn_since(tx, data_version=manifest.data_version)


def _shelf(service: Service) -> Shelf:
    return Shelf.within(service.settings.data_dir)


def _folder(shelf: Shelf, name: str) -> Path:
    if name not in map(folder_name, shelf.numbers()):
        raise NotFoundError(f'there is no release {name!r}')
    return shelf.folder / name


def _find(folder: Path, path: str) -> tuple[Path, str]:
    """Find a file and its sum; only what a release lists, and no link, is served."""
    missing = NotFoundError(f'release {folder.name} has no file {path!r}')
    file = folder / path
    try:
        digest = _sums(folder, (folder / SUMS).stat().st_mtime_ns).get(path)
        if path == SUMS:
            digest = sha256_of(file)
        if digest is None or file.resolve(strict=True) != folder.resolve() / path:
            raise missing
    except FileNotFoundError:
        raise missing from None
    return file, digest


@lru_cache(maxsize=64)
def _sums(folder: Path, _modified_at: int) -> dict[str, str]:
    return read_sums(folder)


def _release_row(manifest: Manifest) -> ReleaseRow:
    return ReleaseRow(
        name=manifest.name,
        href=f'/releases/{manifest.name}/',
        created_at=manifest.created_at,
        data_version=manifest.data_version,
        policy_version=manifest.policy_version,
        n_records=manifest.n_records,
        n_ratings=manifest.n_ratings,
        size=size(manifest.n_bytes),
        notes=tuple(part for part in re.split(r'\n\s*\n', manifest.notes.strip()) if part),
    )


def _sealing(folder: Path) -> list[FileRow]:
    """List the two files that list the others."""
    return [
        FileRow(
            path, f'/releases/{folder.name}/{path}', size((folder / path).stat().st_size), None
        )
        for path in (MANIFEST, SUMS)
        if (folder / path).is_file()
    ]


def _example(manifest: Manifest, root: str) -> Example | None:
    """Choose a table, rather one with canonical records."""
    if not manifest.tables:
        return None
    table = min(manifest.tables, key=lambda table: table.view)
    here = f'{root}/releases/{manifest.name}/'
    return Example(
        root=here,
        resource=table.resource,
        view=table.view,
        file='' if table.is_split else f'{here}{table.files[0].path}',
    )


def _root(request: Request, service: Service) -> str:
    return service.settings.public_url or read_request(request.scope).root
