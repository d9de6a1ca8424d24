"""One sample of numbers in a few: percentiles, moments, histogram, empirical distribution.

Sums and squares are taken of numbers scaled by a power of two, which is exact, so that neither
huge nor tiny values overflow. What is not defined, or no double, is None.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from mriqc_webapi.archive.statistics.sample import Floats

Bins: TypeAlias = int | Literal['auto']
Range: TypeAlias = tuple[float, float]
Bounds: TypeAlias = Range | Literal['robust'] | None  # None: from the smallest to the largest

MAX_AUTO_BINS: Final = 200
MAD_TO_SD: Final = 1.4826  # 1 / Φ⁻¹(¾): scales MAD to the SD of a normal sample
ROBUST: Final = (1.0, 99.0)  # percentiles that a robust range spans
ROBUST_MARGIN: Final = 0.15  # of that range, on either side of it
PERCENTILES: Final = (1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0)
_INFINITIES: Final = (math.inf, -math.inf)
_SAFE_EXPONENT: Final = 100  # fourth powers of such numbers are doubles, also within rounding
_BLOCK: Final = 16_384
_ROBUST_SHARES: Final = (0.0, ROBUST[0] / 100, ROBUST[1] / 100, 1.0)
_RESOLUTION: Final = 1e-15  # of a double; SciPy calls a spread below it none


class Moments(NamedTuple):
    """Mean, and central moments about it."""

    mean: float | None = None
    sd: float | None = None  # with n − 1
    skewness: float | None = None  # m₃ / m₂^1.5, biased, as SciPy has it by default
    kurtosis: float | None = None  # m₄ / m₂² − 3, the excess, biased


def moments(values: Floats) -> Moments:
    """Compute the moments of a sample without NaN.

    The SD of one value is None; skewness and kurtosis are None where values differ by no more
    than rounding.
    """
    n = len(values)
    if n == 0:
        return Moments()
    if values.min() == values.max():
        return Moments(float(values[0]), 0.0 if n > 1 else None)
    scaled, exponent = _scaled(values)
    mean = float(scaled.mean())
    total, cubes, fourths = _central_sums(scaled, mean)
    m2 = total / n
    skewness = kurtosis = None
    if m2 > (_RESOLUTION * mean) ** 2:
        skewness = cubes / n / m2**1.5
        kurtosis = fourths / n / m2**2 - 3
    sd = _ldexp(math.sqrt(total / (n - 1)), exponent)
    return Moments(finite(_ldexp(mean, exponent)), finite(sd), skewness, kurtosis)


def percentiles(ordered: Floats, wanted: tuple[float, ...]) -> list[float | None]:
    """Interpolate linearly between sorted values, as NumPy does by default."""
    if len(ordered) == 0:
        return [None] * len(wanted)
    ranks = (len(ordered) - 1) * (np.array(wanted, dtype=float) / 100)
    below = np.floor(ranks).astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    share = ranks - below
    low, high = ordered[below], ordered[above]
    if _spans(ordered[0], ordered[-1]):
        found = low + (high - low) * share
    else:  # the difference is no double
        found = low * (1 - share) + high * share
    return [float(x) for x in found]


def median_and_mad(ordered: Floats) -> tuple[float | None, float | None]:
    """Median, and median absolute deviation from it, not scaled."""
    if len(ordered) == 0:
        return None, None
    median = percentiles(ordered, (50.0,))[0] or 0.0
    unit = 1.0 if _spans(ordered[0], ordered[-1]) else 0.5  # halves always have a difference
    deviations = np.sort(np.abs(ordered * unit - median * unit))
    mad = percentiles(deviations, (50.0,))[0] or 0.0
    return median, finite(mad / unit)


def bin_edges(ordered: Floats, bins: Bins, bounds: Range | None) -> Floats:
    """Divide the range of sorted values, or given bounds, into bins of equal width.

    ``auto`` is the rule of Freedman and Diaconis [1]_, at most `MAX_AUTO_BINS`; where the
    quartiles are equal, Sturges' [2]_. Where all values are equal, one bin goes from that value to
    itself. There are fewer bins than asked for where doubles do not tell that many edges apart.

    References
    ----------
    .. [1] Freedman & Diaconis (1981), Z Wahrscheinlichkeitstheorie 57:453-476,
       doi:10.1007/BF01025868
    .. [2] Sturges (1926), J Am Stat Assoc 21:65-66, doi:10.1080/01621459.1926.10502161
    """
    if bounds is not None:
        first, last = (
            np.searchsorted(ordered, bounds[0]),
            np.searchsorted(ordered, bounds[1], 'right'),
        )
        ordered = ordered[first:last]
    elif len(ordered):
        bounds = float(ordered[0]), float(ordered[-1])
    if bounds is None:
        return np.empty(0)
    return even_edges(bounds, _auto_bins(ordered, bounds) if bins == 'auto' else bins)


def even_edges(bounds: Range, n_bins: int) -> Floats:
    """Divide a range into bins of equal width; fewer where doubles do not tell the edges apart."""
    low, high = bounds
    if _spans(low, high):
        edges = np.linspace(low, high, n_bins + 1)
    else:
        edges = np.linspace(low / 2, high / 2, n_bins + 1) * 2
    edges = np.unique(edges)
    return edges if len(edges) > 1 else np.array([low, high])


def robust_range(values: Floats) -> Range | None:
    """Span the middle 98 % of some values, and a margin of 15 % on either side.

    It does not go beyond the extremes. None where there is nothing to span: no values, or too
    little between the percentiles to tell apart.

    Parameters
    ----------
    values : (n,) ndarray of float64
        Without NaN, in any order.
    """
    if len(values) == 0:
        return None
    least, low, high, most = (float(q) for q in np.quantile(values, _ROBUST_SHARES))
    if not (low < high and _spans(low, high)):
        return None
    margin = ROBUST_MARGIN * (high - low)
    return max(least, low - margin), min(most, high + margin)


def bin_counts(ordered: Floats, edges: Floats) -> tuple[list[int], int, int]:
    """Count sorted values per bin, below and above; a bin is half open, the last one closed."""
    if len(edges) == 0:
        return [], 0, 0
    places = np.searchsorted(ordered, edges)
    places[-1] = np.searchsorted(ordered, edges[-1], 'right')
    return np.diff(places).tolist(), int(places[0]), len(ordered) - int(places[-1])


def ecdf(ordered: Floats, n_points: int) -> tuple[list[float], list[float]]:
    """Pick values at even ranks, smallest and largest included, each once.

    Returns
    -------
    values, shares : list of float
        A value of the sample, and the share of the sample that is not larger.
    """
    if len(ordered) == 0 or n_points == 0:
        return [], []
    ranks = np.linspace(0, len(ordered) - 1, max(n_points, 2)).round().astype(int)
    values = np.unique(ordered[ranks])
    shares = np.searchsorted(ordered, values, 'right') / len(ordered)
    return values.tolist(), shares.tolist()


def finite(value: float | None) -> float | None:
    """Return a number that JSON can say, or None."""
    return value if value is not None and math.isfinite(value) else None


def sayable(value: Any) -> Any:
    """Return a value of whatever type as JSON can say it; None for no finite number."""
    return finite(value) if isinstance(value, float) else value


def named(value: Any) -> Any:
    """Return a value that stands for a group: None is that of records without one."""
    return str(value).replace('inf', 'Infinity') if value in _INFINITIES else sayable(value)


def _central_sums(values: Floats, mean: float) -> tuple[float, float, float]:
    """Sum the second to fourth powers of deviations, by blocks that stay in a cache."""
    sums = []
    for start in range(0, len(values), _BLOCK):
        deviations = values[start : start + _BLOCK] - mean
        squares = deviations * deviations
        deviations *= squares
        sums.append((squares.sum(), deviations.sum(), np.square(squares).sum()))
    second, third, fourth = (math.fsum(column) for column in zip(*sums, strict=True))
    return second, third, fourth


def _auto_bins(ordered: Floats, bounds: Range) -> int:
    n = len(ordered)
    if n == 0:
        return 1
    low, high = percentiles(ordered, (25.0, 75.0))
    # a quarter of everything, so that no difference is beyond a double
    spread = (high or 0.0) / 4 - (low or 0.0) / 4
    if spread <= 0:
        return max(1, math.ceil(math.log2(n)) + 1)
    n_bins = (bounds[1] / 4 - bounds[0] / 4) / spread * n ** (1 / 3) / 2
    return max(1, math.ceil(min(float(n_bins), MAX_AUTO_BINS)))


def _spans(low: float, high: float) -> bool:
    with np.errstate(over='ignore'):
        return math.isfinite(float(high) - float(low))


def _scaled(values: Floats) -> tuple[Floats, int]:
    exponent = math.frexp(max(abs(float(values.min())), abs(float(values.max()))))[1]
    if abs(exponent) <= _SAFE_EXPONENT:
        return values, 0
    return np.ldexp(values, -exponent), exponent


def _ldexp(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.inf
