"""The session's pages as people see them: by every width, scheme, and without eyes."""

from dataclasses import fields

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment, FileSystemLoader, meta
from playwright.sync_api import Browser, expect

from mriqc_webapi.reports.session.pages import OverviewContext, RateContext, SummaryContext
from mriqc_webapi.reports.session.resources import TEMPLATES
from tests.browser import watched_page
from tests.reports.session.conftest import Serve
from tests.reports.session.rater import Rater

PAGES = ('reports/1', 'overview', 'summary')


@pytest.mark.parametrize('path', PAGES)
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [390, 1280])
def test_a_page_is_quiet_accessible_fits_and_asks_nobody_else(
    serve: Serve, browser: Browser, path: str, scheme: str, width: int
) -> None:
    served = serve()
    served.rate(0, '2.00', comment='x')
    size = {'width': width, 'height': 844}
    with watched_page(browser, viewport=size, color_scheme=scheme) as watched:
        page = watched.page
        page.goto(f'{served.address}/{path}')
        page.wait_for_load_state('networkidle')
        is_wider = page.evaluate('document.documentElement.scrollWidth > innerWidth')
        serious = serious_findings(page)
    origins = {served.origin, f'http://127.0.0.1:{served.server.addresses.ports[1]}'}
    assert (watched.complaints, watched.foreign(*origins), is_wider) == ([], [], False)
    assert serious == []


def serious_findings(page) -> list[str]:
    """Run axe-core; the report in its frame is not the session's to judge."""
    found = Axe().run(page, context={'exclude': [['iframe']]}).response['violations']
    return [f'{v["id"]}: {v["nodes"][0]["html"]}' for v in found if v['impact'] in SERIOUS]


SERIOUS = {'serious', 'critical'}


def test_the_keys_and_artifacts_are_accessible_too(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address).press('a', 'm')
    assert serious_findings(rater.page) == []
    rater.press('a', '?')
    expect(rater.page.locator('dialog')).to_be_visible()
    assert serious_findings(rater.page) == []
    rater.press('Escape')
    expect(rater.page.locator('dialog')).to_be_hidden()


def test_what_happens_is_announced(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address).rate('3')
    status = rater.page.locator('[role=status]')
    expect(status).to_have_text('Saved: sub-01_T1w, acceptable 3.00')
    rater.press('Enter')
    expect(rater.page.locator('[role=alert]')).to_contain_text('Choose a grade first')


def test_every_control_can_be_reached_by_tab(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address)
    reached = set()
    for _ in range(40):
        rater.press('Tab')
        reached.add(
            rater.page.evaluate(
                'document.activeElement?.textContent.trim() || document.activeElement?.name'
            )
        )
    wanted = ('Save and next', 'Previous', 'Skip', 'Undo', 'Keys', 'Overview', 'Summary')
    assert [w for w in wanted if not any(w in r for r in reached if r)] == []


@pytest.mark.parametrize(
    ('template', 'context'),
    [
        ('rate.html', RateContext),
        ('overview.html', OverviewContext),
        ('summary.html', SummaryContext),
    ],
)
def test_a_template_uses_all_of_its_context(template: str, context: type) -> None:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters['duration'] = str
    used = set()
    for name in (template, '_page.html'):
        source = environment.loader.get_source(environment, name)[0]
        used |= meta.find_undeclared_variables(environment.parse(source))
    assert {f.name for f in fields(context)} <= used  # what it lacks fails when it is rendered
