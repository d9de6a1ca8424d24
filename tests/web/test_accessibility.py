"""Pages as axe-core judges them, in light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser import watched_page
from tests.live import LiveService
from tests.web.test_pages import PATHS

FOREIGN = [['.swagger-ui']]  # vendored, and told plainly to whom it does not suit
GRAVE = {'serious', 'critical'}


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [390, 1280])
def test_a_page_has_no_serious_finding(
    demo: LiveService, browser: Browser, path: str, scheme: str, width: int
) -> None:
    look = {'viewport': {'width': width, 'height': 900}, 'color_scheme': scheme}
    with watched_page(browser, **look) as watched:
        watched.page.goto(demo.root + path)
        watched.page.wait_for_load_state('networkidle')
        found = Axe().run(watched.page, context={'exclude': FOREIGN}).response['violations']
    told = [(v['id'], [n['html'] for n in v['nodes']]) for v in found if v['impact'] in GRAVE]
    assert told == []


def test_every_part_of_the_front_page_is_reached_by_key(
    demo: LiveService, browser: Browser
) -> None:
    with watched_page(browser) as watched:
        watched.page.goto(demo.root)
        watched.page.keyboard.press('Tab')
        assert watched.page.evaluate('document.activeElement.className') == 'skip'
        watched.page.keyboard.press('Enter')
        assert watched.page.evaluate('document.activeElement.id') == 'main'
