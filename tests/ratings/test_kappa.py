"""Cohen's kappa equals scikit-learn's, and published values of real raters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from mriqc_webapi.ratings.kappa import (
    WEIGHTINGS,
    confusion_of,
    estimate_pair,
    kappa,
    percent_agreement,
)
from mriqc_webapi.ratings.resampling import Bootstrap
from tests.ratings.rated import read_table

FEW = Bootstrap(n_boot=200)
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@pytest.fixture(scope='module')
def both() -> np.ndarray:
    """Return what ABIDE's raters 1 and 2 said of the scans that both rated: 0, 1, 2."""
    _, values = read_table('abide')
    return values[~np.isnan(values[:, :2]).any(axis=1), :2] + 1


def test_the_raters_of_abide_share_99_scans(both):
    assert len(both) == 99


@pytest.mark.parametrize(('weighting', 'published'), [('none', 0.393), ('quadratic', 0.568)])
def test_kappa_of_three_classes_is_the_published_one(both, weighting, published):
    confusion = confusion_of(*both.T, n_categories=3)
    assert round(float(kappa(confusion, weighting=weighting)), 3) == published


def test_kappa_of_exclude_against_the_rest_is_the_published_one(both):
    confusion = confusion_of(*(both > 0).astype(float).T, n_categories=2)
    assert round(float(kappa(confusion)), 3) == 0.526


@pytest.mark.parametrize('weighting', WEIGHTINGS)
def test_kappa_of_real_raters_equals_the_reference(both, weighting):
    expected = cohen_kappa_score(*both.T, weights=None if weighting == 'none' else weighting)
    assert kappa(confusion_of(*both.T, n_categories=3), weighting=weighting) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize('weighting', WEIGHTINGS)
@given(ratings=pairs)
def test_kappa_of_any_raters_equals_the_reference(weighting, ratings):
    first, second = np.array(ratings, dtype=float).T
    if len(set(first) | set(second)) == 1:
        return  # undefined; scikit-learn warns
    expected = cohen_kappa_score(
        first, second, labels=[0, 1, 2, 3], weights=None if weighting == 'none' else weighting
    )
    found = kappa(confusion_of(first, second, n_categories=4), weighting=weighting)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_category_that_nobody_uses_changes_nothing(both):
    for weighting in WEIGHTINGS:
        three, four = (
            kappa(confusion_of(*both.T, n_categories=n), weighting=weighting) for n in (3, 4)
        )
        assert three == pytest.approx(four)


def test_images_that_one_rater_lacks_are_left_out():
    first, second = np.array([0, 1, np.nan, 1]), np.array([0, 1, 1, np.nan])
    assert confusion_of(first, second, n_categories=2).tolist() == [[1, 0], [0, 1]]


def test_percent_agreement_is_the_share_of_equal_ratings():
    assert percent_agreement(np.array([[2.0, 1.0], [0.0, 1.0]])) == 0.75


def test_kappa_of_raters_who_always_say_the_same_is_undefined_with_a_reason():
    found = estimate_pair(np.array([[5.0, 0.0], [0.0, 0.0]]), bootstrap=FEW)['none']
    assert (found.value, found.low, found.reason) == (None, None, 'constant')


def test_raters_without_a_common_image_have_no_kappa_but_a_reason():
    found = estimate_pair(np.zeros((2, 2)), bootstrap=FEW)
    assert {e.reason for e in found.values()} == {'no-overlap'}


def test_one_image_has_a_value_and_no_interval():
    found = estimate_pair(np.array([[0.0, 1.0], [0.0, 0.0]]), bootstrap=FEW)['percent']
    assert (found.value, found.low, found.high, found.n_images) == (0.0, None, None, 1)


def test_drawing_cells_gives_the_interval_of_drawing_images(both):
    confusion = confusion_of(*both.T, n_categories=3)
    found = estimate_pair(confusion, bootstrap=Bootstrap(n_boot=4000))['none']
    rng = np.random.default_rng(1)
    drawn = [both[rng.integers(99, size=99)] for _ in range(4000)]
    draws = [kappa(confusion_of(*d.T, n_categories=3)) for d in drawn]
    low, high = np.quantile(draws, [0.025, 0.975])
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.02)
