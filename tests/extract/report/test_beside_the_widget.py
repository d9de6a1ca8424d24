"""Keys of the report and keys of the rating widget in it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import watched_page
from tests.extract.report.heads import functional_head
from tests.extract.report.reports import written


@pytest.fixture(scope='module')
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a short series."""
    path = tmp_path_factory.mktemp('report') / 'sub-01_bold.html'
    return written(path, functional_head((16, 19, 12), 12, (11.2, 11.2, 12.0)))


def test_paging_rates_nothing_and_rating_pages_nothing(browser: Browser, report: Path) -> None:
    with watched_page(browser) as watched:
        page = watched.page
        page.goto(report.as_uri())
        page.locator('#maps .tools').evaluate('one => one.scrollIntoView()')
        page.keyboard.press('ArrowRight')
        caption = page.locator('#maps .caption')
        expect(caption).to_contain_text('slice')
        place = caption.inner_text()
        assert page.locator('mriqc-rating [type=radio]:checked').count() == 0
        page.keyboard.press('2')
        page.get_by_role('radio', name='Exclude').focus()
        page.keyboard.press('ArrowRight')
        expect(page.get_by_role('radio', name='Usable')).to_be_checked()
        assert caption.inner_text() == place


def test_another_map_is_shown_at_the_same_slice(browser: Browser, report: Path) -> None:
    with watched_page(browser) as watched:
        page = watched.page
        page.goto(report.as_uri())
        page.locator('#maps .stack.s0 .tile').nth(2).click()
        picture = page.locator('#maps .picture img').first
        place, mean = page.locator('#maps .caption').inner_text(), picture.get_attribute('src')
        page.locator('#maps .choice label', has_text='tSNR').click()
        assert page.locator('#maps .caption').inner_text() == place
        assert picture.get_attribute('src') != mean
