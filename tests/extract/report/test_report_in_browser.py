"""Reports opened from disk in a real Chromium, for every eye and hand."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from mriqc_webapi.extract.maps import MaskOrigin
from tests.browser import Watched, watched_page
from tests.extract.report.heads import MD5, anatomical_head, functional_head
from tests.extract.report.reports import written

GRAVE = {'serious', 'critical'}
NAMES = ('sub-01_T1w', 'sub-01_task-rest_bold')
PERCENTILES = {'cjv': 99.2, 'cnr': 99.5, 'wm2max': 1.0, 'snr_wm': 40.0}

Opened = Callable[..., Any]


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a head, with all there can be in it, and one of a series."""
    folder = tmp_path_factory.mktemp('reports')
    origin = MaskOrigin(method='bet+atlas', doubts=('two methods do not agree',))
    maps = anatomical_head((40, 48, 40), (4.8, 4.8, 4.8), brain_mask=origin, notes=('odd',))
    written(folder / f'{NAMES[0]}.html', maps, percentiles=PERCENTILES)
    written(folder / f'{NAMES[1]}.html', functional_head((32, 38, 24), 40, (5.6, 5.6, 6.0)))
    return folder


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Opened:
    """Open a report from disk; the keywords are Playwright's for contexts."""

    @contextmanager
    def opened(name: str = NAMES[0], **context: Any) -> Iterator[Watched]:
        with watched_page(browser, **context) as watched:
            watched.page.goto((folder / f'{name}.html').as_uri())
            yield watched

    return opened


def tiles_shown(page: Page, browser: str = 'brain') -> Locator:
    """Find the slices of a browser that are to be seen."""
    return page.locator(f'#{browser} .tile:visible')


def seen(place: Locator) -> np.ndarray:
    """Look at a part of the page: (rows, columns, 3) float."""
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert('RGB'), float)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize(('scheme', 'width'), [('light', 1280), ('dark', 390)])
def test_it_opens_from_disk_and_suits_every_eye(
    opened: Opened, name: str, scheme: str, width: int
) -> None:
    look = {'viewport': {'width': width, 'height': 900}, 'color_scheme': scheme}
    with opened(name, **look) as watched:
        page = watched.page
        for summary in page.locator('main details:not([open]) > summary').all()[::-1]:
            summary.click()
        found = Axe().run(page).response['violations']
        assert watched.complaints == []
        assert watched.foreign('file:') == []
    told = [(v['id'], [n['html'] for n in v['nodes']]) for v in found if v['impact'] in GRAVE]
    assert told == []


@pytest.mark.parametrize('name', NAMES)
def test_it_is_never_wider_than_the_window(opened: Opened, name: str) -> None:
    with opened(name) as watched:
        for width in (320, 390, 768, 1280):
            watched.page.set_viewport_size({'width': width, 'height': 900})
            wide = watched.page.evaluate('document.documentElement.scrollWidth')
            assert wide <= width


@pytest.mark.parametrize('name', NAMES)
def test_without_script_all_slices_are_there_and_planes_and_outlines_can_be_chosen(
    opened: Opened, name: str
) -> None:
    part = 'brain' if name == NAMES[0] else 'maps'
    with opened(name, java_script_enabled=False) as watched:
        page = watched.page
        tiles = page.locator(f'#{part} .stack.s0 .tile')
        assert tiles.count() > 10
        assert tiles.last.is_visible()
        assert not page.locator(f'#{part} .stack.s1').is_visible()
        assert not page.locator(f'#{part} .stack.s0 .layer.l0').first.is_visible()
        page.locator(f'#{part} .choice label').nth(1).click()
        page.locator(f'#{part} .layers label').first.click()
        assert not tiles.last.is_visible()
        assert page.locator(f'#{part} .stack.s1 .layer.l0').first.is_visible()


def test_a_slice_is_looked_at_alone_and_paged_by_key(opened: Opened) -> None:
    with opened() as watched:
        page = watched.page
        n_slices = tiles_shown(page).count()
        tiles_shown(page).nth(3).click()
        caption = page.locator('#brain .caption')
        assert tiles_shown(page).count() == 0
        for key, number in (('ArrowRight', 5), ('ArrowLeft', 4), ('Home', 1), ('End', n_slices)):
            page.keyboard.press(key)
            assert f'slice {number} of {n_slices}' in caption.inner_text()
        page.keyboard.press('ArrowRight')
        assert f'slice {n_slices} of {n_slices}' in caption.inner_text()
        page.keyboard.press('Escape')
        assert tiles_shown(page).count() == n_slices


def test_the_slider_pages_and_says_where_it_is(opened: Opened) -> None:
    with opened() as watched:
        page = watched.page
        page.locator('#brain').get_by_role('button', name='One by one').click()
        slider = page.locator('#brain').get_by_role('slider', name='Slice')
        slider.focus()
        page.keyboard.press('Home')
        first = slider.get_attribute('aria-valuetext')
        page.keyboard.press('ArrowRight')
        assert first is not None
        assert 'slice 1 of' in first
        assert 'slice 2 of' in (slider.get_attribute('aria-valuetext') or '')


def test_all_is_reached_by_the_keyboard_alone(opened: Opened) -> None:
    with opened() as watched:
        page = watched.page
        page.keyboard.press('Tab')
        page.keyboard.press('Enter')
        reached = set()
        for _ in range(40):
            page.keyboard.press('Tab')
            at = 'document.activeElement'
            reached.add(page.evaluate(f"{at}.closest('section')?.id + ' ' + {at}.tagName"))
        assert {'brain INPUT', 'brain BUTTON', 'noise INPUT', 'iqms SUMMARY'} <= reached


def test_outlines_are_laid_over_by_a_key(opened: Opened) -> None:
    with opened() as watched:
        page = watched.page
        page.locator('#brain').get_by_role('button', name='One by one').click()  # the middle
        picture = page.locator('#brain .picture')
        plain = seen(picture)
        page.keyboard.press('b')
        outlined = seen(picture)
        page.keyboard.press('b')
        back = seen(picture)
    tint = np.ptp(outlined, axis=2) > 60  # grey has none
    assert not (np.ptp(plain, axis=2) > 60).any()
    assert 0.005 < tint.mean() < 0.2
    assert np.array_equal(plain, back)


def test_the_brain_fills_its_slices_and_noise_is_to_be_seen_around_the_head(
    opened: Opened,
) -> None:
    with opened() as watched:
        page = watched.page
        brain = seen(tiles_shown(page).nth(tiles_shown(page).count() // 2))
        noise = seen(tiles_shown(page, 'noise').last)
    inner = brain[brain.shape[0] // 3 : -brain.shape[0] // 3]
    assert inner.mean() > 60
    assert noise.std() > 10
    assert 10 < np.median(noise) < 200


def test_a_warning_comes_before_the_pictures(opened: Opened) -> None:
    with opened() as watched:
        notice, picture = (
            watched.page.locator(place).first.bounding_box() for place in ('.notice', 'img')
        )
    assert notice is not None
    assert picture is not None
    assert notice['y'] + notice['height'] <= picture['y']


def test_curves_and_carpet_share_their_time(opened: Opened) -> None:
    with opened(NAMES[1]) as watched:
        boxes = [box.bounding_box() for box in watched.page.locator('#time .plot').all()]
    lefts, widths = ({round(box[side], 1) for box in boxes if box} for side in ('x', 'width'))
    assert len(boxes) >= 9
    assert len(lefts) == len(widths) == 1


def test_a_jump_of_the_head_is_told_where_it_is(opened: Opened) -> None:
    with opened(NAMES[1]) as watched:
        page = watched.page
        volume = page.get_by_role('slider', name='Volume')
        volume.focus()
        page.keyboard.press('Home')
        for _ in range(40 // 3):
            page.keyboard.press('ArrowRight')
        jump = volume.get_attribute('aria-valuetext') or ''
        page.keyboard.press('ArrowLeft')
        before = volume.get_attribute('aria-valuetext') or ''
    assert jump.startswith('Volume 16')  # two volumes were left out before the first
    assert 'FD 1.' in jump
    assert 'FD 0.' in before


def test_pointing_at_the_carpet_tells_the_volume(opened: Opened) -> None:
    with opened(NAMES[1]) as watched:
        plot = watched.page.locator('#time .strip.brain .plot')
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        watched.page.mouse.move(box['x'] + box['width'] * 20.5 / 40, box['y'] + 20)
        assert 'Volume 23 · 44.0 s' in watched.page.locator('#time .told').inner_text().replace(
            ', ', ' · '
        )


def test_a_rating_given_in_it_is_saved_as_a_file_where_no_service_is_named(
    opened: Opened,
) -> None:
    with opened() as watched:
        page = watched.page
        page.get_by_role('radio', name='Good').or_(page.get_by_role('button', name='Good')).click()
        with page.expect_download() as saved:
            page.get_by_role('button', name='Submit').click()
        rating = json.loads(saved.value.path().read_text())
        assert watched.complaints == []
    assert MD5 in json.dumps(rating)


def test_on_paper_every_slice_is_there_and_no_panel_lies_over_it(opened: Opened) -> None:
    with opened() as watched:
        watched.page.emulate_media(media='print')
        assert tiles_shown(watched.page).count() > 10
        assert not watched.page.get_by_role('button', name='Submit').is_visible()
