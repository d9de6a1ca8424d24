"""The addresses under ``/api/v1`` and what each answers: Eve's, frozen."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.types import Receive, Scope, Send

from mriqc_webapi.errors import (
    BrokenBodyError,
    ConflictError,
    CredentialsError,
    MethodNotAllowedError,
    NotFoundError,
    WebApiError,
)
from mriqc_webapi.web.api_v1 import words, xml
from mriqc_webapi.web.api_v1.posting import may_see, post
from mriqc_webapi.web.api_v1.reading import get_collection, get_item, get_rating_counts
from mriqc_webapi.web.messages import (
    JSON,
    Headers,
    Reply,
    Request,
    ascii_json,
    client_address,
    join_tokens,
    read_request,
    send_reply,
)
from mriqc_webapi.web.pages.frozen import as_page, wants_page
from mriqc_webapi.web.problems import as_known, retry_headers, status_of
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.uploads import UnknownContentTypeError

PREFIX = '/api/v1'
# what Eve's index lists, in its order: clients read it, so later resources are not added
INDEX = ('bold', 'T1w', 'T2w', 'nipype_telemetry', 'rating', 'rating_counts')
EVE_RESOURCES = frozenset(INDEX)

READ = ('GET', 'HEAD', 'OPTIONS')
READ_AND_POST = (*READ, 'POST')
ID_LENGTH = 24
ID_DIGITS = frozenset('0123456789abcdef')

Answer = Callable[[], Awaitable[Reply]]


class ApiV1:
    """An ASGI application that answers as Eve did."""

    def __init__(self, service: Callable[[], Service]) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is told in Eve's error body."""
        methods: tuple[str, ...] = ()
        request: Request | None = None
        try:
            self._service().rates.spend_address(client_address(scope))
            request = read_request(scope)
            methods, answer = self._find(request, receive)
            reply = await _dispatch(request, methods, answer)
        except Exception as error:  # the edge: every failure becomes an answer
            reply = _failure(as_known(error), methods)
        if request is None:  # the query is what cannot be read
            request = read_request({**scope, 'query_string': b''})
        reply = _dress(request, reply, methods)
        if reply.content_type == JSON and reply.body and wants_page(request):
            reply = as_page(request, reply, self._service().catalogue)
        await send_reply(send, reply, head=scope['method'] == 'HEAD')

    def _find(self, request: Request, receive: Receive) -> tuple[tuple[str, ...], Answer]:
        """Find the methods of an address and what answers there."""
        service = self._service()
        match [s for s in request.path.removeprefix(PREFIX).split('/') if s]:
            case []:
                return READ, _index
            case ['rating_counts']:
                return READ, lambda: get_rating_counts(service, request)
            case [name] if name in service.catalogue:
                return READ_AND_POST, lambda: self._collection(name, request, receive)
            case [name, id] if name in service.catalogue and is_id(id):
                return READ, lambda: get_item(service, service.catalogue[name], request, id)
        raise NotFoundError(request.path)

    async def _collection(self, name: str, request: Request, receive: Receive) -> Reply:
        service, resource = self._service(), self._service().catalogue[name]
        if request.method != 'POST':
            return await get_collection(service, resource, request)
        # Eve answers 404 to a POST without token where it has no resource: released clients
        # and monitors rely on it, so resources that Eve never had keep answering so
        if name not in EVE_RESOURCES and not await may_see(service, resource, request):
            raise NotFoundError(request.path)
        return await post(service, resource, request, receive)


def is_id(text: str) -> bool:
    """Tell whether a path segment can be a record's id: 24 lower-case hex digits."""
    return len(text) == ID_LENGTH and ID_DIGITS.issuperset(text)


async def _index() -> Reply:
    return Reply(200, ascii_json({'_links': {'child': [{'href': r, 'title': r} for r in INDEX]}}))


async def _dispatch(request: Request, methods: tuple[str, ...], answer: Answer) -> Reply:
    if request.method == 'OPTIONS':
        return Reply(200, headers=[(b'allow', join_tokens(methods))], content_type=b'text/html')
    if request.method not in methods or _overridden(request, methods):
        raise MethodNotAllowedError(request.method)
    return await answer()


def _overridden(request: Request, methods: tuple[str, ...]) -> bool:
    """Tell whether X-HTTP-Method-Override asks for what the address never does.

    Eve obeys the header. Here it can refuse a POST, and never turns one method into another.
    """
    wanted = (request.header(b'x-http-method-override') or '').upper()
    return request.method == 'POST' and bool(wanted) and wanted not in methods


def _failure(error: WebApiError, methods: tuple[str, ...]) -> Reply:
    headers = retry_headers(error)
    if isinstance(error, CredentialsError):
        headers.append((b'www-authenticate', b'Basic realm="eve"'))
    if isinstance(error, MethodNotAllowedError):
        headers.append((b'allow', join_tokens(methods)))
    status = status_of(error)
    return Reply(status, ascii_json(words.error_body(status, _message(error))), headers=headers)


def _message(error: WebApiError) -> str:
    fixed = next((text for kind, text in _FIXED if isinstance(error, kind)), None)
    if fixed is not None:
        return fixed
    opening = next((text for kind, text in _OPENINGS if isinstance(error, kind)), None)
    return str(error) if opening is None else f'{opening} ({error})'


_FIXED: tuple[tuple[type[WebApiError], str], ...] = (
    (CredentialsError, words.NO_CREDENTIALS),
    (NotFoundError, words.NOT_FOUND),
    (MethodNotAllowedError, words.NOT_ALLOWED),
    (UnknownContentTypeError, words.BAD_CONTENT_TYPE),
)
_OPENINGS: tuple[tuple[type[WebApiError], str], ...] = (
    (ConflictError, words.CONFLICT),
    (BrokenBodyError, words.BAD_REQUEST),
)


def _dress(request: Request, reply: Reply, methods: tuple[str, ...]) -> Reply:
    """Add what depends on the request's headers alone: CORS, XML, indentation."""
    headers = [*reply.headers, *cors_headers(request, methods)]
    body, kind = reply.body, reply.content_type
    if body and kind == b'application/json':
        accepted = xml.preferred_type(request.header(b'accept'))
        if accepted != 'application/json':
            body, kind = xml.render_json(body), accepted.encode()
        elif request.method in {'GET', 'HEAD'} and request.first('pretty') is not None:
            body = _indented(body)
    return Reply(reply.status, body, kind, headers)


def _indented(body: bytes) -> bytes:
    return ascii_json(orjson.loads(body), indent=4)


def cors_headers(request: Request, methods: tuple[str, ...]) -> Headers:
    """Let reports read the answer, those opened from disk included (Origin ``null``)."""
    origin = request.headers.get(b'origin')
    if origin is None:
        return []
    return [
        (b'access-control-allow-origin', origin),
        (b'vary', b'Origin'),
        (b'access-control-allow-headers', b'Authorization, Content-Type'),
        (b'access-control-allow-methods', join_tokens(methods)),
        (b'access-control-max-age', b'21600'),
        (b'access-control-expose-headers', b''),
    ]
