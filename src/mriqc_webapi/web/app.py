"""Wires everything together: one ASGI application per process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import anyio
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mriqc_webapi.errors import QueryError, RateLimitError, WebApiError
from mriqc_webapi.settings import Settings
from mriqc_webapi.web import openapi
from mriqc_webapi.web.api_v1 import words
from mriqc_webapi.web.api_v1.routes import PREFIX as V1_PREFIX
from mriqc_webapi.web.api_v1.routes import ApiV1
from mriqc_webapi.web.api_v2 import (
    dictionary,
    drift,
    duplicates,
    exports,
    reading,
    records,
    scans,
    statistics,
)
from mriqc_webapi.web.messages import Reply, ascii_json, client_address, send_reply
from mriqc_webapi.web.pages import docs, health, home, releases
from mriqc_webapi.web.problems import as_known, problem_reply
from mriqc_webapi.web.service import Service

STATIC = Path(__file__).parent / 'static'
UNLIMITED = frozenset({'/healthz', '/readyz'})


class Application:
    """Sends ``/api/v1`` to its own small application and the rest to FastAPI."""

    def __init__(self, settings: Settings) -> None:
        self._service: Service | None = None
        self._settings = settings
        self.rest = build_rest(self)
        self._v1 = ApiV1(self.service)

    def service(self) -> Service:
        """Return what the process has opened; only between start and stop."""
        if self._service is None:
            raise RuntimeError('the application has not been started')
        return self._service

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Open the service when the server starts and close it when it stops."""
        self._service = Service.open(self._settings)
        watch = asyncio.create_task(self._service.bodies.watch())
        try:
            yield
        finally:
            watch.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._service.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's start and stop."""
        if scope['type'] != 'http':
            await self.rest(scope, receive, send)
            return
        path: str = scope['path']
        is_v1 = path.startswith(V1_PREFIX) and path[len(V1_PREFIX) :][:1] in {'', '/'}
        if is_v1:
            await self._v1(scope, receive, send)
            return
        try:
            if path not in UNLIMITED:
                self.service().rates.spend_address(client_address(scope))
        except RateLimitError as error:
            await send_reply(send, problem_reply(error))
            return
        await self.rest(scope, receive, send)


def build_rest(application: Application) -> FastAPI:
    """Build the FastAPI half: the current API, pages and documentation."""
    app = FastAPI(
        title='MRIQC Web-API',
        version=version('mriqc-webapi'),
        lifespan=application.lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = application.service
    # anybody may read, from any page; what is written needs a token, never a cookie
    app.add_middleware(
        CORSMiddleware,
        allow_origins=['*'],
        allow_methods=['GET', 'HEAD', 'POST'],
        allow_headers=['Authorization', 'Content-Type', 'Idempotency-Key'],
        expose_headers=['ETag', 'Link', 'Location', 'Retry-After', 'X-Total-Count'],
        max_age=21600,
    )
    for router in (
        reading.router,  # first: routes are tried one after the other
        dictionary.router,
        drift.router,
        duplicates.router,
        scans.router,
        exports.router,
        records.router,
        statistics.router,
    ):
        app.include_router(router, prefix='/api/v2')
    for router in (home.router, docs.router, releases.router, health.router):
        app.include_router(router)
    app.mount('/static', StaticFiles(directory=STATIC), name='static')
    app.add_exception_handler(WebApiError, _answer_known)
    app.add_exception_handler(RequestValidationError, _answer_bad_parameters)
    app.add_exception_handler(HTTPException, _answer_as_eve)
    app.add_exception_handler(Exception, _answer_known)
    openapi.install(app, application.service)
    return app


def _respond(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, media_type=reply.content_type.decode())
    for name, value in reply.headers:
        response.headers.append(name.decode(), value.decode('latin-1'))
    return response


async def _answer_known(_request: Request, error: Exception) -> Response:
    return _respond(problem_reply(as_known(error)))


async def _answer_bad_parameters(_request: Request, error: Exception) -> Response:
    message = str(error)
    if isinstance(error, RequestValidationError):
        message = '; '.join(f'{".".join(map(str, e["loc"]))}: {e["msg"]}' for e in error.errors())
    return _respond(problem_reply(QueryError(message)))


async def _answer_as_eve(_request: Request, error: Exception) -> Response:
    """Answer an address that nothing serves as the old service did, whatever its prefix."""
    status, headers = 404, {}
    if isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
    message = {404: words.NOT_FOUND, 405: words.NOT_ALLOWED}.get(status, words.BAD_REQUEST)
    body = ascii_json(words.error_body(status, message))
    return Response(body, status, headers=headers, media_type='application/json')


def create_app() -> Application:
    """Build the application from the environment, as each serving process does."""
    return Application(Settings.from_environment())
