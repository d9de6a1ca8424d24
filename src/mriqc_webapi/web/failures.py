"""Every exception becomes an answer: a page for people, a problem document for programs."""

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from mriqc_webapi.errors import MethodNotAllowedError, NotFoundError, QueryError, WebApiError
from mriqc_webapi.web.api_v1 import words
from mriqc_webapi.web.bad_parameters import describe, known_parameters
from mriqc_webapi.web.messages import Reply, ascii_json
from mriqc_webapi.web.pages.mistakes import show_error, wants_page
from mriqc_webapi.web.problems import as_known, problem_reply

METHODS: Final = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
V2: Final = '/api/v2'
MAX_PATH: Final = 200  # characters of an address that are quoted


def install(app: FastAPI) -> None:
    """Make an application answer whatever its routes raise."""
    app.add_exception_handler(WebApiError, _answer_known)
    app.add_exception_handler(RequestValidationError, _answer_bad_parameters)
    app.add_exception_handler(HTTPException, _answer_unserved)
    app.add_exception_handler(Exception, _answer_known)


async def _answer_known(request: Request, error: Exception) -> Response:
    known = as_known(error)
    return show_error(known) if wants_page(request) else respond(problem_reply(known))


async def _answer_bad_parameters(request: Request, error: Exception) -> Response:
    message = str(error)
    if isinstance(error, RequestValidationError):
        message = describe(error.errors(), known_parameters(request))
    return await _answer_known(request, QueryError(message))


async def _answer_unserved(request: Request, error: Exception) -> Response:
    """Answer what no route takes: an address that nothing serves, a method, a broken body."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    path = request.url.path[:MAX_PATH]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _methods_of(request)
        text = f'{path!r} takes {", ".join(allowed)}, not {request.method[:20]}'
        return await _answer_known(request, MethodNotAllowedError(text, allowed=allowed))
    if status != HTTPStatus.NOT_FOUND:
        return await _answer_known(request, QueryError(str(error)))
    missing = NotFoundError(f'there is nothing at {path!r}; {_way_on(request)}')
    if _collection_of(path) in request.app.state.service().catalogue and not wants_page(request):
        return _answer_as_eve(missing)
    return await _answer_known(request, missing)


def _methods_of(request: Request) -> tuple[str, ...]:
    """Find what an address takes, over all its routes; where GET is, HEAD is (see `heads`)."""
    found: list[str] = []
    root = request.scope.get('app_root_path', request.scope.get('root_path', ''))
    for method in METHODS:
        scope = {**request.scope, 'method': method, 'root_path': root}  # mounts had changed it
        matching = (r for r in request.app.router.routes if r.matches(scope)[0] is Match.FULL)
        route = next(matching, None)
        if route is not None and (method == 'GET' or not isinstance(route, Mount)):
            found += ['GET', 'HEAD'] if method == 'GET' else [method]
    return tuple(found)


def _way_on(request: Request) -> str:
    path = request.url.path
    name = path.removeprefix(f'{V2}/').partition('/')[0] if path.startswith(f'{V2}/') else ''
    if name in request.app.state.service().catalogue:
        return f'the records are at {V2}/{name}/records, and {V2} lists all addresses'
    return f'{V2} lists the addresses of the API, and /docs describes them'


def _collection_of(path: str) -> str:
    """Give NAME of ``/api/v2/NAME``, or an empty text."""
    name = path.removeprefix(f'{V2}/') if path.startswith(f'{V2}/') else ''
    return '' if '/' in name else name


def _answer_as_eve(error: NotFoundError) -> Response:
    """Answer who put v2 in place of v1 in an address, in the words of v1: it was recorded so."""
    body = words.error_body(HTTPStatus.NOT_FOUND, str(error))
    return Response(ascii_json(body), HTTPStatus.NOT_FOUND, media_type='application/json')


def respond(reply: Reply) -> Response:
    """Give an answer as FastAPI's."""
    response = Response(reply.body, reply.status, media_type=reply.content_type.decode())
    for name, value in reply.headers:
        response.headers.append(name.decode(), value.decode('latin-1'))
    return response
