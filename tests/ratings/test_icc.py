"""The intraclass correlation equals pingouin's on full tables, and lives with gaps."""

import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest

from mriqc_webapi.ratings.icc import icc, weighted_icc
from tests.ratings.rated import read_table


def reference(table: np.ndarray) -> float:
    """ICC(2,1) of a full table."""
    rows, columns = np.indices(table.shape)
    frame = pd.DataFrame({'i': rows.ravel(), 'r': columns.ravel(), 'v': table.ravel()})
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of its use of pandas
        found = pingouin.intraclass_corr(frame, targets='i', raters='r', ratings='v')
    return found.set_index('Type')['ICC']['ICC(A,1)']


@pytest.fixture(scope='module')
def full() -> np.ndarray:
    """Return the scans of ABIDE that all three raters have rated."""
    _, values = read_table('abide')
    return values[~np.isnan(values).any(axis=1)]


@pytest.mark.parametrize('raters', [[0, 1], [0, 2], [0, 1, 2]])
def test_icc_of_real_raters_equals_the_reference(full, raters):
    assert icc(full[:, raters]) == pytest.approx(reference(full[:, raters]), abs=1e-9)


@pytest.mark.parametrize('seed', range(5))
def test_icc_of_scores_equals_the_reference(seed):
    rng = np.random.default_rng(seed)
    table = (
        rng.normal(2.5, 0.5, (12, 1)) + rng.normal(0, 0.4, (1, 4)) + rng.normal(0, 0.3, (12, 4))
    )
    assert icc(table) == pytest.approx(reference(table), abs=1e-9)


def test_icc_with_gaps_is_unbiased():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(200):
        images, raters, rest = (
            rng.normal(0, s, shape)
            for s, shape in ((0.8, (60, 1)), (0.4, (1, 12)), (0.45, (60, 12)))
        )
        table = images + raters + rest
        table[rng.random(table.shape) < 0.5] = np.nan
        found.append(icc(table[np.sum(~np.isnan(table), axis=1) >= 2]))
    assert np.mean(found) == pytest.approx(0.64 / (0.64 + 0.16 + 0.2025), abs=0.02)


def test_a_rater_who_is_always_stricter_lowers_it():
    images = np.array([1.0, 2.0, 3.0, 4.0])
    assert icc(np.stack([images, images - 1], axis=1)) < 1


def test_raters_who_agree_have_one():
    images = np.array([1.0, 2.0, 3.0, 4.0])
    assert icc(np.stack([images, images], axis=1)) == pytest.approx(1)


@pytest.mark.parametrize(
    'table',
    [
        np.empty((0, 2)),
        np.array([[2.55, 2.55], [2.55, 2.55]]),
        np.array([[1.0, 2.0]]),
        np.array([[1.0], [2.0]]),
        np.array([[1.0, 2.0, np.nan, np.nan], [np.nan, np.nan, 3.0, 3.0]]),
    ],
    ids=['no image', 'constant', 'one image', 'one rater', 'nothing hangs together'],
)
def test_icc_is_none_where_it_is_undefined(table):
    assert icc(table) is None


def test_an_image_counted_twice_is_that_image_twice():
    table = np.array([[1, 2, np.nan], [3, 3, 2.5], [4, 3, 3.5]])
    weights = np.array([[2.0, 1.0, 1.0]])
    assert weighted_icc(table, weights)[0] == pytest.approx(icc(table[[0, 0, 1, 2]]))
