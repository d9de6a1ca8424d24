"""Pearson's coefficients of many columns with gaps, from one pass over blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.archive.statistics.sample import Floats, Sample

Integers: TypeAlias = NDArray[np.int64]

BLOCK_ROWS: Final = 32_768  # so that a block of some columns stays in a cache
_MIN_SHARE: Final = 1e-6  # of a pair's squares that is variance; below, digits would be lost


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a column lies and how far it reaches: ``(x − centre)·2^−exponent`` is within ±1."""

    centre: float
    exponent: int
    is_constant: bool

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Look at a column; NaN is missing."""
        held = values[~np.isnan(values)]
        if len(held) == 0:
            return cls(0.0, 0, is_constant=True)
        low, high = float(held.min()), float(held.max())
        shrink = math.frexp(max(abs(low), abs(high)))[1]
        shrink = shrink if abs(shrink) > 900 else 0  # so that no sum overflows
        centre = (
            math.ldexp(float(np.ldexp(held, -shrink).mean()), shrink)
            if shrink
            else float(held.mean())
        )
        reach = max(high / 2 - centre / 2, centre / 2 - low / 2)
        return cls(centre, math.frexp(reach)[1] + 1, is_constant=low == high)

    def apply(self, values: Floats) -> Floats:
        """Centre and scale."""
        if self.exponent > 1000:  # a difference may be no double
            return np.ldexp(values, -self.exponent) - math.ldexp(self.centre, -self.exponent)
        return np.ldexp(values - self.centre, -self.exponent)


class Sums:
    """Sums over the rows that have both columns of each pair; ``[i, j]`` is of column i."""

    def __init__(self, n_columns: int) -> None:
        shape = n_columns, n_columns
        self.n = np.zeros(shape, dtype=np.int64)
        self.plain, self.squares, self.products = (np.zeros(shape) for _ in range(3))

    def add(self, block: Floats) -> None:
        """Take in a block of scaled columns, which it changes."""
        is_missing = np.isnan(block)
        if is_missing.any():
            held = (~is_missing).astype(float)
            block[is_missing] = 0
            self.n += (held @ held.T).round().astype(np.int64)
            self.plain += block @ held.T
            self.squares += (block * block) @ held.T
        else:
            self.n += block.shape[1]
            self.plain += block.sum(axis=1)[:, None]
            self.squares += np.einsum('ij,ij->i', block, block)[:, None]
        self.products += block @ block.T

    def coefficients(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Compute the coefficients, and tell which of them have lost digits."""
        n = np.maximum(self.n, 1)
        with np.errstate(divide='ignore', invalid='ignore'):
            variance = self.squares - self.plain**2 / n
            covariance = self.products - self.plain * self.plain.T / n
            found = covariance / np.sqrt(variance) / np.sqrt(variance.T)
        is_poor = variance < _MIN_SHARE * self.squares
        is_poor |= self.squares < 1e-250  # of products that may have vanished
        return np.clip(found, -1, 1), is_poor | is_poor.T


def coefficients(
    sample: Sample,
    names: Sequence[str],
    scales: Sequence[Scale],
    columns: Sequence[Floats] | None = None,
) -> tuple[Integers, Floats]:
    """Correlate every pair of numeric fields.

    Parameters
    ----------
    columns : sequence of (m,) ndarray of float64, optional
        Their values, NaN where missing; else they are fetched block by block.

    Returns
    -------
    n : (k, k) ndarray of int64
        How many records have both.
    r : (k, k) ndarray of float64
        NaN where fewer than two records have both, or one of them is constant.
    """
    sums = Sums(len(names))
    for block in sample.blocks(names) if columns is None else _blocks(columns):
        sample.check_time()
        sums.add(np.stack([s.apply(v) for s, v in zip(scales, block, strict=True)]))
    found, is_poor = sums.coefficients()
    is_constant = np.array([scale.is_constant for scale in scales])
    nothing = is_constant[:, None] | is_constant | (sums.n < 2)
    found[nothing] = np.nan
    for i, j in np.argwhere(np.triu(is_poor & ~nothing)).tolist():
        x, y = sample.values(names[i], names[j])
        is_used = ~(np.isnan(x) | np.isnan(y))
        found[i, j] = found[j, i] = correlate(x[is_used], y[is_used])
    diagonal = np.diag_indices(len(names))
    found[diagonal] = np.where(np.isnan(found[diagonal]), np.nan, 1)
    return sums.n, found


def _blocks(columns: Sequence[Floats]) -> Iterator[list[Floats]]:
    for start in range(0, len(columns[0]), BLOCK_ROWS):
        yield [column[start : start + BLOCK_ROWS] for column in columns]


def correlate(x: Floats, y: Floats) -> float:
    """Correlate two columns without gaps; NaN if one of them is constant."""
    x, y = _standardised(x), _standardised(y)
    return float(np.clip(np.dot(x, y), -1, 1))


def _standardised(values: Floats) -> Floats:
    scale = Scale.of(values)
    if scale.is_constant:
        return np.full(len(values), np.nan)
    deviations = scale.apply(values)
    deviations -= deviations.mean()
    return deviations / math.sqrt(np.dot(deviations, deviations))
