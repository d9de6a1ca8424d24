"""Spearman's coefficients of many columns with gaps: ties have their average rank."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import combinations_with_replacement
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.archive.statistics.sample import Floats

Integers: TypeAlias = NDArray[np.int64]
DoubleRanks: TypeAlias = NDArray[np.int32]  # twice the average rank from 1, a whole number; 0: NaN

ROWS_AT_ONCE: Final = 65_536
N_THREADS: Final = min(4, os.cpu_count() or 1)  # NumPy sorts without Python's lock


def double_ranks(values: Floats) -> DoubleRanks:
    """Rank a column, twice over; NaN has 0."""
    order = np.argsort(values)  # NaN last
    n = len(values) - int(np.isnan(values).sum())
    order = order[:n]
    ordered = values[order]
    is_first = np.ones(n, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], n)
    ranks = np.zeros(len(values), dtype=np.int32)
    if len(starts) == n:  # no ties
        ranks[order] = np.arange(2, 2 * n + 2, 2, dtype=np.int32)
        return ranks
    ranks[order] = np.repeat((starts + ends + 1).astype(np.int32), ends - starts)
    return ranks


class Ranking:
    """Ranks columns in threads while others are fetched; few wait, so that memory is bounded."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix='ranking')
        self._running: list[Future[DoubleRanks]] = []

    def add(self, values: Floats) -> None:
        """Begin to rank one more column."""
        if len(self._running) >= 2 * N_THREADS:
            self._running[-2 * N_THREADS].result()
        self._running.append(self._pool.submit(double_ranks, values))

    def ranks(self) -> list[DoubleRanks]:
        """Wait for all columns, and give their ranks."""
        return [running.result() for running in self._running]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def coefficients(
    columns: Sequence[DoubleRanks], *, check: Callable[[], None]
) -> tuple[Integers, Floats]:
    """Correlate the ranks of every pair of columns within the rows that have both.

    Parameters
    ----------
    check : callable
        Is called from time to time, and may raise.

    Returns
    -------
    n : (k, k) ndarray of int64
        How many rows have both.
    r : (k, k) ndarray of float64
        NaN where fewer than two rows have both, or one of them is constant there.
    """
    n = np.zeros((len(columns), len(columns)), dtype=np.int64)
    found = np.full(n.shape, np.nan)
    sets = _same_gaps(columns)
    for (first, held), (second, also_held) in combinations_with_replacement(sets, 2):
        check()
        rows = np.flatnonzero(held & also_held)
        mine = [columns[i][rows] for i in first]
        others = mine
        if first is not second:
            mine = [_ranked_again(ranks) for ranks in mine]
            others = [_ranked_again(columns[i][rows]) for i in second]
        r = _of_complete(mine, others, len(rows), check)
        for place, own in ((np.ix_(first, second), r), (np.ix_(second, first), r.T)):
            n[place] = len(rows)
            found[place] = own
    diagonal = np.diag_indices(len(columns))
    found[diagonal] = np.where(np.isnan(found[diagonal]), np.nan, 1)
    return n, found


def _same_gaps(columns: Sequence[DoubleRanks]) -> list[tuple[list[int], NDArray[np.bool_]]]:
    """Put together the columns that lack the same rows."""
    sets: dict[bytes, tuple[list[int], NDArray[np.bool_]]] = {}
    for i, ranks in enumerate(columns):
        held = ranks > 0
        sets.setdefault(np.packbits(held).tobytes(), ([], held))[0].append(i)
    return list(sets.values())


def _ranked_again(ranks: DoubleRanks) -> DoubleRanks:
    """Rank what is left of a column."""
    sizes = np.bincount(ranks).astype(np.int32)
    ends = np.cumsum(sizes, dtype=np.int32)
    again: DoubleRanks = (2 * ends - sizes + 1)[ranks]
    return again


def _of_complete(
    rows: Sequence[DoubleRanks], columns: Sequence[DoubleRanks], n: int, check: Callable[[], None]
) -> Floats:
    products = np.zeros((len(rows), len(columns)))
    row_squares, column_squares = np.zeros(len(rows)), np.zeros(len(columns))
    for start in range(0, n, ROWS_AT_ONCE):
        check()
        stretch = slice(start, start + ROWS_AT_ONCE)
        left = _centred(rows, stretch, n)
        right = left if rows is columns else _centred(columns, stretch, n)
        products += left @ right.T
        row_squares += np.einsum('ij,ij->i', left, left)
        column_squares += np.einsum('ij,ij->i', right, right)
    with np.errstate(divide='ignore', invalid='ignore'):
        found = products / np.sqrt(row_squares)[:, None] / np.sqrt(column_squares)
    found[row_squares == 0] = np.nan
    found[:, column_squares == 0] = np.nan
    clipped: Floats = np.clip(found, -1, 1)
    return clipped


def _centred(columns: Sequence[DoubleRanks], stretch: slice, n: int) -> Floats:
    """Take ranks about their mean, within ±1."""
    block = np.stack([ranks[stretch] for ranks in columns]).astype(float)
    block -= n + 1
    block /= n
    return block
