"""Routes that read records: listings, the change feed, scans."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.projection import parse_fields
from mriqc_webapi.store.feed import Stored
from mriqc_webapi.web.api_v2 import changes, listing
from mriqc_webapi.web.api_v2.listing import Question
from mriqc_webapi.web.api_v2.parameters import (
    Cursor,
    Fields,
    Limit,
    RecordView,
    Sort,
    Where,
    header,
    problems,
    require_single,
)
from mriqc_webapi.web.api_v2.schemas_records import ChangePage, RecordPage
from mriqc_webapi.web.dependencies import ResourceDep, ServiceDep, find_service
from mriqc_webapi.web.finishing import AS_IT_IS
from mriqc_webapi.web.messages import ascii_json, parse_query, read_request
from mriqc_webapi.web.service import Service

JSON = 'application/json'


class ListingQuery(BaseModel):
    """What a listing takes."""

    model_config = ConfigDict(extra='forbid')

    where: Where = ''
    fields: Fields = ''
    sort: Sort = ''
    view: RecordView = 'raw'
    limit: Limit = 100
    cursor: Cursor = ''
    total: bool = Field(
        False, description='count all records of the listing, too', examples=[True]
    )
    since: str = Field(
        '',
        description='list changes instead, since a date or the `next` or `since` of an answer',
        examples=['2026-11-01', 'Sun, 01 Nov 2026 00:00:00 GMT'],
    )

    @property
    def is_feed(self) -> bool:
        """Whether changes are asked for."""
        return 'since' in self.model_fields_set

    def require_feed(self) -> None:
        """Refuse what does not go with `since`, or a blank one: a script has lost its cursor."""
        if not self.since.strip():
            raise QueryError('`since` is empty: it takes a date, or the cursor of an answer')
        if self.where or self.sort or self.cursor or self.total or self.view != 'raw':
            raise QueryError('`since` goes with `limit` and `fields` only')


class _ListingRoute(APIRoute):
    """Answers what crawlers ask for all day, without what FastAPI does in between."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            request.scope[AS_IT_IS] = True
            service = await find_service(request)
            resource = service.resource(request.path_params['resource'])
            pairs = parse_query(request.scope['query_string'])
            query = dict(pairs)
            if len(query) < len(pairs):
                await require_single(request)
            try:
                asked = ListingQuery.model_validate(query)
            except ValidationError as error:
                raise RequestValidationError(error.errors()) from None
            return await list_records(resource, service, request, asked)

        return handle


router = APIRouter(tags=['records'], route_class=_ListingRoute)


@router.get(
    '/{resource}/records',
    response_model=RecordPage | ChangePage,
    responses={
        200: {
            'headers': {'Link': header('where the next answer and the first one are (RFC 8288)')}
        },
        **problems(400, 404),
    },
)
async def list_records(
    resource: ResourceDep,
    service: ServiceDep,
    request: Request,
    asked: Annotated[ListingQuery, Query()],
) -> Response:
    """List records, or what has changed.

    Following `next` gives every record that existed when the listing began exactly once, in
    order of insertion unless `sort` says otherwise; what comes in later is left out, and what
    is withdrawn is missing. With `since`, records and withdrawals come in the order in which
    they happened; `next` then is where to ask tomorrow.
    """
    fields = parse_fields(asked.fields)
    if asked.is_feed:
        asked.require_feed()
        found, following = await changes.read_changes(
            service, resource, since=asked.since, limit=asked.limit
        )
        docs = fields.texts(c.doc for c in found.changes if isinstance(c, Stored))
        told = {'next': following, 'more': not found.is_all, 'data_version': found.head}
        links = _links(service, request, 'since', following)
        return _answer(changes.write_items(found.changes, docs), told, links)
    page, cursor = await listing.read_page(
        service,
        Question(
            resource=resource, where=asked.where, sort=asked.sort, view=asked.view, fields=fields
        ),
        cursor=asked.cursor,
        limit=asked.limit,
        with_total=asked.total,
    )
    since = changes.write_place(service, resource, page.began)
    meta = {'next': cursor, 'since': since, 'data_version': page.version}
    if page.total is not None:
        meta['total'] = page.total
    return _answer(page.docs, meta, _links(service, request, 'cursor', cursor))


def _answer(items: str, meta: dict[str, Any], links: str) -> Response:
    body = b'{"items":[%s],%s' % (items.encode(), ascii_json(meta)[1:])
    return Response(body, media_type=JSON, headers={'Link': links})


def _links(service: Service, request: Request, name: str, following: str | None) -> str:
    """Write where the next answer and the first one are (RFC 8288)."""
    asked = read_request(request.scope)
    root = f'{service.settings.public_url.rstrip("/") or asked.root}{asked.path}'
    kept = [(key, value) for key, value in asked.query if key not in {'cursor', 'since'}]
    links = (
        [] if following is None else [f'<{root}{_query([*kept, (name, following)])}>; rel="next"']
    )
    if name == 'cursor':
        links.append(f'<{root}{_query(kept)}>; rel="first"')
    return ', '.join(links)


def _query(pairs: Sequence[tuple[str, str]]) -> str:
    return '?' + urlencode(pairs) if pairs else ''
