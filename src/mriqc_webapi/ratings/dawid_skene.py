"""Dawid and Skene's model: what an image is, and how each rater errs, from ratings alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.ratings.resampling import Floats, Ints

MAX_ITERATIONS: Final = 1000
TOLERANCE: Final = 1e-8  # of the log-likelihood per rating, in one step

_LEAST: Final = float(np.finfo(np.float64).eps)  # probability of what was never seen
_NONE: Final = 1e-9  # of a rater's images: that class was not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What expectation-maximisation found."""

    posterior: Floats  # (images, k): probability of each class
    prevalence: Floats  # (k,)
    confusion: Floats  # (raters, k, k): by true class (rows), probability of what the rater says
    support: Floats  # (raters, k): expected number of the rater's images of each true class
    log_likelihood: float
    n_iterations: int
    is_converged: bool


def fit(
    images: Ints,
    raters: Ints,
    classes: Ints,
    *,
    n_classes: int,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit the model of Dawid and Skene by expectation-maximisation [1]_.

    It begins with the share of votes for each class, and has no chance in it. A rater may rate an
    image more than once. What a rater never said of a class has the probability 2.2e-16; a class
    that nobody ever chose has none, else it would be used for whatever fits the others badly.

    Parameters
    ----------
    images, raters, classes : (n,) ndarray of int64
        One rating each, all numbered from 0; every image and every rater has one.
    n_classes
        How many classes there are, also if some do not occur.
    max_iterations, tolerance
        It ends when the log-likelihood per rating grows by less than the tolerance; or, not
        converged, after so many iterations.

    References
    ----------
    .. [1] Dawid & Skene (1979), Appl Stat 28:20-28, doi:10.2307/2346806
    """
    n_images, n_raters = int(images.max()) + 1, int(raters.max()) + 1
    posterior = np.zeros((n_images, n_classes))
    np.add.at(posterior, (images, classes), 1.0)
    posterior /= posterior.sum(axis=1, keepdims=True)
    chosen = np.unique(classes)
    before, is_converged, n_iterations = -np.inf, False, 0
    while not is_converged and n_iterations < max_iterations:
        n_iterations += 1
        prevalence = posterior.mean(axis=0)
        counts = np.zeros((n_raters, n_classes, n_classes))  # rater, said, true
        np.add.at(counts, (raters, classes), posterior[images])
        support = counts.sum(axis=1)
        said = np.maximum(counts, _LEAST) / np.maximum(support, _LEAST)[:, None, :]
        joint = np.full((n_images, n_classes), -np.inf)
        joint[:, chosen] = np.log(np.maximum(prevalence[chosen], _LEAST))
        np.add.at(joint, images, np.log(said)[raters, classes])
        posterior, log_likelihood = _normalised(joint)
        is_converged = log_likelihood - before < tolerance * len(images)
        before = log_likelihood
    return Fit(
        posterior=posterior,
        prevalence=prevalence,
        confusion=_confusion(counts, support),
        support=support,
        log_likelihood=log_likelihood,
        n_iterations=n_iterations,
        is_converged=is_converged,
    )


def _confusion(counts: Floats, support: Floats) -> Floats:
    """Give, by rater and true class, the share of what the rater says."""
    shares = np.zeros_like(counts)
    np.divide(counts, support[:, None, :], out=shares, where=support[:, None, :] > _NONE)
    return shares.transpose(0, 2, 1)


def _normalised(joint: Floats) -> tuple[Floats, float]:
    """Turn log joint probabilities into posteriors and the log-likelihood."""
    highest = joint.max(axis=1, keepdims=True)
    likelihood = np.exp(joint - highest)
    total = likelihood.sum(axis=1, keepdims=True)
    return likelihood / total, float(np.sum(np.log(total) + highest))
