"""What meets the eye of a report: sides, borders, places and cards."""

import numpy as np
import pytest

from mriqc_webapi.extract.report.anatomical import anatomical_glance
from mriqc_webapi.extract.report.slices import box_around, cuts
from tests.browser import watched_page
from tests.extract.report.heads import anatomical_head, functional_head
from tests.extract.report.reports import record_of, written
from tests.extract.report.test_pictures import decoded

WIDE = {'width': 1280, 'height': 900}
SMALL = ((40, 48, 40), (4.8, 4.8, 4.8))


@pytest.mark.parametrize('most', [5, 7, 16, 40])
def test_neighbouring_slices_are_all_as_far_apart(most):
    mask = np.zeros((4, 4, 60), bool)
    mask[1:3, 1:3, 10:50] = True
    box = box_around(mask, (1.0, 1.0, 1.0))
    found = cuts('axial', mask, box=box, spacing_mm=(1, 1, 1), affine=np.eye(4), most=most)
    places = [cut.index for cut in found]
    (step,) = set(np.diff(places))
    assert most / 2 < len(places) <= most
    assert places[0] - 10 < step > 49 - places[-1]


def test_names_of_slices_go_on_evenly_from_half_to_half():
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    affine[2, 3] = -1.5
    mask = np.ones((4, 4, 4), bool)
    box = box_around(mask, (1.0, 1.0, 3.0))
    found = cuts('axial', mask, box=box, spacing_mm=(1, 1, 3), affine=affine, most=4)
    assert [cut.name for cut in found] == ['z −1', 'z 2', 'z 5', 'z 8']


def test_each_slice_of_the_glance_names_its_sides():
    glance = anatomical_glance(anatomical_head(*SMALL))
    picture = decoded(glance.picture)
    strip = picture[:, : glance.width // 3].max(axis=2)
    corners = strip[:, : strip.shape[1] // 8], strip[:, -strip.shape[1] // 8 :]
    assert all((corner > 200).sum() > 10 for corner in corners)


def test_slices_name_their_sides_in_the_mosaic(browser, tmp_path):
    page_of = written(tmp_path / 'sub-01_T1w.html', anatomical_head(*SMALL))
    with watched_page(browser, viewport=WIDE) as watched:
        watched.page.goto(page_of.as_uri())
        told = [sides(watched.page, stack) for stack in range(3)]
    assert told == ['LR', 'LR', 'PA']


@pytest.mark.parametrize('width', [390, 768, 1280])
def test_no_number_is_wider_than_its_card(browser, tmp_path, width):
    maps = functional_head((32, 38, 24), 20, (5.6, 5.6, 6.0))
    record = record_of('bold', gsr_x=-0.003867, dvars_nstd=-1234.5)
    page_of = written(tmp_path / 'sub-01_bold.html', maps, record=record)
    with watched_page(browser, viewport={'width': width, 'height': 900}) as watched:
        watched.page.goto(page_of.as_uri())
        parts = watched.page.locator('.stat > *')
        assert parts.count() > 10
        wide = parts.evaluate_all(
            'all => all.filter((one) => one.scrollWidth > one.clientWidth + 1 '
            '&& getComputedStyle(one).display !== "inline").map((one) => one.textContent)'
        )
    assert wide == []


@pytest.mark.parametrize('width', [390, 1280])
def test_units_and_ends_of_axes_do_not_meet(browser, tmp_path, width):
    maps = functional_head((32, 38, 24), 20, (5.6, 5.6, 6.0))
    page_of = written(tmp_path / 'sub-01_bold.html', maps)
    with watched_page(browser, viewport={'width': width, 'height': 900}) as watched:
        watched.page.goto(page_of.as_uri())
        axes = watched.page.locator('.row .axis')
        assert axes.count() > 2
        met = axes.evaluate_all(MEETING)
    assert met == []


MEETING = """all => all.flatMap((axis) => {
  const range = document.createRange();
  const boxes = (part) => { range.selectNodeContents(part); return [...range.getClientRects()]; };
  const ends = [...axis.querySelectorAll('.ends > span')].flatMap(boxes);
  const words = [...axis.querySelectorAll('b, small:not(.ends), .line')].flatMap(boxes);
  const meet = (a, b) => a.left < b.right && b.left < a.right
    && a.top < b.bottom && b.top < a.bottom;
  return words.some((a) => ends.some((b) => meet(a, b))) ? [axis.textContent] : [];
})"""


def sides(page, stack):
    """Read what the style writes at either hand of a stack's first slice."""
    tile = page.locator(f'#brain .stack.s{stack} .tile').first
    return ''.join(
        tile.evaluate('(tile, at) => getComputedStyle(tile, at).content', at).strip('"')
        for at in ('::before', '::after')
    )
