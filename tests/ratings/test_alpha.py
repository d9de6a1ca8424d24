"""Krippendorff's alpha equals the reference's, with whatever gaps."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mriqc_webapi.ratings.alpha import LEVELS, Counts, alpha
from tests.ratings.rated import read_table

shapes = st.tuples(st.integers(2, 12), st.integers(2, 5))
grades = st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan])
scores = st.sampled_from([1.0, 1.05, 2.55, 3.95, np.nan])
tables = arrays(np.float64, shapes, elements=grades) | arrays(np.float64, shapes, elements=scores)


def reference(table: np.ndarray, level: str) -> float:
    return krippendorff.alpha(reliability_data=table.T, level_of_measurement=level)


def has_alpha(table: np.ndarray) -> bool:
    shared = table[np.sum(~np.isnan(table), axis=1) >= 2]
    return len(np.unique(shared[~np.isnan(shared)])) > 1


@pytest.mark.parametrize('level', LEVELS)
def test_alpha_of_real_raters_equals_the_reference(level):
    _, values = read_table('abide')
    assert alpha(values, level=level) == pytest.approx(reference(values, level), abs=1e-12)


@pytest.mark.parametrize('level', LEVELS)
@given(table=tables.filter(has_alpha))
def test_alpha_of_any_table_equals_the_reference(level, table):
    assert alpha(table, level=level) == pytest.approx(reference(table, level), abs=1e-9)


def test_ordinal_alpha_depends_on_order_only():
    _, values = read_table('abide')
    assert alpha(np.exp(3 * values)) == pytest.approx(alpha(values))


@pytest.mark.parametrize(
    'table',
    [
        np.empty((0, 0)),
        np.empty((0, 3)),
        np.full((3, 2), np.nan),
        np.array([[1.0], [2.0]]),
        np.array([[1.0, np.nan], [np.nan, 2.0]]),
        np.array([[2.55, 2.55], [2.55, 2.55]]),
    ],
    ids=['nothing', 'no image', 'all missing', 'one rater', 'no overlap', 'constant'],
)
@pytest.mark.parametrize('level', LEVELS)
def test_alpha_is_none_where_it_is_undefined(table, level):
    assert alpha(table, level=level) is None


@pytest.mark.parametrize('level', LEVELS)
def test_an_image_counted_twice_is_that_image_twice(level):
    table = np.array([[0, 1, np.nan], [2, 2, 3], [3, 1, 1.0]])
    weights = np.array([[2.0, 1.0, 0.0]])
    assert Counts.of(table).alpha(weights, level=level)[0] == pytest.approx(
        alpha(table[[0, 0, 1]], level=level)
    )


def test_percent_agreement_is_the_share_of_equal_pairs():
    counts = Counts.of(np.array([[1, 1, 2], [3, 3, np.nan], [1, np.nan, np.nan]]))
    assert counts.percent(np.ones((1, 2)))[0] == 2 / 4
