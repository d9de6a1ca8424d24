"""Every exception becomes an answer: a page for people, a document for programs."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from mriqc_webapi.errors import QueryError, WebApiError
from mriqc_webapi.web.api_v1 import words
from mriqc_webapi.web.messages import Reply, ascii_json
from mriqc_webapi.web.pages.mistakes import show_error, show_mistake, wants_page
from mriqc_webapi.web.problems import as_known, problem_reply


def install(app: FastAPI) -> None:
    """Make an application answer whatever its routes raise."""
    app.add_exception_handler(WebApiError, _answer_known)
    app.add_exception_handler(RequestValidationError, _answer_bad_parameters)
    app.add_exception_handler(HTTPException, _answer_as_eve)
    app.add_exception_handler(Exception, _answer_known)


async def _answer_known(request: Request, error: Exception) -> Response:
    known = as_known(error)
    return show_error(known) if wants_page(request) else _respond(problem_reply(known))


async def _answer_bad_parameters(request: Request, error: Exception) -> Response:
    message = str(error)
    if isinstance(error, RequestValidationError):
        message = '; '.join(f'{".".join(map(str, e["loc"]))}: {e["msg"]}' for e in error.errors())
    return await _answer_known(request, QueryError(message))


async def _answer_as_eve(request: Request, error: Exception) -> Response:
    """Answer an address that nothing serves as the old service did, whatever its prefix."""
    status, headers = 404, {}
    if isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
    if wants_page(request):
        return show_mistake(status, headers=headers)
    message = {404: words.NOT_FOUND, 405: words.NOT_ALLOWED}.get(status, words.BAD_REQUEST)
    body = ascii_json(words.error_body(status, message))
    return Response(body, status, headers=headers, media_type='application/json')


def _respond(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, media_type=reply.content_type.decode())
    for name, value in reply.headers:
        response.headers.append(name.decode(), value.decode('latin-1'))
    return response
