import pytest

from mriqc_webapi.reports.former_widgets import find_former_widgets
from tests.reports import layouts


def without(page: bytes) -> bytes:
    """Cut the former widgets out."""
    for start, end in reversed(find_former_widgets(page)):
        page = page[:start] + page[end:]
    return page


def test_nothing_of_the_widget_of_nireports_is_left(tmp_path):
    page = without(layouts.made_by_nireports(tmp_path).read_bytes())
    assert b'qcrating' not in page
    assert b'slider-handle' not in page
    assert b'toggle_rating' not in page


def test_what_follows_the_unclosed_panel_of_nireports_stays(tmp_path):
    page = without(layouts.made_by_nireports(tmp_path).read_bytes())
    assert b'function toggle(id)' in page
    assert page.count(b'<div') == page.count(b'</div>')


@pytest.mark.parametrize(
    'page', [layouts.mriqc_0_12(), layouts.mriqc_0_16()], ids=['0.12', '0.16']
)
def test_nothing_of_an_older_widget_is_left(page):
    left = without(page)
    for name in (b'sendRating', b'ratingName', b'rating-menu', b'btn-post', b'toggle_rating'):
        assert name not in left
    assert left.count(b'<div') == left.count(b'</div>')
    assert layouts.PICTURE.encode() in left


@pytest.mark.parametrize('page', [layouts.mriqc_0_9(), layouts.fmriprep()])
def test_a_report_without_a_widget_has_none(page):
    assert find_former_widgets(page) == []


@pytest.mark.parametrize(
    'page',
    [
        b'<div id="qcrating-menu">',
        b'id="rating-menu"',
        b'function read_form( <div id="rating-menu"',
        b'</div></div><input id="qcrating-toggler"></div>',
        b'<script>function sendRating(',
    ],
)
def test_a_broken_page_is_left_alone(page):
    assert find_former_widgets(page) == []
