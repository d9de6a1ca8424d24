"""What holds of every figure, drawn of real records."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pytest

from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.figures import FIGURES, Size, Wanted, find_figure, render, save
from mriqc_webapi.figures.registry import Put, register
from mriqc_webapi.figures.theme import PALETTES

SVG = '{http://www.w3.org/2000/svg}'
FIRST = 'the first record'
EXAMPLES: dict[str, dict[str, str]] = {
    'growth': {},
    'distribution': {'resource': 'T1w', 'iqm': 'cjv', 'by': 'vendor'},
    'distributions': {'resource': 'bold', 'by': 'vendor'},
    'relation': {'resource': 'T1w', 'x': 'cjv', 'y': 'cnr'},
    'correlation': {'resource': 'bold', 'iqm': 'fd_mean,tsnr,gcor'},
    'percentiles': {'resource': 'T1w', 'id': FIRST},
    'ratings-activity': {},
    'grades': {},
    'artifacts': {},
    'agreement': {'by': 'modality'},
}


Make = Callable[..., tuple[Any, Size]]


@pytest.fixture
def make(put: Put, first_id: str) -> Make:
    """Draw the example of a figure; gives the chart and the size that was promised."""

    def make(name: str, width: int = 720) -> tuple[Any, Size]:
        example = {k: first_id if v == FIRST else v for k, v in EXAMPLES[name].items()}
        figure, wanted = find_figure(name), Wanted(**example)
        figure.check(wanted)
        size = figure.size(wanted, width)
        return figure.draw(figure.ask(put, wanted), size), size

    return make


def test_each_figure_has_an_example() -> None:
    assert set(EXAMPLES) == set(FIGURES)


@pytest.mark.parametrize('name', EXAMPLES)
@pytest.mark.parametrize('width', [300, 720, 1080])
def test_a_figure_has_the_size_that_its_page_keeps_free(name: str, width: int, make: Make) -> None:
    chart, size = make(name, width)
    root = ElementTree.fromstring(render(chart, 'svg'))
    assert (root.get('width'), root.get('height')) == (str(size.width), str(size.height))


@pytest.mark.parametrize('name', EXAMPLES)
def test_what_is_drawn_fills_its_size(name: str, make: Make) -> None:
    chart, size = make(name)
    root = ElementTree.fromstring(render(chart, 'svg'))
    _, _, width, height = map(float, root.get('viewBox', '').split())
    assert (width / size.width, height / size.height) == pytest.approx((1, 1), abs=0.06)


@pytest.mark.parametrize('name', EXAMPLES)
def test_an_svg_names_itself_and_keeps_its_text(name: str, make: Make) -> None:
    root = ElementTree.fromstring(render(make(name)[0], 'svg'))
    title, description = root.find(f'{SVG}title'), root.find(f'{SVG}desc')
    assert title is not None
    assert description is not None
    assert title.text
    assert title.text in (description.text or '')
    assert any(title.text.split()[0] in ''.join(t.itertext()) for t in root.iter(f'{SVG}text'))


@pytest.mark.parametrize('name', EXAMPLES)
def test_an_svg_carries_neither_script_nor_style_nor_link(name: str, make: Make) -> None:
    root = ElementTree.fromstring(render(make(name)[0], 'svg'))
    tags = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert not tags & {'script', 'style', 'a', 'image', 'use', 'foreignObject'}


@pytest.mark.parametrize('name', EXAMPLES)
@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_a_png_is_twice_as_fine_as_its_size(name: str, theme: Any, make: Make) -> None:
    png = render(make(name)[0], 'png', theme)
    assert png.startswith(b'\x89PNG\r\n')
    width = int.from_bytes(png[16:20], 'big')
    assert width == pytest.approx(1440, rel=0.06)


@pytest.mark.parametrize('name', EXAMPLES)
def test_a_specification_is_valid_vega_lite(name: str, make: Make) -> None:
    spec = json.loads(render(make(name)[0], 'json', 'dark'))
    assert spec['$schema'].startswith('https://vega.github.io/schema/vega-lite/')
    alt.Chart.from_dict(spec)  # raises where the schema is broken


@pytest.mark.parametrize(
    'name', sorted(EXAMPLES.keys() - {'artifacts'})
)  # which the demo names none of
def test_the_table_of_a_figure_has_named_columns(name: str, make: Make) -> None:
    rows = list(csv.DictReader(io.StringIO(render(make(name)[0], 'csv').decode())))
    assert rows
    assert all(rows[0])


@pytest.mark.parametrize('name', EXAMPLES)
def test_the_ground_of_a_figure_is_that_of_its_theme(name: str, make: Make) -> None:
    for theme, palette in PALETTES.items():
        assert palette.ground in render(make(name)[0], 'svg', theme).decode()


@pytest.mark.parametrize('theme', PALETTES)
def test_each_colour_stands_out_from_the_ground(theme: Any) -> None:
    palette = PALETTES[theme]
    assert min(_contrast(c, palette.ground) for c in palette.groups) >= 3  # WCAG 2.2, 1.4.11
    assert min(_contrast(c, palette.ground) for c in (palette.text, palette.muted)) >= 4.5


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part, 16) / 255 for part in re.findall('..', colour[1:])]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_parameter_that_means_nothing_to_a_figure_is_refused() -> None:
    with pytest.raises(QueryError, match="'growth' takes no iqm"):
        find_figure('growth').check(Wanted(iqm='cjv'))


def test_what_a_figure_needs_must_be_given() -> None:
    with pytest.raises(QueryError, match='needs resource and iqm'):
        find_figure('distribution').check(Wanted())


def test_bins_that_nobody_could_see_are_refused() -> None:
    with pytest.raises(QueryError, match='at most 200 bins'):
        find_figure('distribution').check(Wanted(resource='T1w', iqm='cjv', bins='1000'))


def test_an_unknown_figure_is_told_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match='growth'):
        find_figure('pie')


def test_a_second_figure_of_one_name_is_refused() -> None:
    figure = FIGURES['growth']
    with pytest.raises(ValueError, match='two figures'):
        register('growth', ask=figure.ask, height=figure.height)(figure.draw)


def test_a_file_is_written_as_its_name_ends(tmp_path: Any, make: Make) -> None:
    save(make('growth')[0], tmp_path / 'growth.PNG')
    assert (tmp_path / 'growth.PNG').read_bytes().startswith(b'\x89PNG')


def test_a_name_that_ends_in_no_known_format_is_refused(tmp_path: Any, make: Make) -> None:
    with pytest.raises(QueryError, match=r'must end in one of \.svg'):
        save(make('growth')[0], tmp_path / 'growth.gif')


@pytest.mark.parametrize('name', FIGURES)
def test_a_figure_is_documented_with_all_that_it_takes(name: str) -> None:
    page = (Path(__file__).parents[2] / 'docs' / 'figures.md').read_text()
    [row] = [line for line in page.splitlines() if line.startswith('| `') and f'`{name}`' in line]
    assert [p for p in FIGURES[name].takes if f'`{p}`' not in row] == []
