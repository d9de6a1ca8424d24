"""``/withdraw``: taking a record back in a browser, in two steps, without script."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.errors import BrokenBodyError, NotFoundError, ReceiptError, StayingError
from mriqc_webapi.store import holders
from mriqc_webapi.store.holders import Held
from mriqc_webapi.submissions.parse import parse_form
from mriqc_webapi.web import messages
from mriqc_webapi.web.dependencies import ServiceDep
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.problems import status_of
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.taking_back import take_back

router = APIRouter(include_in_schema=False)

MAX_TYPED: Final = 200  # characters of what is shown again
SURE: Final = 'yes'


@dataclass(frozen=True, slots=True)
class Shown:
    """A record, as the page shows it to its holder."""

    id: str
    resource: str
    href: str  # '' where it is not shown
    came_in: str
    until: str
    withdrawn: str


@dataclass(frozen=True, slots=True)
class WithdrawContext:
    """What ``withdraw.html`` shows."""

    id: str
    receipt: str
    record: Shown | None
    can_go: bool
    is_done: bool
    why: str  # why it cannot be withdrawn, or not be found


@router.get('/withdraw', response_class=HTMLResponse)
async def show_withdraw(id: Annotated[str, Query()] = '') -> HTMLResponse:
    """Show the form."""
    return _page(_blank(id))


@router.post('/withdraw', response_class=HTMLResponse)
async def look_or_withdraw(service: ServiceDep, request: Request) -> HTMLResponse:
    """Show the record that a receipt opens, and once its holder is sure, withdraw it."""
    typed = await _typed(service, request)
    record_id, receipt = typed.get('id', '').strip(), typed.get('receipt', '').strip()
    try:
        if typed.get('sure') == SURE:
            held, _ = await take_back(service, record_id=record_id, receipt=receipt)
        else:
            held = await _look_up(service, record_id, receipt)
    except (NotFoundError, ReceiptError, StayingError) as error:
        return _page(_blank(record_id, receipt, why=_in_words(error)), status=status_of(error))
    return _page(
        WithdrawContext(
            id=record_id[:MAX_TYPED],
            receipt=receipt[:MAX_TYPED],
            record=_shown(held),
            can_go=held.state != 'withdrawn' and held.obstacle is None,
            is_done=held.state == 'withdrawn',
            why=str(held.obstacle or ''),
        )
    )


def _blank(record_id: str, receipt: str = '', *, why: str = '') -> WithdrawContext:
    return WithdrawContext(
        id=record_id[:MAX_TYPED],
        receipt=receipt[:MAX_TYPED],
        record=None,
        can_go=False,
        is_done=False,
        why=why,
    )


async def _typed(service: Service, request: Request) -> dict[str, str]:
    body = await service.bodies.read(messages.read_request(request.scope), request.receive)
    kind = request.headers.get('content-type', '')
    try:
        return parse_form(body, kind, service.settings.limits)
    except BrokenBodyError:
        return {}  # as good as an empty form


async def _look_up(service: Service, record_id: str, receipt: str) -> Held:
    return await read_store(
        service.store,
        holders.look_up,
        service.secrets,
        record_id=record_id,
        receipt=receipt,
        now=int(time.time()),
    )


def _in_words(error: NotFoundError | ReceiptError | StayingError) -> str:
    if isinstance(error, NotFoundError):
        return 'There is no record of that id. It has 24 digits, and the letters a to f.'
    if isinstance(error, ReceiptError):
        return 'This is not the receipt of that record. It begins with mrq_.'
    return str(error)


def _shown(held: Held) -> Shown:
    return Shown(
        id=held.id,
        resource=held.resource,
        href=f'/{held.resource}/{held.id}' if held.state == 'standing' else '',
        came_in=_date(held.created_at),
        until=_date(held.withdrawable_until),
        withdrawn=_date(held.withdrawn_at),
    )


def _date(at: int | None) -> str:
    if at is None:
        return ''
    moment = datetime.fromtimestamp(at, UTC)
    return f'{moment.day} {moment:%B %Y}'


def _page(context: WithdrawContext, *, status: int = 200) -> HTMLResponse:
    page = render_page('withdraw.html', context, status=status)
    page.headers['Cache-Control'] = 'no-store'
    return page
