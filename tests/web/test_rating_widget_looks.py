"""The rating widget for every eye: widths, colour schemes, screen readers, strict pages."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mriqc_webapi.reports.annotate import annotated
from mriqc_webapi.reports.images import Image
from mriqc_webapi.reports.widget import FACES, Face, Widget, script_hash
from tests.browser import watched_page
from tests.live import TOKEN, LiveService
from tests.web.rating_pages import Form, form_of, make_report

SERIOUS = {'serious', 'critical'}


@pytest.fixture(scope='module')
def service(started: Callable[[str], LiveService]) -> LiveService:
    """A running service on one database: the script is tested here, its routes on both."""
    return started('sqlite')


def serious_findings(form: Form) -> list[str]:
    """Ask axe-core about the widget."""
    violations: list[dict[str, Any]] = (
        Axe().run(form.page, context='mriqc-rating').response['violations']
    )
    return [f'{v["id"]}: {v["nodes"]}' for v in violations if v['impact'] in SERIOUS]


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('face', FACES)
def test_screen_readers_find_nothing_serious(
    browser: Browser, service: LiveService, tmp_path: Path, face: Face, scheme: str
) -> None:
    report = make_report(tmp_path, service.root, face=face)
    with form_of(browser, report, color_scheme=scheme) as form:
        for summary in form.page.locator('summary').all():
            summary.click()
        form.page.keyboard.press('2')
        found = serious_findings(form)
        form.button('Submit').click()
        form.page.locator('mriqc-rating table').wait_for()
        found += serious_findings(form)
    assert found == []


@pytest.mark.parametrize('face', FACES)
def test_a_narrow_page_starts_with_the_report_and_is_never_wider(
    browser: Browser, service: LiveService, tmp_path: Path, face: Face
) -> None:
    report = make_report(tmp_path, service.root, face=face)
    with form_of(browser, report, viewport={'width': 320, 'height': 568}) as form:
        assert not form.button('Submit').is_visible()
        form.page.get_by_role('button', name='Rate this image').click()
        assert form.button('Submit').is_visible()
        for element in ('document.documentElement', "document.querySelector('mriqc-rating')"):
            assert not form.page.evaluate(f'{element}.scrollWidth > innerWidth')
        box = form.page.locator('mriqc-rating section').bounding_box()
    assert box is not None
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= 320
    assert box['y'] >= 0


def test_the_panel_is_labelled(browser: Browser, service: LiveService, tmp_path: Path) -> None:
    with form_of(browser, make_report(tmp_path, service.root, face='detailed')) as form:
        slider = form.page.get_by_role('slider', name='Overall quality, from 1 to 4')
        form.page.keyboard.press('3')
        assert slider.get_attribute('aria-valuetext') == '3.00 Acceptable'
        assert form.button('Acceptable').get_attribute('aria-pressed') == 'true'
        assert form.page.get_by_role('region', name='Image rating').is_visible()


@contextmanager
def served(page: bytes, policy: str) -> Iterator[str]:
    """Serve one page under a Content-Security-Policy."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path == '/report.html'
            self.send_response(200 if is_page else 204)
            self.send_header('Content-Type', 'text/html; charset=utf-8')
            self.send_header('Content-Security-Policy', policy)
            self.end_headers()
            if is_page:
                self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.server_port}/report.html'
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize('face', FACES)
def test_it_works_where_nothing_but_its_script_is_allowed(
    browser: Browser, service: LiveService, face: Face
) -> None:
    policy = f"default-src 'none'; script-src {script_hash()}; connect-src {service.root}"
    page, _ = annotated(
        b'<!doctype html><html lang="en"><title>Report</title><body><h1>Report</h1></body></html>',
        Widget(url=service.root, token=TOKEN, face=face),
        Image(md5sum='c' * 32),
        report='sub-01_T1w.html',
    )
    with served(page, policy) as url, watched_page(browser) as watched:
        watched.page.goto(url)
        form = Form(watched.page)
        form.page.keyboard.press('2')
        form.page.keyboard.press('Enter')
        form.page.locator('mriqc-rating table').wait_for()
        colour = form.button('Change my rating').evaluate('b => getComputedStyle(b).borderRadius')
    assert watched.complaints == []
    assert colour == '8px'
