"""Intervals come from drawing images again, the same each time."""

import numpy as np
import pytest

from mriqc_webapi.ratings.resampling import Bootstrap, Estimate, divide, interval


def test_each_draw_has_as_many_images_as_there_are():
    (weights,) = Bootstrap(n_boot=50).weights(7)
    assert weights.sum(axis=1).tolist() == [7] * 50


def test_the_same_seed_draws_the_same_images():
    first, second = (next(Bootstrap(20, seed=3).weights(9)) for _ in range(2))
    assert np.array_equal(first, second)


def test_many_images_are_drawn_in_blocks():
    blocks = list(Bootstrap(n_boot=5).weights(1_000_000))
    assert [len(b) for b in blocks] == [2, 2, 1]


def test_the_interval_of_a_mean_is_near_that_of_theory():
    values = np.random.default_rng(0).normal(size=400)
    found = Estimate.of(
        lambda w: w @ values / len(values), np.full(400, 2.0), bootstrap=Bootstrap(4000)
    )
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.01)
    assert found.high == pytest.approx(values.mean() + half, abs=0.01)


def test_pairs_of_ratings_are_counted():
    found = Estimate.of(lambda w: w[:, 0], np.array([2.0, 3.0]), bootstrap=Bootstrap(9))
    assert (found.n_images, found.n_pairs) == (2, 1 + 3)


def test_an_undefined_measure_says_why():
    found = Estimate.of(
        lambda w: np.full(len(w), np.nan),
        np.array([2.0]),
        bootstrap=Bootstrap(9),
        otherwise='no-fit',
    )
    assert (found.value, found.reason, found.n_images) == (None, 'no-fit', 1)


def test_an_interval_of_mostly_undefined_draws_is_none():
    assert interval(np.array([1.0, np.nan, np.nan])) == (None, None)


def test_no_draws_give_no_interval():
    found = Estimate.of(lambda w: w[:, 0], np.array([2.0, 2.0]), bootstrap=Bootstrap(n_boot=0))
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_dividing_by_nothing_gives_nan():
    assert np.isnan(divide(np.array([1.0, 0.0]), np.array([0.0, 1e-30]))).all()
