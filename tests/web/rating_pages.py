"""Annotated reports, opened from disk in a real browser, and what the service has of them."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from mriqc_webapi.reports.annotate import Wishes, change_report, reports_at
from mriqc_webapi.reports.widget import Widget
from tests.browser import watched_page
from tests.live import TOKEN
from tests.reports import layouts


@dataclass(frozen=True)
class Rated:
    """A report about an image that nobody has rated before."""

    path: Path
    md5sum: str
    root: str  # of the service

    @property
    def answers(self) -> dict[str, Any]:
        """What the service says of the image's ratings."""
        url = f'{self.root}/api/v2/scans/{self.md5sum}/ratings'
        return dict(requests.get(url, timeout=15).json())

    @property
    def only_rating(self) -> dict[str, Any]:
        """The one rating that stands."""
        (rating,) = self.answers['ratings']
        return dict(rating)


def make_report(
    folder: Path,
    root: str,
    *,
    name: str = 'sub-01_T1w.html',
    page: Callable[[str], bytes] = layouts.mriqc_0_12,
    **widget: Any,
) -> Rated:
    """Write a report without resources from elsewhere, and annotate it."""
    md5sum = secrets.token_hex(16)
    path = folder / name
    path.write_bytes(page(md5sum))
    (report,) = reports_at(path)
    wishes = Wishes(widget=Widget(**{'url': root, 'token': TOKEN} | widget))
    outcome = change_report(report, wishes)
    assert outcome.change == 'annotated', outcome.words
    return Rated(path, md5sum, root)


class Form:
    """The widget of a page, as a rater has it before them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.widget = page.locator('mriqc-rating')
        self.status = page.get_by_role('status')

    def open(self, report: Rated) -> 'Form':
        """Open a report from disk."""
        self.page.goto(report.path.as_uri())
        self.page.wait_for_selector('mriqc-rating section')
        return self

    def button(self, name: str) -> Locator:
        """Give a button by what it says."""
        return self.page.get_by_role('button', name=name, exact=True)

    def wait_for(self, words: str) -> None:
        """Wait until the status says so."""
        self.status.filter(has_text=words).wait_for()


@contextmanager
def form_of(browser: Browser, report: Rated, **context: Any) -> Iterator[Form]:
    """Open a report in a browser of its own."""
    with watched_page(browser, **context) as watched:
        yield Form(watched.page).open(report)


def reopened(context: BrowserContext, report: Rated) -> Form:
    """Open a report again in the same browser."""
    return Form(context.new_page()).open(report)
