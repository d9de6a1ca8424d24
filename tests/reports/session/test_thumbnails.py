"""The picture that stands for a report."""

from pathlib import Path

import pytest

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.reports.session.thumbnails import SVG, find_picture
from tests.reports.session.study import mosaic, noise_png, report_page

PNG = 'data:image/png;base64,'


def write(folder: Path, body: str) -> str:
    """Write a report with this body."""
    (folder / 'sub-01_T1w.html').write_text(report_page('x', '', body))
    return 'sub-01_T1w.html'


def picture(folder: Path, name: str) -> bytes:
    """Write a picture beside the report."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(mosaic(len(name)))
    return path.read_bytes()


def test_the_zoomed_mosaic_is_preferred(tmp_path: Path) -> None:
    picture(tmp_path, 'figures/desc-background_T1w.svg')
    zoomed = picture(tmp_path, 'figures/desc-zoomed_T1w.svg')
    report = write(
        tmp_path,
        '<object type="image/svg+xml" data="./figures/desc-background_T1w.svg"></object>'
        '<object type="image/svg+xml" data="./figures/desc-zoomed_T1w.svg"></object>',
    )
    assert find_picture(tmp_path, report).data == zoomed


def test_else_the_first_picture_that_is_no_icon(tmp_path: Path) -> None:
    import base64

    embedded = noise_png(1, 60)
    body = (
        f'<img src="{PNG}iVBORw0KGgo="><img alt="a" src="{PNG}'
        f'{base64.b64encode(embedded).decode()}"><img src="https://elsewhere.invalid/a.png">'
    )
    found = find_picture(tmp_path, write(tmp_path, body))
    assert (found.data, found.media_type) == (embedded, 'image/png')


def test_a_picture_drawn_into_the_page_stands_alone(tmp_path: Path) -> None:
    drawn = mosaic(1).replace(' xmlns="http://www.w3.org/2000/svg"', '')
    found = find_picture(tmp_path, write(tmp_path, f'<svg viewBox="0 0 1 1"></svg>{drawn}'))
    assert found.media_type == SVG
    assert b'xmlns="http://www.w3.org/2000/svg"' in found.data[:200]
    assert found.data.endswith(b'</svg>')


@pytest.mark.parametrize(
    'body',
    [
        '',
        '<img src="../secret.svg">',
        '<img src="/etc/passwd.svg">',
        '<img src="missing.svg">',
        '<img src="data:text/html,<script>alert(1)</script>">',
        '<img src="data:image/png;base64,%%%">',
    ],
)
def test_a_report_without_a_picture_of_its_own_has_none(tmp_path: Path, body: str) -> None:
    picture(tmp_path, 'secret.svg')
    (tmp_path / 'study').mkdir()
    report = write(tmp_path / 'study', body)
    with pytest.raises(NotFoundError, match='shows no picture'):
        find_picture(tmp_path / 'study', report)
