"""Cohen's kappa of two raters, plain and weighted, and the share of ratings that are the same."""

from typing import Final, Literal

import numpy as np

from mriqc_webapi.ratings.resampling import (
    Bootstrap,
    Estimate,
    Floats,
    Ints,
    Reason,
    divide,
    interval,
)

Weighting = Literal['none', 'linear', 'quadratic']
PairMeasure = Literal['percent', 'none', 'linear', 'quadratic']

WEIGHTINGS: Final[tuple[Weighting, ...]] = ('none', 'linear', 'quadratic')


def kappa(confusion: Floats, *, weighting: Weighting = 'none') -> Floats:
    """Measure by how much two raters agree beyond chance [1]_, [2]_.

    Parameters
    ----------
    confusion : (..., k, k) ndarray
        How many images the first rater put in one of *k* categories (rows), and the second in
        another (columns). Categories are in order, and equally far apart.
    weighting
        Cost of a disagreement over *d* categories: 1, *d*, or *d*².

    Returns
    -------
    (...) ndarray of float64
        1 for perfect agreement, 0 for chance; NaN where both put all images in one category.

    References
    ----------
    .. [1] Cohen (1960), Educ Psychol Meas 20:37-46, doi:10.1177/001316446002000104
    .. [2] Cohen (1968), Psychol Bull 70:213-220, doi:10.1037/h0026256
    """
    n = confusion.sum(axis=(-2, -1))
    cost = _cost(confusion.shape[-1], weighting)
    rows, columns = confusion.sum(axis=-1), confusion.sum(axis=-2)
    by_chance = np.einsum('...i,ij,...j->...', rows, cost, columns)
    return 1 - divide(n * np.sum(confusion * cost, axis=(-2, -1)), by_chance)


def percent_agreement(confusion: Floats) -> Floats:
    """Give the share of images that two raters put in the same category, from 0 to 1."""
    return divide(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def confusion_of(first: Floats, second: Floats, *, n_categories: int) -> Floats:
    """Count the images by the categories (0 to k − 1) that two raters chose; NaN is left out."""
    has_both = ~np.isnan(first) & ~np.isnan(second)
    cells = (first[has_both] * n_categories + second[has_both]).astype(np.int64)
    counts: Ints = np.bincount(cells, minlength=n_categories**2)
    return counts.reshape(n_categories, n_categories).astype(np.float64)


def estimate_pair(
    confusion: Floats, *, bootstrap: Bootstrap, without: Reason = 'no-overlap'
) -> dict[PairMeasure, Estimate]:
    """Estimate percent agreement and each kappa of two raters, with intervals over images.

    Drawing images with replacement is drawing the cells of their confusion by its shares.
    """
    n = int(confusion.sum())
    if n == 0:
        return dict.fromkeys(('percent', *WEIGHTINGS), Estimate(reason=without))
    rng = np.random.default_rng(bootstrap.seed)
    drawn = rng.multinomial(n, confusion.ravel() / n, size=bootstrap.n_boot)
    draws = drawn.reshape(-1, *confusion.shape).astype(np.float64)
    found = {'percent': _estimate(percent_agreement(confusion), percent_agreement(draws), n)}
    for w in WEIGHTINGS:
        found[w] = _estimate(kappa(confusion, weighting=w), kappa(draws, weighting=w), n)
    return found  # type: ignore[return-value]  # the keys are the literals


def _estimate(value: Floats, draws: Floats, n: int) -> Estimate:
    if not np.isfinite(value):
        return Estimate(n_images=n, n_pairs=n, reason='constant')
    low, high = interval(draws) if n > 1 else (None, None)
    return Estimate(value=float(value), low=low, high=high, n_images=n, n_pairs=n)


def _cost(k: int, weighting: Weighting) -> Floats:
    categories = np.arange(k, dtype=np.float64)
    apart: Floats = np.abs(categories[:, None] - categories)
    if weighting == 'none':
        apart = np.sign(apart)
    return apart if weighting in {'none', 'linear'} else apart**2
