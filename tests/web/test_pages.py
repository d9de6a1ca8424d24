"""Pages as people see them: in a real browser, by every width and colour scheme."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from jinja2 import Environment, meta, nodes
from playwright.sync_api import Browser, expect

from mriqc_webapi.web.pages.about import AboutContext
from mriqc_webapi.web.pages.compare import CompareContext
from mriqc_webapi.web.pages.dictionary import DictionaryContext
from mriqc_webapi.web.pages.docs import DocsContext
from mriqc_webapi.web.pages.drift import DriftContext
from mriqc_webapi.web.pages.explore import ExploreContext
from mriqc_webapi.web.pages.frozen import IndexContext, ItemContext, ListContext
from mriqc_webapi.web.pages.home import HomeContext
from mriqc_webapi.web.pages.mistakes import MistakeContext
from mriqc_webapi.web.pages.problem_kinds import ProblemsContext
from mriqc_webapi.web.pages.ratings import RatingsContext
from mriqc_webapi.web.pages.records import RecordContext
from mriqc_webapi.web.pages.releases import ReleaseContext, ReleasesContext
from mriqc_webapi.web.pages.withdraw import WithdrawContext
from tests.browser import Watched, watched_page
from tests.live import LiveService
from tests.web.asking import payload, upload

TEMPLATES = Path(__file__).parents[2] / 'src/mriqc_webapi/web/pages/templates'
PATHS = (
    '/',
    '/compare',
    '/docs',
    '/docs/problems',
    '/explore',
    '/explore?resource=bold&by=vendor&iqm=fd_mean&all=1',
    '/explore?where=cjv%20=',
    '/releases/',
    '/withdraw',
    '/ratings',
    '/ratings?by=period&since=2017-09-01',
    '/dictionary',
    '/dictionary/bold?range=1',
    '/drift',
    '/about',
)


@pytest.fixture(scope='module')
def looks(browser: Browser) -> Iterator[Callable[[str, int], Watched]]:
    """Give the window of a scheme and a width; one goes through all of the site."""
    with ExitStack() as windows:

        @cache
        def open_window(scheme: Any, width: int) -> Watched:
            look: Any = {'viewport': {'width': width, 'height': 900}, 'color_scheme': scheme}
            return windows.enter_context(watched_page(browser, **look))

        yield open_window


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [390, 1280])
def test_a_page_is_quiet_loads_nothing_foreign_and_fits(
    demo: LiveService,
    looks: Callable[[str, int], Watched],
    path: str,
    scheme: str,
    width: int,
) -> None:
    allowed = 'status of 4' if '%20=' in path else ''  # a filter that cannot be understood
    watched = looks(scheme, width)
    watched.page.goto('about:blank')  # what the page before says late is its own
    watched.complaints.clear()
    watched.requests.clear()
    watched.page.goto(demo.root + path)
    watched.page.wait_for_load_state('networkidle')
    is_wider = watched.page.evaluate('document.documentElement.scrollWidth > innerWidth')
    complaints = [c for c in watched.complaints if not allowed or allowed not in c]
    assert (complaints, watched.foreign(demo.root), is_wider) == ([], [], False)


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
    page.goto(service.root + '/docs/problems')
    problems = page.inner_text('main')
    context.close()
    assert '/api/v1/T1w' in text
    assert 'queue-full' in problems


def test_the_front_page_counts_what_there_is(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser) as watched:
        watched.page.goto(demo.root)
        watched.page.wait_for_function("!document.querySelector('.stats').innerText.includes('…')")
        shown = watched.page.locator('.stats b').all_inner_texts()
    assert shown == ['600', '572', '187', '12']


def test_the_front_page_goes_on_counting(service: LiveService, browser: Browser) -> None:
    with watched_page(browser) as watched:
        watched.page.clock.install()
        watched.page.goto(service.root)
        records = watched.page.locator('[data-count=records]')
        before = int(records.inner_text().replace(',', ''))
        assert upload(service, payload()).status_code == 201
        watched.page.clock.run_for(31_000)
        expect(records).to_have_text(f'{before + 1:,}')


def test_the_front_page_is_useful_without_script(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser, java_script_enabled=False) as watched:
        watched.page.goto(demo.root)
        text = watched.page.inner_text('main')
    assert '600' in text
    assert '--webapi-url' in text
    assert '/api/v2/T1w/export.parquet' in text


def test_the_current_page_is_marked(demo: LiveService, browser: Browser) -> None:
    for path, name in (('/explore', 'Explore'), ('/docs', 'API'), ('/releases/', 'Releases')):
        with watched_page(browser) as watched:
            watched.page.goto(demo.root + path)
            marked = watched.page.locator('nav[aria-label=Main] [aria-current]').all_inner_texts()
        assert marked == [name]


def test_a_request_can_be_copied(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser, permissions=['clipboard-read', 'clipboard-write']) as watched:
        watched.page.goto(demo.root)
        watched.page.get_by_role('button', name='Copy: MRIQC').click()
        expect(watched.page.get_by_role('button', name='Copy: MRIQC')).to_have_text('Copied')
        copied = watched.page.evaluate('navigator.clipboard.readText()')
    assert copied.startswith('mriqc BIDS_DIR OUT_DIR participant')


def test_pages_forbid_foreign_and_inline_code(demo: LiveService) -> None:
    for path in PATHS:
        policy = requests.get(demo.root + path, timeout=15).headers['Content-Security-Policy']
        assert "default-src 'self'" in policy
        assert 'unsafe' not in policy


@pytest.mark.parametrize(
    ('template', 'context'),
    [
        ('about.html', AboutContext),
        ('compare.html', CompareContext),
        ('dictionary.html', DictionaryContext),
        ('drift.html', DriftContext),
        ('ratings.html', RatingsContext),
        ('explore.html', ExploreContext),
        ('mistake.html', MistakeContext),
        ('record.html', RecordContext),
        ('v1_index.html', IndexContext),
        ('v1_item.html', ItemContext),
        ('v1_list.html', ListContext),
        ('home.html', HomeContext),
        ('docs.html', DocsContext),
        ('problems.html', ProblemsContext),
        ('releases.html', ReleasesContext),
        ('release.html', ReleaseContext),
        ('withdraw.html', WithdrawContext),
    ],
)
def test_a_template_uses_all_of_its_context_and_nothing_else(template: str, context: type) -> None:
    tree = Environment(autoescape=True).parse((TEMPLATES / template).read_text())
    used = meta.find_undeclared_variables(tree) - set(_macros(tree))
    assert used == {f.name for f in fields(context)}


def _macros(tree: nodes.Template) -> Iterator[str]:
    """Name what a template defines or imports itself; blocks see it, but the finder does not."""
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for imported in tree.find_all(nodes.FromImport):
        yield from (name if isinstance(name, str) else name[1] for name in imported.names)
