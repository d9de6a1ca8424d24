"""Serves reports as they are, from an origin of their own, under a sandbox.

A report's script runs in an opaque origin that may neither read nor send anything, and finds
neither the address nor the port of the session that shows it.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mriqc_webapi.errors import DamagedReportError, NotFoundError
from mriqc_webapi.reports.folder import read_within
from mriqc_webapi.reports.policy import without_policy
from mriqc_webapi.reports.session import libraries
from mriqc_webapi.reports.session.blinding import blinded
from mriqc_webapi.reports.session.guard import Guard
from mriqc_webapi.reports.session.libraries import with_own_libraries
from mriqc_webapi.reports.session.resources import SCROLLER
from mriqc_webapi.reports.session.review import Review
from mriqc_webapi.reports.session.thumbnails import find_picture
from mriqc_webapi.reports.splices import original

BLIND_NAME = 'report.html'
_PAGES = frozenset({'text/html', 'application/xhtml+xml'})
_PASSIVE = ('data:', 'blob:')
_PICTURE_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class ReportServer:
    """The ASGI application that serves a folder's reports, read only."""

    def __init__(self, review: Review, *, secret: str, with_network: bool = False) -> None:
        self._review = review
        self._secret = secret
        self._with_network = with_network
        self.shown_in = ''  # origin of the session, known once it listens
        self.root = ''  # own address, known once it listens
        routes = [
            Route('/scroller.js', self._serve_scroller),
            Route('/libraries/{name}', self._serve_library),
            Route('/pictures/{position:int}', self._serve_picture),
            Route('/{position:int}/{name:path}', self._serve),
        ]
        self.app = Guard(
            Starlette(routes=routes, exception_handlers={NotFoundError: _not_found}),
            secret=secret,
        )

    def address(self, position: int) -> str:
        """Return the address of a report."""
        name = self._review.item(position).report
        if self._review.options.blind:
            name = PurePosixPath(name).with_name(BLIND_NAME).as_posix()
        return f'{self.root}/{self._secret}/{position}/{quote(name)}'

    def picture_address(self, position: int) -> str:
        """Return the address of the picture that stands for a report."""
        return f'{self.root}/{self._secret}/pictures/{position}'

    async def _serve(self, request: Request) -> Response:
        position, name = request.path_params['position'], request.path_params['name']
        report = self._review.item(position).report
        is_blind = self._review.options.blind
        shown = PurePosixPath(report).with_name(BLIND_NAME).as_posix() if is_blind else report
        is_report = name == shown
        data = await run_in_threadpool(
            read_within, self._review.folder, report if is_report else name
        )
        if is_report:
            await run_in_threadpool(self._review.hear, position, data)
        if is_report and is_blind:
            data = await run_in_threadpool(blinded, data, report=report)
        return self._answer(data, name, request.headers, is_report=is_report)

    def _answer(
        self, data: bytes, name: str, asked: Mapping[str, str], *, is_report: bool
    ) -> Response:
        media_type = mimetypes.guess_type(name)[0] or 'application/octet-stream'
        if media_type in _PAGES:
            root = f'{self.root}/{self._secret}'
            data = with_own_libraries(_bare(data), root=f'{root}/libraries')
            data += f'\n<script src="{root}/scroller.js"></script>\n'.encode()
        etag = f'"{hashlib.blake2b(data, digest_size=16).hexdigest()}"'
        headers = {
            'Content-Security-Policy': self._policy(is_report=is_report),
            'ETag': etag,
            'Cache-Control': 'no-cache',
        }
        if asked.get('if-none-match') == etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(data, headers=headers, media_type=media_type)

    def _policy(self, *, is_report: bool) -> str:
        others = ('https:', 'http:') if self._with_network else ()
        shown = ' '.join((self.root, *_PASSIVE, *others))
        parts = [
            'sandbox allow-scripts',
            "default-src 'none'",
            f"script-src {shown} 'unsafe-inline' 'unsafe-eval'",
            f"style-src {shown} 'unsafe-inline'",
            *(f'{kind}-src {shown}' for kind in ('img', 'font', 'media')),
            *(f'{kind}-src {self.root} data: blob:' for kind in ('object', 'frame')),
            "connect-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
        ]
        if is_report:  # what a report embeds has an opaque origin above it, which nothing matches
            parts.append(f'frame-ancestors {self.shown_in}')
        return '; '.join(parts)

    async def _serve_picture(self, request: Request) -> Response:
        review = self._review
        report = review.item(request.path_params['position']).report
        picture = await run_in_threadpool(find_picture, review.folder, report)
        headers = {
            'Content-Security-Policy': _PICTURE_POLICY,
            'Cache-Control': 'private, max-age=3600',
        }
        return Response(picture.data, headers=headers, media_type=picture.media_type)

    async def _serve_library(self, request: Request) -> Response:
        name = request.path_params['name']
        if name not in libraries.FILES:
            raise NotFoundError(f'there is no {name}')
        # reports give a checksum, which only an answer for everybody may be held against
        headers = {'Access-Control-Allow-Origin': '*', 'Cache-Control': 'private, max-age=86400'}
        data = await run_in_threadpool((libraries.FOLDER / name).read_bytes)
        return Response(data, headers=headers, media_type=mimetypes.guess_type(name)[0])

    async def _serve_scroller(self, _request: Request) -> Response:
        return Response(SCROLLER.read_bytes(), media_type='text/javascript')


def _bare(page: bytes) -> bytes:
    """Take out what the session itself does: the rating, and the policy of what may run."""
    with suppress(DamagedReportError):
        page = original(page).page
    return without_policy(page)


async def _not_found(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), HTTPStatus.NOT_FOUND)
