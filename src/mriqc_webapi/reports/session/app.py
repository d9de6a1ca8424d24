"""The session's own application: its pages, and what they send."""

import sqlite3
from collections import Counter
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mriqc_webapi.errors import (
    BodyTooLargeError,
    BrokenBodyError,
    ChangedSubmissionError,
    InvalidDocumentError,
    NotFoundError,
    WebApiError,
)
from mriqc_webapi.ratings.scales import GRADES
from mriqc_webapi.reports.session.delivery import Delivery
from mriqc_webapi.reports.session.guard import Guard
from mriqc_webapi.reports.session.ledger import StoredRating
from mriqc_webapi.reports.session.opinions import opinions
from mriqc_webapi.reports.session.pages import (
    ARTIFACT_CHOICES,
    GRADE_CHOICES,
    ItemView,
    OverviewContext,
    RateContext,
    SummaryContext,
    borders,
    item_view,
    render_page,
)
from mriqc_webapi.reports.session.report_server import ReportServer
from mriqc_webapi.reports.session.resources import STATIC
from mriqc_webapi.reports.session.review import Review
from mriqc_webapi.reports.session.summary import measures
from mriqc_webapi.reports.session.tables import TableName, make_table
from mriqc_webapi.reports.session.verdict import parse_verdict

MAX_BODY_BYTES = 256 * 1024
STATUSES: dict[type[WebApiError], int] = {
    BrokenBodyError: 400,
    NotFoundError: 404,
    ChangedSubmissionError: 409,
    BodyTooLargeError: 413,
    InvalidDocumentError: 422,
}
SAID = ('rating', 'comment', 'artifacts', 'confidence')  # what a rater can see again
TABLES: tuple[TableName, ...] = ('ratings', 'history', 'scans', 'participants')


class SessionApp:
    """What the rater's browser talks to."""

    def __init__(
        self, review: Review, reports: ReportServer, delivery: Delivery, *, secret: str
    ) -> None:
        self._review = review
        self._reports = reports
        self._delivery = delivery
        self.root = f'/{secret}'
        routes = [
            Route('/', self._begin),
            Route('/reports/{position:int}', self._show_report),
            Route('/reports/{position:int}/rating', self._submit, methods=['POST']),
            Route('/reports/{position:int}/draft', self._save_draft, methods=['PUT']),
            Route('/reports/{position:int}/item', self._show_item),
            Route('/undo', self._undo, methods=['POST']),
            Route('/state', self._show_state),
            Route('/overview', self._show_overview),
            Route('/summary', self._show_summary),
            Route('/tables/{name}.tsv', self._download),
            Mount('/static', StaticFiles(directory=STATIC)),
        ]
        inner = Starlette(
            routes=routes, exception_handlers={WebApiError: _refuse, sqlite3.Error: _fail}
        )
        self.app = Guard(_Policy(inner, reports), secret=secret)

    # --- pages

    async def _begin(self, _request: Request) -> Response:
        return self._go_on(await run_in_threadpool(self._next_after, -1))

    def _next_after(self, position: int) -> int | None:
        return self._review.next_after(position, self._review.standing())

    def _go_on(self, position: int | None) -> Response:
        place = 'summary' if position is None else f'reports/{position}'
        return RedirectResponse(f'{self.root}/{place}', HTTPStatus.SEE_OTHER)

    async def _show_report(self, request: Request) -> Response:
        context = await run_in_threadpool(self._rate_context, request.path_params['position'])
        return render_page('rate.html', context)

    def _rate_context(self, position: int) -> RateContext:
        review = self._review
        review.item(position)
        standing = review.standing()
        items = self._items(standing)
        drafts = review.ledger.drafts(review.id)
        said = drafts.get(position) or _said(standing.get(position))
        return RateContext(
            root=self.root,
            rater=review.rater,
            item=items[position],
            n_items=len(items),
            progress=review.progress(standing),
            grades=GRADE_CHOICES,
            artifacts=ARTIFACT_CHOICES,
            said={'rating': '', 'comment': '', 'artifacts': [], 'confidence': None} | said,
            state=self._state(standing, drafts),
            is_blind=review.options.blind,
        )

    def _items(self, standing: dict[int, StoredRating]) -> tuple[ItemView, ...]:
        def score(position: int) -> str | None:
            stored = standing.get(position)
            return None if stored is None else str(stored.document['rating'])

        return tuple(
            item_view(self._review, self._reports, position, score(position))
            for position in range(len(self._review.items))
        )

    def _state(
        self, standing: dict[int, StoredRating], drafts: dict[int, dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            'root': self.root,
            'borders': borders(),
            'grades': GRADES,
            'items': [asdict(item) for item in self._items(standing)],
            'said': {p: _said(stored) for p, stored in standing.items()} | drafts,
            **self._live(standing),
        }

    def _live(self, standing: dict[int, StoredRating]) -> dict[str, Any]:
        progress = self._review.progress(standing)
        return {
            'progress': asdict(progress) | {'remaining_s': progress.remaining_s},
            'delivery': asdict(self._delivery.status()),
        }

    async def _show_overview(self, _request: Request) -> Response:
        return render_page('overview.html', await run_in_threadpool(self._overview))

    def _overview(self) -> OverviewContext:
        standing = self._review.standing()
        return OverviewContext(
            root=self.root,
            rater=self._review.rater,
            items=self._items(standing),
            progress=self._review.progress(standing),
        )

    async def _show_summary(self, _request: Request) -> Response:
        return render_page('summary.html', await run_in_threadpool(self._summary))

    def _summary(self) -> SummaryContext:
        review = self._review
        standing = review.standing()
        n = Counter(item.grade for item in self._items(standing))
        return SummaryContext(
            root=self.root,
            rater=review.rater,
            progress=review.progress(standing),
            counts=tuple((grade, n[grade]) for grade in GRADES),
            measures=measures(opinions(review.ledger)),
            delivery=self._delivery.status(),
            n_missing=sum(not review.is_there(p) for p in range(len(review.items))),
        )

    async def _download(self, request: Request) -> Response:
        name: TableName = request.path_params['name']
        if name not in TABLES:
            raise NotFoundError(f'there is no table {name}')
        table = await run_in_threadpool(make_table, self._review.ledger, name)
        return Response(
            table.tsv(),
            media_type='text/tab-separated-values; charset=utf-8',
            headers={'Content-Disposition': f'attachment; filename="{name}.tsv"'},
        )

    # --- what raters do

    async def _submit(self, request: Request) -> Response:
        position = request.path_params['position']
        is_form = 'json' not in request.headers.get('content-type', '')
        verdict = parse_verdict(await (_read_form if is_form else _read_json)(request))
        stored = await run_in_threadpool(self._review.submit, position, verdict)
        standing = await run_in_threadpool(self._review.standing)
        following = self._review.next_after(position, standing)
        if is_form:  # without script
            return self._go_on(following)
        answer = {'id': stored.id, 'said': _said(stored), 'next': following}
        return JSONResponse(
            answer | await run_in_threadpool(self._live, standing), HTTPStatus.CREATED
        )

    async def _save_draft(self, request: Request) -> Response:
        position = request.path_params['position']
        self._review.item(position)
        draft = await _read_json(request)
        known: dict[str, Any] = {k: v for k, v in draft.items() if k in SAID}
        await run_in_threadpool(self._review.ledger.save_draft, self._review.id, position, known)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _undo(self, request: Request) -> Response:
        undone = await run_in_threadpool(self._review.ledger.undo, self._review.id)
        if 'json' not in request.headers.get('content-type', ''):
            return self._go_on(undone.position if undone else None)
        answer = {
            'position': undone.position if undone else None,
            'said': _said(undone),
        }
        standing = await run_in_threadpool(self._review.standing)
        return JSONResponse(answer | await run_in_threadpool(self._live, standing))

    async def _show_item(self, request: Request) -> Response:
        position = request.path_params['position']
        return JSONResponse({'is_linked': self._review.image(position).md5sum is not None})

    async def _show_state(self, _request: Request) -> Response:
        standing = await run_in_threadpool(self._review.standing)
        return JSONResponse(await run_in_threadpool(self._live, standing))


class _Policy:
    """Puts the strict policy of the session's pages on every answer."""

    def __init__(self, app: ASGIApp, reports: ReportServer) -> None:
        self._app = app
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = self._reports.root
        policy = '; '.join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "connect-src 'self'",
                f"img-src 'self' {shown}",
                f'frame-src {shown}',
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        ).encode()

        async def send_with_policy(message: Message) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [
                    *message['headers'],
                    (b'content-security-policy', policy),
                    (b'cross-origin-resource-policy', b'same-origin'),
                    (b'cross-origin-opener-policy', b'same-origin'),
                ]
            await send(message)

        await self._app(scope, receive, send_with_policy)


def _said(stored: StoredRating | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {k: v for k, v in stored.document.items() if k in SAID}


async def _read_body(request: Request) -> bytes:
    body = b''
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise BodyTooLargeError(f'more than {MAX_BODY_BYTES:,} bytes')
    except ClientDisconnect:
        raise BrokenBodyError('the browser hung up') from None
    return body


async def _read_json(request: Request) -> dict[str, Any]:
    try:
        document = orjson.loads(await _read_body(request))
    except orjson.JSONDecodeError as error:
        raise BrokenBodyError(f'no JSON: {error}') from None
    if not isinstance(document, dict):
        raise BrokenBodyError('must be an object')
    return document


async def _read_form(request: Request) -> dict[str, Any]:
    given = parse_qs((await _read_body(request)).decode('utf-8', 'replace'))
    document: dict[str, Any] = {name: values[-1] for name, values in given.items()}
    return document | {'id': str(uuid4()), 'artifacts': given.get('artifacts', [])}


async def _fail(_request: Request, error: Exception) -> Response:
    """Say that the disk is full, or what else keeps a rating from being stored."""
    said = {'code': 'not-stored', 'detail': f'the file of ratings cannot be written: {error}'}
    return JSONResponse(said, HTTPStatus.INSUFFICIENT_STORAGE)


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, WebApiError)  # noqa: S101 — registered for these alone
    status = next((STATUSES[c] for c in type(error).__mro__ if c in STATUSES), 503)
    said: dict[str, Any] = {'code': error.code, 'detail': str(error)}
    if isinstance(error, InvalidDocumentError):
        said['issues'] = error.issues
    return JSONResponse(said, status)
