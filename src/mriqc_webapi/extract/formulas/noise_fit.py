"""A χ² distribution fitted to noise."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import optimize, special, stats

from mriqc_webapi.extract.maps import Floats

COIL_ELEMENTS: Final = 32  # where the search for the degrees of freedom starts
_PENALTY: Final = np.log(np.finfo(np.float64).max) * 100  # of each value out of reach


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A χ² distribution, moved and stretched."""

    degrees: float
    location: float
    scale: float

    def density(self, at: Floats) -> Floats:
        """Its probability density."""
        density: Floats = stats.chi2.pdf(at, self.degrees, loc=self.location, scale=self.scale)
        return density


def fit_chi_square(values: Floats) -> ChiSquare:
    """Fit by maximum likelihood.

    It starts where `scipy.stats.chi2.fit` does and goes the same way, so that it ends in the same
    place: the likelihood has a ridge, along which simplex searches stop at different points. It
    is faster, as equal values are counted once and one logarithm is taken of each.

    Parameters
    ----------
    values : (n,) ndarray of float64
        Finite; in any unit, which is that of location and scale.

    Returns
    -------
    ChiSquare
        Where the simplex search ends, be it at the greatest likelihood or on the ridge.
    """
    distinct, repeats = np.unique(values, return_counts=True)
    counts = repeats.astype(np.float64)
    total, weighted = float(values.size), float(values.sum())

    def misfit(parameters: Floats) -> float:
        degrees, location, scale = (float(p) for p in parameters)
        if degrees <= 0 or scale <= 0:
            return np.inf
        first = int(np.searchsorted(distinct, location, side='right'))
        n_out, out = 0.0, 0.0
        if first:
            n_out = float(counts[:first].sum())
            out = float(counts[:first] @ distinct[:first])
        n = total - n_out
        logs = float(counts[first:] @ np.log((distinct[first:] - location) / scale))
        stretched = (weighted - out - n * location) / scale
        half = degrees / 2
        norm = special.gammaln(half) + half * np.log(2)
        likelihood = (half - 1) * logs - stretched / 2 - n * norm
        return float(-likelihood + n_out * _PENALTY + total * np.log(scale))

    def search(_: Any, start: Any, **__: Any) -> Any:
        return optimize.fmin(misfit, start, disp=False)

    return ChiSquare(*(float(p) for p in stats.chi2.fit(values, COIL_ELEMENTS, optimizer=search)))
