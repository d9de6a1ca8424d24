"""GET of collections and items: pages and records as Eve serves them."""

import json
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.paging import parse_max_results, parse_page
from mriqc_webapi.query.projection import Projection, parse_projection
from mriqc_webapi.query.sort import parse_sort
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.store import records
from mriqc_webapi.store.records import StoredDoc
from mriqc_webapi.web.api_v1.links import PARENT, PageQuery, foreign_parameters, page_links
from mriqc_webapi.web.api_v1.words import BAD_AGGREGATE
from mriqc_webapi.web.messages import Headers, Reply, Request, ascii_json, http_date, names_tag
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.selection import select
from mriqc_webapi.web.service import Service


def read_page_query(request: Request) -> PageQuery:
    """Read page, size and what the links repeat."""
    return PageQuery(
        page=parse_page(request.first('page')),
        max_results=parse_max_results(request.first('max_results')),
        where=request.first('where') or '',
        sort=request.first('sort') or '',
        foreign=foreign_parameters(request.query),
    )


async def get_collection(service: Service, resource: Resource, request: Request) -> Reply:
    """Answer one page of a collection."""
    query = read_page_query(request)
    projection = _projection(request)
    selection = await select(
        service,
        resource,
        where=parse_where(query.where),
        sort=parse_sort(query.sort),
        offset=(query.page - 1) * query.max_results,
        limit=query.max_results,
    )
    headers: Headers = [(b'x-total-count', str(selection.total).encode())]
    if selection.docs:
        newest = max(d.created_at for d in selection.docs)
        headers.append((b'last-modified', http_date(newest).encode()))
    body = _page_body(resource.name, query, selection.total, _project(selection.docs, projection))
    return Reply(200, body, headers=headers)


def _page_body(name: str, query: PageQuery, total: int, items: Sequence[str]) -> bytes:
    meta = {'page': query.page, 'max_results': query.max_results, 'total': total}
    rest = ascii_json({'_links': page_links(name, query, total), '_meta': meta})
    return b'{"_items":[%s],%s' % (','.join(items).encode(), rest[1:])


def _projection(request: Request) -> Projection | None:
    text = request.first('projection')
    projection = parse_projection(text) if text else None
    return None if projection is None or projection.is_everything else projection


def _project(docs: Sequence[StoredDoc], projection: Projection | None) -> list[str]:
    if projection is None:
        return [d.doc for d in docs]
    # json.dumps writes Eve's own blanks, which recorded answers hold
    return [json.dumps(projection.apply(orjson.loads(d.doc))) for d in docs]


async def get_item(service: Service, resource: Resource, request: Request, id: str) -> Reply:
    """Answer one record, or that the client has it already."""
    stored = await read_store(service.store, records.find_item, resource=resource.name, id=id)
    if stored is None:
        raise NotFoundError(f'{resource.name} has no record {id!r}')
    etag = (b'etag', b'"%s"' % stored.etag.encode())
    if is_unchanged(request, etag=stored.etag, modified_at=stored.created_at):
        return Reply(304, headers=[etag])
    doc = _project([stored], _projection(request))[0]
    modified = (b'last-modified', http_date(stored.created_at).encode())
    return Reply(200, _with_item_links(resource.name, request, doc), headers=[etag, modified])


def _with_item_links(name: str, request: Request, doc: str) -> bytes:
    """Add the links of an item: every record's text ends with its ``_links`` object."""
    query = read_page_query(request)
    suffix = query.text(query.page)
    links = ascii_json({'parent': PARENT, 'collection': {'title': name, 'href': name + suffix}})
    return b'%s,%s}' % (doc[:-2].encode(), links[1:])


def is_unchanged(request: Request, *, etag: str, modified_at: int) -> bool:
    """Tell whether a conditional request is answered with 304 (RFC 9110, 13.2.2)."""
    tags = request.header(b'if-none-match')
    if tags is not None:
        return names_tag(tags, etag)
    since = request.header(b'if-modified-since')
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since).timestamp() >= modified_at
    except (ValueError, OverflowError):
        return False


async def get_rating_counts(service: Service, request: Request) -> Reply:
    """Count the ratings of one scan per grade, as the widget of released reports asks."""
    query = read_page_query(request)
    counts: dict[str, int] = {}
    md5sum = _aggregate_value(request.first('aggregate'))
    if md5sum is not None:
        counts = await read_store(service.store, records.count_ratings, md5sum=md5sum)
    first = (query.page - 1) * query.max_results
    rows = [{'_id': grade, 'count': n} for grade, n in sorted(counts.items())]
    body = {
        '_items': rows[first : first + query.max_results],
        '_meta': {'page': query.page, 'max_results': query.max_results, 'total': len(rows)},
        '_links': page_links('rating_counts', query, len(rows)),
    }
    return Reply(200, ascii_json(body))


def _aggregate_value(text: str | None) -> str | None:
    """Read ``{"$value": "<md5sum>"}``; other members mean nothing."""
    if not text:
        return None
    try:
        wanted: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise QueryError(BAD_AGGREGATE) from None
    if not isinstance(wanted, dict):
        raise QueryError(BAD_AGGREGATE)
    value = wanted.get('$value')
    if isinstance(value, dict | list):
        raise QueryError('"$value" takes one md5sum')
    return value if isinstance(value, str) else None
