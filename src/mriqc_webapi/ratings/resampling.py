"""An estimate with its interval: images are drawn anew, with replacement, many times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Statistic: TypeAlias = Callable[[Floats], Floats]  # (b, n) weights → (b,); NaN: undefined

Reason = Literal[
    'one-rater',  # nobody else rated
    'no-overlap',  # no image has the ratings that would be compared
    'constant',  # there is one value only: agreement by chance cannot be told from agreement
    'not-categorical',  # scores have no categories to agree on
    'no-fit',  # the ratings hang together too loosely for this measure
]

N_BOOT: Final = 1000
CONFIDENCE: Final = 0.95

_MAX_BLOCK: Final = 2_000_000  # weights at once: 16 MB
_MIN_DEFINED: Final = 0.5  # of the draws: with fewer, the interval would be about the rest


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How to draw. The same seed draws the same images for each measure."""

    n_boot: int = N_BOOT
    seed: int = 0

    def weights(self, n: int) -> Iterator[Floats]:
        """Say how often each of ``n`` images is drawn; blocks of shape (b, n)."""
        rng = np.random.default_rng(self.seed)
        size = max(1, min(self.n_boot, _MAX_BLOCK // max(n, 1)))
        for start in range(0, self.n_boot, size):
            b = min(size, self.n_boot - start)
            drawn = rng.integers(n, size=(b, n)) + np.arange(b)[:, None] * n
            yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measure of agreement; without a value, the reason says why."""

    value: float | None = None
    low: float | None = None  # 95 % interval, where there is one
    high: float | None = None
    n_images: int = 0  # with at least two of the compared ratings
    n_pairs: int = 0  # of ratings of the same image
    reason: Reason | None = None

    @classmethod
    def of(
        cls,
        statistic: Statistic,
        sizes: Floats,
        *,
        bootstrap: Bootstrap,
        otherwise: Reason = 'constant',
    ) -> Self:
        """Estimate, with a percentile bootstrap interval over images [1]_.

        Parameters
        ----------
        statistic
            The measure, given how often each image counts.
        sizes : (n,) ndarray
            How many ratings each image has; at least 2.
        otherwise
            Why the measure may be undefined (NaN).

        References
        ----------
        .. [1] Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 13.
        """
        n, n_pairs = len(sizes), int(np.sum(sizes * (sizes - 1)) / 2)
        if n == 0:
            return cls(reason='no-overlap')
        value = float(statistic(np.ones((1, n)))[0])
        if not np.isfinite(value):
            return cls(n_images=n, n_pairs=n_pairs, reason=otherwise)
        blocks = [statistic(w) for w in bootstrap.weights(n)] if n > 1 else []
        low, high = interval(np.concatenate(blocks)) if blocks else (None, None)
        return cls(value=value, low=low, high=high, n_images=n, n_pairs=n_pairs)


def interval(draws: Floats) -> tuple[float, float] | tuple[None, None]:
    """Give the percentile interval of a measure's draws; none if most are undefined (NaN)."""
    defined = draws[np.isfinite(draws)]
    if len(defined) == 0 or len(defined) < _MIN_DEFINED * len(draws):
        return None, None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; where the divisor is zero but for rounding, the quotient is NaN."""
    quotient = np.full(np.shape(denominator), np.nan)
    is_safe = np.abs(denominator) > 1e-12 * np.maximum(1.0, np.abs(numerator))
    np.divide(numerator, denominator, out=quotient, where=is_safe)
    return quotient
