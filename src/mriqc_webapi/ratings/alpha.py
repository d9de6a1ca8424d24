"""Krippendorff's alpha: agreement of any number of raters, who need not rate the same images."""

from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np

from mriqc_webapi.ratings.resampling import Floats, divide

Level = Literal['nominal', 'ordinal', 'interval']

LEVELS: Final[tuple[Level, ...]] = ('nominal', 'ordinal', 'interval')


@dataclass(frozen=True, slots=True)
class Counts:
    """How many raters gave each image each value."""

    values: Floats  # (k,), rising
    counts: Floats  # (n, k)

    @classmethod
    def of(cls, table: Floats) -> Self:
        """Count a table of images by raters, without the images that have fewer than two."""
        table = table[np.sum(~np.isnan(table), axis=1) >= 2] if table.size else table[:0]
        values = np.unique(table[~np.isnan(table)])
        counts = np.zeros((len(table), len(values)))
        for column, value in enumerate(values):
            counts[:, column] = np.sum(table == value, axis=1)
        return cls(values, counts)

    @property
    def sizes(self) -> Floats:
        """How many ratings each image has."""
        return np.asarray(self.counts.sum(axis=1))

    def alpha(self, weights: Floats, *, level: Level) -> Floats:
        """Compute alpha while each image counts as often as told; see :func:`alpha`.

        With squared differences between values, a sum over pairs is a matter of sums and sums of
        squares; ordinal differences are those of mean ranks.
        """
        if level == 'nominal':
            return self._nominal(weights)
        in_all = weights @ self.counts  # (b, k)
        places = _mean_ranks(in_all) if level == 'ordinal' else self.values - self.values.mean()
        places = np.broadcast_to(places, in_all.shape)
        sums, squares = self.counts @ places.T, self.counts @ (places**2).T  # (n, b)
        sizes = self.sizes[:, None]
        within = (sizes * squares - sums**2) / (sizes - 1)
        observed = np.einsum('bn,nb->b', weights, within)
        n = in_all.sum(axis=1)
        total, total_squares = (np.sum(in_all * p, axis=1) for p in (places, places**2))
        by_chance = (n * total_squares - total**2) / (n - 1)
        return 1 - divide(observed, by_chance)

    def percent(self, weights: Floats) -> Floats:
        """Give the share of the pairs of ratings of the same image that are equal."""
        sizes = self.sizes
        same = np.sum(self.counts * (self.counts - 1), axis=1)
        return divide(weights @ same, weights @ (sizes * (sizes - 1)))

    def _nominal(self, weights: Floats) -> Floats:
        sizes, in_all = self.sizes, weights @ self.counts
        n = in_all.sum(axis=1)
        within = (sizes**2 - np.sum(self.counts**2, axis=1)) / (sizes - 1)
        by_chance = (n**2 - np.sum(in_all**2, axis=1)) / (n - 1)
        return 1 - divide(weights @ within, by_chance)


def alpha(table: Floats, *, level: Level = 'ordinal') -> float | None:
    """Compute Krippendorff's alpha [1]_.

    Parameters
    ----------
    table : (n, r) ndarray of float64
        What *r* raters gave *n* images; NaN where they did not rate. An image with fewer than two
        ratings says nothing about agreement and is left out.
    level
        What the numbers mean: names, ranks, or distances.

    Returns
    -------
    float or None
        1 for perfect agreement, 0 for chance; None if no image has two ratings, or if all
        ratings of such images are equal.

    References
    ----------
    .. [1] Hayes & Krippendorff (2007), Commun Methods Meas 1:77-89,
       doi:10.1080/19312450709336664
    """
    counts = Counts.of(table)
    if len(counts.counts) == 0:
        return None
    value = float(counts.alpha(np.ones((1, len(counts.counts))), level=level)[0])
    return value if np.isfinite(value) else None


def _mean_ranks(in_all: Floats) -> Floats:
    """Place each value at the mean rank of its ratings, counted from their middle."""
    ranks = np.cumsum(in_all, axis=1) - in_all / 2 - in_all.sum(axis=1, keepdims=True) / 2
    return np.asarray(ranks)
