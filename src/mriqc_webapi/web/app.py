"""Wires everything together: one ASGI application per process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import anyio
from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mriqc_webapi.errors import RateLimitError
from mriqc_webapi.settings import Settings
from mriqc_webapi.web import failures, openapi
from mriqc_webapi.web.api_v1.routes import PREFIX as V1_PREFIX
from mriqc_webapi.web.api_v1.routes import ApiV1
from mriqc_webapi.web.api_v2 import (
    counts,
    dictionary,
    drift,
    duplicates,
    exports,
    index,
    labels,
    percentiles,
    ratings,
    ratings_reading,
    reading,
    records,
    scans,
    statistics,
    withdrawals,
)
from mriqc_webapi.web.api_v2.parameters import require_single
from mriqc_webapi.web.finishing import Finishing
from mriqc_webapi.web.heads import answer_head
from mriqc_webapi.web.messages import client_address, send_reply
from mriqc_webapi.web.pages import (
    about,
    compare,
    docs,
    explore,
    figures,
    health,
    home,
    releases,
    withdraw,
)
from mriqc_webapi.web.pages import dictionary as dictionary_pages
from mriqc_webapi.web.pages import drift as drift_page
from mriqc_webapi.web.pages import ratings as ratings_page
from mriqc_webapi.web.pages import records as record_pages
from mriqc_webapi.web.problems import problem_reply
from mriqc_webapi.web.reading import note_client
from mriqc_webapi.web.service import Service

STATIC = Path(__file__).parent / 'static'
BODILESS = frozenset({'GET', 'HEAD'})
# what scripts of other pages may send and read; readers of Parquet ask for ranges
ASKED_WITH = (
    *('Authorization', 'Cache-Control', 'Content-Type', 'Idempotency-Key'),
    *('If-Modified-Since', 'If-None-Match', 'If-Range', 'Pragma', 'Range', 'Receipt'),
)
TOLD = (
    *('Accept-Ranges', 'Allow', 'Content-Disposition', 'Content-Encoding', 'Content-Length'),
    *('Content-Range', 'ETag', 'Link', 'Location', 'Retry-After', 'X-Data-Version'),
    'X-Total-Count',
)
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
        warming = asyncio.create_task(self._service.easel.warm_up())
        sweeping = asyncio.create_task(self._service.sweeper.watch())
        try:
            yield
        finally:
            watch.cancel()
            warming.cancel()
            sweeping.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._service.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's start and stop."""
        if scope['type'] != 'http':
            await self.rest(scope, receive, send)
            return
        if scope['method'] in BODILESS:
            note_client(receive)
        path: str = scope['path']
        is_v1 = path.startswith(V1_PREFIX) and path[len(V1_PREFIX) :][:1] in {'', '/'}
        if is_v1:
            await self._v1(scope, receive, send)
            return
        try:
            if path not in UNLIMITED:
                self.service().rates.spend_address(client_address(scope))
        except RateLimitError as error:
            await send_reply(send, problem_reply(error), head=scope['method'] == 'HEAD')
            return
        if scope['method'] == 'HEAD':
            await answer_head(self.rest, scope, receive, send)
        else:
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
    app.add_middleware(Finishing)
    # anybody may read, from any page; what is written needs a token, never a cookie
    app.add_middleware(
        CORSMiddleware,
        allow_origins=['*'],
        allow_methods=['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
        allow_headers=ASKED_WITH,
        expose_headers=TOLD,
        max_age=21600,
    )
    for router in (
        reading.router,  # first: routes are tried one after the other
        counts.router,
        dictionary.router,
        drift.router,
        duplicates.router,
        ratings_reading.router,
        ratings.router,
        withdrawals.router,
        labels.router,
        scans.router,
        exports.router,
        records.router,
        statistics.router,
        percentiles.router,
        index.router,
    ):
        app.include_router(router, prefix='/api/v2', dependencies=[Depends(require_single)])
    for router in (
        home.router,
        explore.router,
        compare.router,
        ratings_page.router,
        dictionary_pages.router,
        drift_page.router,
        about.router,
        withdraw.router,
        figures.router,
        docs.router,
        releases.router,
        health.router,
        record_pages.router,  # last: any first segment may be a resource
    ):
        app.include_router(router)
    app.mount('/static', StaticFiles(directory=STATIC), name='static')
    failures.install(app)
    openapi.install(app, application.service)
    return app


def create_app() -> Application:
    """Build the application from the environment, as each serving process does."""
    return Application(Settings.from_environment())
