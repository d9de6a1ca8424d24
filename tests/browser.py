"""A real Chromium, and pages whose complaints and requests are written down."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = ('--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync')


def find_chromium() -> str | None:
    """Find the program: what CHROMIUM names, or what is installed."""
    return os.environ.get('CHROMIUM') or shutil.which('chromium')


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start Chromium, and stop it at the end."""
    found = find_chromium()
    if not found:
        (pytest.fail if os.environ.get('CI') else pytest.skip)(
            'no Chromium: install it, or name it in CHROMIUM'
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        started.close()


@dataclass
class Watched:
    """A page together with everything that it complained of and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)  # errors on the console, and uncaught
    requests: list[str] = field(default_factory=list)  # URLs, in order

    @property
    def context(self) -> BrowserContext:
        """The browser of its own that the page is in."""
        return self.page.context

    def foreign(self, *own: str) -> list[str]:
        """List the requests to anywhere but the given roots."""
        return [url for url in self.requests if not url.startswith((*own, 'data:', 'blob:'))]


@contextmanager
def watched_page(browser: Browser, **context: Any) -> Iterator[Watched]:
    """Open a page in a context of its own; the keywords are Playwright's for contexts."""
    opened = browser.new_context(**context)
    watched = Watched(opened.new_page())
    page = watched.page
    page.on('console', lambda m: _note(watched, m.text) if m.type == 'error' else None)
    page.on('pageerror', lambda error: _note(watched, str(error)))
    page.on('request', lambda request: watched.requests.append(request.url))
    try:
        yield watched
    finally:
        opened.close()


def _note(watched: Watched, complaint: str) -> None:
    watched.complaints.append(complaint)
