"""What ``/api/v1`` answers, as pages: for people who follow a link of it in a browser."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.responses import Response

from mriqc_webapi.figures.wording import number
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.web.accept import prefers_html
from mriqc_webapi.web.messages import Reply, Request
from mriqc_webapi.web.pages.facts import FactGroup, as_text, fact_groups
from mriqc_webapi.web.pages.history import member
from mriqc_webapi.web.pages.mistakes import show_mistake
from mriqc_webapi.web.pages.rendering import render_page

ROOT: Final = '/api/v1'
N_COLUMNS: Final = 5
MAX_CELL: Final = 60  # characters of one cell
OF_JSON: Final = frozenset({b'etag', b'last-modified'})  # another form has others


@dataclass(frozen=True, slots=True)
class IndexContext:
    """What ``v1_index.html`` shows."""

    resources: tuple[str, ...]
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One record of a list."""

    id: str
    href: str  # '' for what has no page
    created: str
    md5sum: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListContext:
    """What ``v1_list.html`` shows."""

    resource: str
    meaning: str
    total: int
    page: int
    n_pages: int
    head: tuple[str, ...]
    rows: tuple[ItemRow, ...]
    links: tuple[tuple[str, str], ...]  # title and address of other pages
    where: str
    sort: str
    max_results: int
    json_href: str
    request: str  # as the shell is told it


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemContext:
    """What ``v1_item.html`` shows."""

    resource: str
    id: str
    created: str
    facts: tuple[FactGroup, ...]
    json_href: str
    request: str


def wants_page(request: Request) -> bool:
    """Tell whether a person asked; with ``pretty`` they ask for the JSON itself."""
    is_read = request.method in {'GET', 'HEAD'} and request.first('pretty') is None
    return is_read and prefers_html(request.header(b'accept'))


def as_page(request: Request, reply: Reply, catalogue: Catalogue) -> Reply:
    """Show an answer of ``/api/v1``, an error included, as a page."""
    body: dict[str, Any] = orjson.loads(reply.body)
    page = _page(request, reply.status, body, catalogue)
    own = [(n.lower().encode('latin-1'), v.encode('latin-1')) for n, v in page.headers.items()]
    headers = [(n, v) for n, v in own if n not in {b'content-type', b'content-length'}]
    headers += [(b'vary', b'Accept'), (b'cache-control', b'no-cache')]
    kept = [(name, value) for name, value in reply.headers if name not in OF_JSON]
    return Reply(reply.status, bytes(page.body), b'text/html; charset=utf-8', [*kept, *headers])


def _page(
    request: Request, status: int, body: Mapping[str, Any], catalogue: Catalogue
) -> Response:
    if status >= 400:
        return show_mistake(status, str(body.get('_error', {}).get('message', '')))
    segments = [s for s in request.path.removeprefix(ROOT).split('/') if s]
    if not segments:
        names = tuple(child['href'] for child in body['_links']['child'])
        return render_page('v1_index.html', IndexContext(names, request.root))
    resource = catalogue.resources.get(segments[0])
    if '_items' in body:
        return render_page('v1_list.html', _list(request, body, segments[0], resource))
    assert resource is not None  # noqa: S101  # items are of resources
    return render_page('v1_item.html', _item(request, body, resource))


def _list(
    request: Request, body: Mapping[str, Any], name: str, resource: Resource | None
) -> ListContext:
    meta = body['_meta']
    n_pages = max(1, -(-meta['total'] // max(meta['max_results'], 1)))
    head = tuple(_columns(resource)) if resource else tuple(_keys(body['_items']))
    return ListContext(
        resource=name,
        meaning=resource.meaning if resource else '',
        total=meta['total'],
        page=meta['page'],
        n_pages=n_pages,
        head=head,
        rows=tuple(_row(item, head, resource) for item in body['_items']),
        links=tuple(_other_pages(request, meta['page'], n_pages)),
        where=request.first('where') or '',
        sort=request.first('sort') or '',
        max_results=meta['max_results'],
        json_href=_address(request, pretty=''),
        request=f"curl '{request.root}{_address(request)}'",
    )


def _row(item: Mapping[str, Any], head: tuple[str, ...], resource: Resource | None) -> ItemRow:
    id_ = str(item.get('_id', ''))
    return ItemRow(
        id=id_,
        href=f'{ROOT}/{resource.name}/{id_}' if resource else '',
        created=str(item.get('_created', '')),
        md5sum=member(item, resource.md5_field) if resource else '',
        cells=tuple(_cell(item, name) for name in head),
    )


def _cell(item: Mapping[str, Any], name: str) -> str:
    found: Any = item
    for key in name.split('.'):
        found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        return ''
    text = number(found) if type(found) is float else as_text(found)
    return text if len(text) <= MAX_CELL else f'{text[:MAX_CELL]}…'


def _columns(resource: Resource) -> Iterator[str]:
    """Name what a list shows of each record: its software, and its first numbers or texts."""
    if resource.kind == 'iqm':
        yield from (f for f in (resource.software_field, resource.version_field) if f)
    role = 'iqm' if resource.kind == 'iqm' else None
    names = [f.name for f in resource.columns if role in {None, f.role}]
    yield from [name for name in names if name != resource.md5_field][:N_COLUMNS]


def _keys(items: list[dict[str, Any]]) -> list[str]:
    return list(items[0])[:N_COLUMNS] if items else []


def _item(request: Request, body: Mapping[str, Any], resource: Resource) -> ItemContext:
    return ItemContext(
        resource=resource.name,
        id=str(body.get('_id', '')),
        created=str(body.get('_created', '')),
        facts=fact_groups(resource, body),
        json_href=_address(request, pretty=''),
        request=f"curl '{request.root}{_address(request)}'",
    )


def _other_pages(request: Request, page: int, n_pages: int) -> Iterator[tuple[str, str]]:
    wanted = {'First': 1, 'Previous': page - 1, 'Next': page + 1, 'Last': n_pages}
    for title, number_ in wanted.items():
        if 1 <= number_ <= n_pages and number_ != page:
            yield title, _address(request, page=str(number_))


def _address(request: Request, **changed: str) -> str:
    """Write the address of the same question with some parameters changed."""
    kept = [(k, v) for k, v in request.query if k not in changed]
    query = urlencode([*kept, *changed.items()])  # also writes an apostrophe as %27
    return f'{request.path}?{query}' if query else request.path
