"""The consensus model equals crowd-kit's, and finds who errs."""

import warnings

import numpy as np
import pandas as pd
import pytest

from mriqc_webapi.ratings.dawid_skene import fit
from tests.ratings.rated import read_table

with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # of its own dependencies
    from crowdkit.aggregation import DawidSkene


@pytest.fixture(scope='module')
def abide():
    """Return images, raters and classes (0, 1, 2) of the ratings of ABIDE."""
    _, values = read_table('abide')
    images, raters = np.nonzero(~np.isnan(values))
    return images, raters, values[images, raters].astype(int) + 1


def test_posteriors_equal_the_reference(abide):
    reference = DawidSkene(n_iter=60, tol=-1)  # its own end comes early: its bound may fall
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        reference.fit(pd.DataFrame(dict(zip(('task', 'worker', 'label'), abide, strict=True))))
    expected = reference.probas_.sort_index()[[0, 1, 2]].to_numpy()
    found = fit(*abide, n_classes=3, max_iterations=60, tolerance=-1)
    assert found.posterior == pytest.approx(expected, abs=1e-6)


def test_the_likelihood_never_falls(abide):
    steps = [fit(*abide, n_classes=3, max_iterations=n).log_likelihood for n in range(1, 12)]
    assert steps == sorted(steps)


def test_it_converges_on_real_ratings(abide):
    found = fit(*abide, n_classes=3)
    assert found.is_converged
    assert found.n_iterations < 1000


def test_it_says_when_it_has_not_converged(abide):
    found = fit(*abide, n_classes=3, max_iterations=2)
    assert (found.is_converged, found.n_iterations) == (False, 2)


def test_it_is_the_same_each_time(abide):
    assert np.array_equal(fit(*abide, n_classes=3).posterior, fit(*abide, n_classes=3).posterior)


def test_it_recovers_truth_and_confusion():
    rng = np.random.default_rng(2)
    truth = rng.integers(3, size=600)
    accuracies = (0.95, 0.8, 0.6, 0.7)
    images = np.tile(np.arange(600), 4)
    raters = np.repeat(np.arange(4), 600)
    shift = np.concatenate(
        [np.where(rng.random(600) < a, 0, rng.integers(1, 3, size=600)) for a in accuracies]
    )
    found = fit(images, raters, (np.tile(truth, 4) + shift) % 3, n_classes=3)
    assert np.mean(found.posterior.argmax(axis=1) == truth) > 0.95
    diagonals = found.confusion.diagonal(axis1=1, axis2=2).mean(axis=1)
    assert diagonals == pytest.approx(accuracies, abs=0.05)


def test_a_class_that_never_occurs_has_no_confusion():
    found = fit(np.array([0, 0]), np.array([0, 1]), np.array([1, 1]), n_classes=3)
    assert found.confusion[0] == pytest.approx(np.diag([0, 1, 0]), abs=1e-12)
