"""Pages as people see them: in a real browser, by every width and colour scheme."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import requests
from jinja2 import Environment, meta
from playwright.sync_api import Browser, sync_playwright

from mriqc_webapi.web.pages.docs import DocsContext
from mriqc_webapi.web.pages.home import HomeContext
from mriqc_webapi.web.pages.releases import ReleaseContext, ReleasesContext
from tests.live import LiveService

TEMPLATES = Path(__file__).parents[2] / 'src/mriqc_webapi/web/pages/templates'
PATHS = ('/', '/docs', '/releases/')


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    found = os.environ.get('CHROMIUM') or shutil.which('chromium')
    if not found:
        (pytest.fail if os.environ.get('CI') else pytest.skip)(
            'no Chromium: install it, or name it in CHROMIUM'
        )
    flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync']
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=flags)
        yield started
        started.close()


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [390, 1280])
def test_a_page_is_quiet_loads_nothing_foreign_and_fits(
    service: LiveService, browser: Browser, path: str, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={'width': width, 'height': 900},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of its literals
    )
    page = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on('console', lambda m: complaints.append(m.text) if m.type == 'error' else None)
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.on(
        'request',
        lambda r: None if r.url.startswith((service.root, 'data:')) else foreign.append(r.url),
    )
    page.goto(service.root + path)
    page.wait_for_load_state('networkidle')
    is_wider = page.evaluate('document.documentElement.scrollWidth > innerWidth')
    context.close()
    assert (complaints, foreign, is_wider) == ([], [], False)


def test_the_api_browser_shows_the_routes(service: LiveService, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(service.root + '/docs')
    page.wait_for_selector('.opblock-summary-path')
    shown = {
        t.replace('\u200b', '') for t in page.locator('.opblock-summary-path').all_inner_texts()
    }
    page.close()
    assert {'/api/v1/T1w', '/api/v2/{resource}/records'} <= shown


def test_the_docs_are_useful_without_script(service: LiveService, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(service.root + '/docs')
    text = page.inner_text('main')
    context.close()
    assert '/api/v1/T1w' in text
    assert 'queue-full' in text


def test_the_front_page_counts_the_records(service: LiveService, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(service.root + '/')
    total = requests.get(f'{service.root}/api/v1/T1w', timeout=15).headers['X-Total-Count']
    shown = page.locator('.counts li', has_text='T1w').locator('b').inner_text()
    page.close()
    assert int(shown.replace(',', '')) <= int(total)


def test_pages_forbid_foreign_and_inline_code(service: LiveService) -> None:
    for path in PATHS:
        policy = requests.get(service.root + path, timeout=15).headers['Content-Security-Policy']
        assert "default-src 'self'" in policy
        assert 'unsafe' not in policy


@pytest.mark.parametrize(
    ('template', 'context'),
    [
        ('home.html', HomeContext),
        ('docs.html', DocsContext),
        ('releases.html', ReleasesContext),
        ('release.html', ReleaseContext),
    ],
)
def test_a_template_uses_all_of_its_context_and_nothing_else(template: str, context: type) -> None:
    tree = Environment(autoescape=True).parse((TEMPLATES / template).read_text())
    assert meta.find_undeclared_variables(tree) == {f.name for f in fields(context)}
