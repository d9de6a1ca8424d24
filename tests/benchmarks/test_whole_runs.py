"""The one command measures a real service from beginning to end; how fast, no test asserts."""

from pathlib import Path

import pytest
from benchmarks.__main__ import measure_at
from benchmarks.bench import MEASURES
from benchmarks.curve import curve_table, growth_exponent
from benchmarks.downloads import MAX_PAGES, sample_pages
from benchmarks.figures import Figure, Sample
from benchmarks.options import MEASURES as NAMED
from benchmarks.options import MIN_RECORDS, Options, parse

STATISTICS = ('distribution', 'grouped', 'growth', 'correlation', 'summary', 'relation', 'others')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the data of a first run are kept from test to test."""
    folder = tmp_path_factory.mktemp('kept')
    assert 'import' in {figure.what for figure in figures(folder, 'memory')}
    return folder


def figures(folder: Path, *only: str) -> list[Figure]:
    options = Options(only=only, repetitions=1, seconds=0.3)
    return list(measure_at(options, MIN_RECORDS, folder))


@pytest.mark.parametrize(
    'only',
    [
        ('item', 'page', 'last-page', 'md5', 'filter', 'sort', *STATISTICS),
        ('export', 'paging', 'release', 'lag', 'post', 'stopped', 'workers'),
    ],
    ids=lambda only: only[0],
)
def test_every_measure_gives_figures(
    folder: Path, only: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('benchmarks.processes.LIMIT_S', 0.5)
    found = figures(folder, *only)
    assert len(found) >= len(only)
    assert all(value > 0 for figure in found for value in figure.sample.values if figure.unit)


def test_kept_records_are_not_loaded_again(folder: Path) -> None:
    assert not {f.what for f in figures(folder, 'memory')} & {'import', 'first build of the copy'}


def test_records_of_another_kind_are_not_taken_for_those_asked_for(folder: Path) -> None:
    with pytest.raises(SystemExit, match='holds other records'):
        list(measure_at(Options(repeats=0.5), MIN_RECORDS, folder))


def test_the_order_of_measures_names_each_of_them() -> None:
    assert sorted(NAMED) == sorted(MEASURES)


@pytest.mark.parametrize(
    'arguments', [['--only', 'nothing'], ['--curve', '100'], ['--load-only']], ids=lambda a: a[0]
)
def test_what_cannot_be_measured_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parse(arguments)
    assert refused.value.code == 2


@pytest.mark.parametrize('exponent', [0.0, 0.5, 1.0, 2.0])
def test_the_growth_of_a_cost_is_its_exponent(exponent: float) -> None:
    costs = {n: 3 * n**exponent for n in (100, 10_000, 1_000_000)}
    assert growth_exponent(costs) == pytest.approx(exponent)


def test_one_size_tells_no_growth() -> None:
    assert growth_exponent({1000: 5.0}) is None


def test_a_curve_gives_each_figure_at_each_size() -> None:
    def at(n: int) -> list[Figure]:
        return [
            Figure(what='histogram', unit='ms', sample=Sample((n / 100,))),
            Figure(what='export', unit='records/s', sample=Sample((50_000,))),
        ]

    rows = curve_table({n: at(n) for n in (100, 1_000, 10_000)}).splitlines()
    cells = [[cell.strip() for cell in row.split('|')[1:-1]] for row in rows]
    assert cells[0] == ['what', 'unit', '100', '1,000', '10,000', 'grows as N^']
    assert cells[2] == ['histogram', 'ms', '1.00', '10.0', '100', '1.00']
    assert cells[3] == ['export', 'records/s', '50,000', '50,000', '50,000', '1.00']


@pytest.mark.parametrize('n_pages', [1, MAX_PAGES, MAX_PAGES + 1, 20_000])
def test_pages_are_asked_for_once_each_and_from_the_whole_archive(n_pages: int) -> None:
    pages = sample_pages(n_pages)
    assert len(pages) == min(n_pages, MAX_PAGES)
    assert (pages[0], pages[-1]) == (1, n_pages)
    assert set(pages) <= set(range(1, n_pages + 1))
