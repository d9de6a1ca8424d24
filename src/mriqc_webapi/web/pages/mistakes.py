"""Errors as pages, for people: what is wrong, and where to go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from mriqc_webapi.errors import WebApiError
from mriqc_webapi.web.accept import prefers_html
from mriqc_webapi.web.pages.rendering import render_page
from mriqc_webapi.web.problems import headers_of, status_of

PROGRAMS: Final = ('/api/', '/static/', '/figures/', '/openapi.json', '/healthz', '/readyz')
TEXTS: Final = {
    400: ('This cannot be understood', 'The address asks for something that cannot be read.'),
    404: ('Nothing here', 'There is no such page, or no record of that name any more.'),
    405: ('Not in this way', 'This address does not take what was sent to it.'),
    429: ('Too many requests', 'Wait a moment, then try again.'),
    503: ('Not at the moment', 'The service is busy or being repaired. Try again in a moment.'),
}
MAX_DETAIL: Final = 400


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go on."""

    href: str
    title: str


WAYS: Final = (
    Way('/', 'What this is, and how much is in it'),
    Way('/explore', 'Explore the image quality metrics'),
    Way('/docs', 'All addresses of the API'),
)


@dataclass(frozen=True, slots=True)
class MistakeContext:
    """What ``mistake.html`` shows."""

    status: int
    title: str
    what: str
    detail: str
    code: str
    links: tuple[Way, ...]


def wants_page(request: Request) -> bool:
    """Tell whether a person asked, in a browser, and not for something that programs read."""
    if request.url.path.startswith(PROGRAMS):
        return False
    return prefers_html(request.headers.get('accept'))


def show_error(error: WebApiError) -> HTMLResponse:
    """Show something that was raised on purpose."""
    headers = {k.decode(): v.decode() for k, v in headers_of(error)}
    return show_mistake(status_of(error), str(error), code=error.code, headers=headers)


def show_mistake(
    status: int, detail: str = '', *, code: str = '', headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Show an error as a page."""
    title, what = TEXTS.get(status, (HTTPStatus(status).phrase, ''))
    context = MistakeContext(status, title, what, detail[:MAX_DETAIL], code, WAYS)
    page = render_page('mistake.html', context, status=status)
    page.headers.update({'Vary': 'Accept', **(headers or {})})
    return page
