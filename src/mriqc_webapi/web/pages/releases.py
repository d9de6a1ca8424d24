"""The releases: pages about them, and their files, which never change."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as Param
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.convertors import Convertor, register_url_convertor

from mriqc_webapi.archive.releases.manifest import (
    SUMS,
    Manifest,
    folder_name,
    read_sums,
    sha256_of,
)
from mriqc_webapi.archive.releases.media import MEDIA_TYPES, media_type
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
    'Cache-Control': 'public, max-age=31536000, immutable',
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
    n_records: int
    size: str
    notes: str


@dataclass(frozen=True, slots=True)
class ReleasesContext:
    """What ``releases.html`` shows."""

    releases: tuple[ReleaseRow, ...]
    example: str  # address of a table of the newest release; empty without one
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
        example=_example(found[0], root) if found else '',
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
    manifest = Manifest.read(_folder(_shelf(service), name))
    tables: list[FileRow] = []
    others: list[FileRow] = []
    for file in manifest.files:
        row = FileRow(file.path, f'/releases/{name}/{file.path}', size(file.n_bytes), file.n_rows)
        (others if file.n_rows is None else tables).append(row)
    n_gone = len(_gone_since(service, manifest))
    context = ReleaseContext(_release_row(manifest), tuple(tables), tuple(others), n_gone)
    return render_page('release.html', context)


@router.get(
    '/{name}/{path:anything}',
    response_class=Response,
    responses={
        200: {'description': 'The file.', 'content': {kind: {} for kind in sorted(MEDIA_TYPES)}},
        206: {'description': 'The ranges that were asked for.'},
        304: {'description': 'As the client has it.'},
        400: {'description': 'The ranges cannot be understood.'},
        416: {'description': 'The ranges lie beyond the end of the file.'},
        **problems(404),
    },
)
@router.head('/{name}/{path:anything}', include_in_schema=False)
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
    return FrozenFile(file, headers=headers, media_type=media_type(path), stat_result=found)


class FrozenFile(FileResponse):
    """A file, by ranges if the client wants, in steps that suit large ones."""

    chunk_size = 2**20


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
        n_records=sum(t.n_rows for t in manifest.tables if t.view == 'raw'),
        size=size(manifest.n_bytes),
        notes=manifest.notes,
    )


def _example(manifest: Manifest, root: str) -> str:
    """Give the address of a table that is one file."""
    views = sorted(manifest.tables, key=lambda table: (table.is_split, table.view))
    path = views[0].files[0].path if views else 'T1w/canonical/T1w-canonical.parquet'
    return f'{root}/releases/{manifest.name}/{path}'


def _root(request: Request, service: Service) -> str:
    return service.settings.public_url or read_request(request.scope).root
