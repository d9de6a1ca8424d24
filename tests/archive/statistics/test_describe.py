"""One sample in a few numbers, against NumPy, SciPy and exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mriqc_webapi.archive.statistics import describe

EDGES_OF_DOUBLES = [1.7e308, -1.7e308, 5e-324, -5e-324, 2.3e-308, 1.0, -1.0, 0.0, 1e300]

plain = st.floats(-1e150, 1e150)
any_double = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(EDGES_OF_DOUBLES)


def ordered(values: list[float]) -> np.ndarray:
    return np.sort(np.array(values, dtype=float))


def exact_moments(values: list[float]) -> tuple[float, float, float, float]:
    """Compute mean, variance, squared skewness with its sign, and kurtosis without rounding."""
    exact = [Fraction(v) for v in values]
    n = len(exact)
    mean = sum(exact) / n
    m2, m3, m4 = (sum((x - mean) ** k for x in exact) / n for k in (2, 3, 4))
    skewness = math.sqrt(m3**2 / m2**3) * (1 if m3 > 0 else -1)
    return mean, m2 * n / (n - 1), skewness, float(m4 / m2**2) - 3


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=40), st.integers(-1020, 1010))
def test_moments_are_exact_at_any_scale(integers, exponent):
    values = [math.ldexp(float(i), exponent) for i in integers]
    found = describe.moments(np.array(values))
    if len(set(values)) == 1:
        assert found == describe.Moments(values[0], 0.0)
        return
    mean, variance, skewness, kurtosis = exact_moments(values)
    scale = math.ldexp(1.0, exponent)
    assert found.mean / scale == pytest.approx(float(mean / Fraction(scale)), rel=1e-9, abs=1e-9)
    sd = math.sqrt(variance / Fraction(scale) ** 2)
    assert found.sd / scale == pytest.approx(sd, rel=1e-9)
    assert found.skewness == pytest.approx(skewness, rel=1e-9, abs=1e-9)
    assert found.kurtosis == pytest.approx(kurtosis, rel=1e-9, abs=1e-9)


@given(st.lists(any_double, max_size=30))
def test_nothing_told_is_other_than_a_double_or_none(values):
    sample = ordered(values)
    edges = describe.bin_edges(sample, 'auto', None)
    told = [
        *describe.moments(sample),
        *describe.percentiles(sample, describe.PERCENTILES),
        *describe.median_and_mad(sample),
        *edges,
        *describe.ecdf(sample, 11)[0],
    ]
    assert all(x is None or math.isfinite(x) for x in told)


@given(st.lists(any_double, min_size=1, max_size=30))
def test_every_value_is_in_one_bin(values):
    sample = ordered(values)
    edges = describe.bin_edges(sample, 'auto', None)
    counts, n_below, n_above = describe.bin_counts(sample, edges)
    assert (sum(counts), n_below, n_above) == (len(values), 0, 0)
    assert len(counts) == len(edges) - 1


@given(st.lists(plain, min_size=1, max_size=50), st.lists(st.floats(0, 100), max_size=5))
def test_percentiles_are_numpys(values, wanted):
    found = describe.percentiles(ordered(values), tuple(wanted))
    reach = max(map(abs, values))
    assert found == pytest.approx(np.percentile(values, wanted), rel=1e-9, abs=1e-12 * reach)


def test_percentiles_of_all_doubles_are_between_their_neighbours():
    assert describe.percentiles(ordered([-1.7e308, 1.7e308]), (50.0,)) == [0.0]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(1, 30))
def test_bins_count_as_numpys(values, n_bins):
    sample = ordered(values)
    edges = describe.bin_edges(sample, n_bins, None)
    counts, _, _ = describe.bin_counts(sample, edges)
    assert (np.diff(edges) > 0).all() or len(counts) == 1
    assert counts == np.histogram(sample, edges)[0].tolist()


@pytest.mark.parametrize('seed', range(3))
def test_as_many_bins_are_chosen_as_numpy_chooses_after_freedman_and_diaconis(seed):
    sample = np.sort(np.random.default_rng(seed).normal(size=2_000))
    edges = describe.bin_edges(sample, 'auto', None)
    assert edges == pytest.approx(np.histogram_bin_edges(sample, 'fd'), rel=1e-9)


def test_no_more_than_two_hundred_bins_are_chosen():
    sample = ordered([*range(1000), 1e9])
    assert len(describe.bin_edges(sample, 'auto', None)) == 201


def test_equal_quartiles_leave_the_choice_to_sturges():
    sample = ordered([0.0] * 90 + [1.0] * 10)
    assert len(describe.bin_edges(sample, 'auto', None)) - 1 == math.ceil(math.log2(100)) + 1


def test_equal_values_have_one_bin():
    sample = ordered([3.0, 3.0])
    edges = describe.bin_edges(sample, 10, None)
    assert (edges.tolist(), describe.bin_counts(sample, edges)) == ([3.0, 3.0], ([2], 0, 0))


def test_edges_that_doubles_do_not_tell_apart_are_left_out():
    sample = ordered([1.0, np.nextafter(1.0, 2.0)])
    assert describe.bin_edges(sample, 50, None).tolist() == sample.tolist()


def test_values_outside_a_range_are_counted_apart():
    edges = describe.bin_edges(ordered([]), 2, (0.0, 2.0))
    assert describe.bin_counts(ordered([-1, 0, 0.5, 1, 2, 3, 4]), edges) == ([2, 2], 1, 2)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_the_empirical_distribution_is_true_at_each_point(values):
    x, share = describe.ecdf(ordered(values), 7)
    assert share == [sum(v <= one for v in values) / len(values) for one in x]
    assert (x[0], x[-1], share[-1]) == (min(values), max(values), 1.0)


@given(st.lists(plain, min_size=1, max_size=40))
def test_the_mad_is_scipys(values):
    _, mad = describe.median_and_mad(ordered(values))
    expected = stats.median_abs_deviation(values)
    assert mad == pytest.approx(expected, rel=1e-9, abs=1e-12 * max(map(abs, values)))


def test_nothing_can_be_said_of_no_values():
    none = ordered([])
    assert describe.moments(none) == describe.Moments()
    assert describe.percentiles(none, (50.0,)) == [None]
    assert describe.median_and_mad(none) == (None, None)
    assert describe.bin_counts(none, describe.bin_edges(none, 'auto', None)) == ([], 0, 0)
    assert describe.ecdf(none, 5) == ([], [])


def test_one_value_has_no_spread():
    assert describe.moments(np.array([2.5])) == describe.Moments(2.5)


def test_differences_by_rounding_have_no_shape():
    found = describe.moments(np.array([1.0, 1.0 + 2**-52, 1.0]))
    assert (found.skewness, found.kurtosis) == (None, None)


def test_a_small_spread_far_from_zero_has_a_shape():
    values = np.array([0.0, 0.0, 0.0, 1.0])
    shifted = 1 + values * 2**-30  # of which nothing is rounded
    found, expected = describe.moments(shifted), describe.moments(values)
    assert (
        found.skewness
        == pytest.approx(expected.skewness, rel=1e-6)
        == pytest.approx(3**0.5 * 2 / 3)
    )
    assert found.kurtosis == pytest.approx(expected.kurtosis, rel=1e-6)


def test_a_spread_beyond_all_doubles_is_none():
    assert describe.moments(np.array([-1.7e308, 1.7e308])).sd is None
