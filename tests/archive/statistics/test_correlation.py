"""Correlations against NumPy and SciPy, pair by pair."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mriqc_webapi.archive.statistics import correlation, pearson, spearman
from mriqc_webapi.archive.statistics import sample as samples
from mriqc_webapi.archive.statistics.correlation import Correlation
from mriqc_webapi.errors import QueryError
from tests.archive.statistics.conftest import FEW, Laboratory

NAMES = ('cjv', 'snr', 'size_x', 'bids_meta.EchoTime')


def table_of(rows: list[tuple]) -> Laboratory:
    return Laboratory(
        [{'cjv': a, 'snr': b, 'size_x': c, 'bids_meta': {'EchoTime': d}} for a, b, c, d in rows]
    )


def expected(x: np.ndarray, y: np.ndarray) -> tuple[int, float | None, float | None]:
    """Correlate the complete pairs, scaled to where SciPy's sums cannot overflow."""
    held = ~(np.isnan(x) | np.isnan(y))
    x, y = x[held], y[held]
    if len(x) < 2 or len(set(x)) == 1 or len(set(y)) == 1:
        return len(x), None, None
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of nearly constant input
        x, y = x / np.abs(x).max(), y / np.abs(y).max()
        return len(x), stats.pearsonr(x, y)[0], stats.spearmanr(x, y)[0]


def check(told: dict, columns: list[np.ndarray]) -> None:
    for i, x in enumerate(columns):
        for j, y in enumerate(columns):
            n, pearson, spearman_ = expected(x, y)
            assert told['n'][i][j] == n
            assert is_near(told['pearson'][i][j], pearson)
            assert is_near(told['spearman'][i][j], spearman_)


def is_near(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_real_records_correlate_as_scipy_says(bold):
    documents, laboratory = bold
    names = ('fd_mean', 'tsnr', 'fber', 'efc', 'gsr_x', 'dummy_trs', 'spikes_num', 'size_t')
    told = laboratory.ask(Correlation(iqms=names))
    columns = [
        np.array([math.nan if d.get(n) is None else d[n] for d in documents], dtype=float)
        for n in names
    ]
    check(told, columns)


values = st.none() | st.integers(-3, 3) | st.integers(-1000, 1000).map(lambda i: i / 8)
rows = st.lists(st.tuples(values, values, st.none() | st.integers(-9, 9), values), max_size=25)


@FEW
@given(rows, st.sampled_from([1.0, 1e-300, 1e300, -1e150]))
def test_gaps_ties_constants_and_scales_change_nothing(given_rows, scale):
    scaled = [(a if a is None else a * scale, b, c, d) for a, b, c, d in given_rows]
    laboratory = table_of(scaled)
    told = laboratory.ask(Correlation(iqms=NAMES))
    laboratory.connection.close()
    columns = np.array(
        [[math.nan if v is None else v for v in row] for row in scaled], dtype=float
    )
    check(told, list(columns.reshape(-1, 4).T))


def test_pairs_are_right_even_where_a_giant_is_missing_from_one_of_them(lab):
    rng = np.random.default_rng(1)
    small, other = rng.normal(size=50).tolist(), rng.normal(size=50).tolist()
    documents = [{'cjv': a, 'snr': b} for a, b in zip(small, other, strict=True)]
    documents.append({'cjv': 1e300})
    told = lab(documents).ask(Correlation(iqms=('cjv', 'snr')))
    assert told['pearson'][0][1] == pytest.approx(stats.pearsonr(small, other)[0], rel=1e-9)


def test_a_small_spread_far_from_zero_keeps_its_digits(lab):
    rng = np.random.default_rng(2)
    x = 1e6 + rng.normal(size=200)
    y = x + rng.normal(size=200)
    told = lab([{'cjv': a, 'snr': b} for a, b in zip(x.tolist(), y.tolist(), strict=True)]).ask(
        Correlation(iqms=('cjv', 'snr'))
    )
    assert told['pearson'][0][1] == pytest.approx(stats.pearsonr(x, y)[0], rel=1e-9)


@pytest.mark.parametrize('max_held', [0, correlation.MAX_HELD], ids=['fetched twice', 'held'])
def test_blocks_of_rows_add_up(bold, monkeypatch, max_held):
    _, laboratory = bold
    question = Correlation(iqms=('fd_mean', 'tsnr', 'dummy_trs'))
    whole = laboratory.ask(question)
    monkeypatch.setattr(samples, 'MAX_VALUES_AT_ONCE', 21)
    monkeypatch.setattr(spearman, 'ROWS_AT_ONCE', 7)
    monkeypatch.setattr(pearson, 'BLOCK_ROWS', 11)
    monkeypatch.setattr(correlation, 'MAX_HELD', max_held)
    parts = laboratory.ask(question)
    assert np.array(parts['pearson']) == pytest.approx(np.array(whole['pearson']), rel=1e-9)
    assert np.array(parts['spearman']) == pytest.approx(np.array(whole['spearman']), rel=1e-9)


def test_records_with_two_values_are_used(lab):
    told = lab([{'cjv': 1, 'snr': 2}, {'cjv': 1}, {}]).ask(Correlation(iqms=('cjv', 'snr')))
    assert (told['n_used'], told['n_missing']) == (1, 2)


def test_one_method_can_be_left_out(bold):
    _, laboratory = bold
    names = ('fd_mean', 'tsnr', 'dummy_trs')
    both = laboratory.ask(Correlation(iqms=names))
    for method, other in (('pearson', 'spearman'), ('spearman', 'pearson')):
        told = laboratory.ask(Correlation(iqms=names, method=method))
        assert (told[method], told[other], told['n']) == (both[method], None, both['n'])


def test_all_iqms_are_correlated_by_default(bold):
    _, laboratory = bold
    assert len(laboratory.ask(Correlation())['iqms']) >= 44


def test_no_records_have_no_correlation(lab):
    told = lab([]).ask(Correlation(iqms=('cjv', 'snr')))
    assert told['n'] == [[0, 0], [0, 0]]
    assert told['pearson'] == told['spearman'] == [[None, None], [None, None]]


@pytest.mark.parametrize('names', [('cjv',), ('cjv', 'cjv'), tuple(f'x{i}' for i in range(71))])
def test_too_few_too_many_and_repeated_iqms_are_refused(names):
    with pytest.raises(QueryError, match='from 2 to 70'):
        Correlation(iqms=names)


def test_more_ranks_than_memory_holds_are_refused_with_advice(lab, monkeypatch):
    monkeypatch.setattr('mriqc_webapi.archive.statistics.correlation.MAX_RANKS', 3)
    with pytest.raises(QueryError, match='method=pearson'):
        lab([{'cjv': 1.0}] * 2).ask(Correlation(iqms=('cjv', 'snr')))
