"""Which records of a scan stand for the others: the rules of the views, on arrays.

A group is decided by its own records alone, so that any order of arrival gives the same answer,
and any number of groups at once the same as each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Keys: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]
# asked for some rows, gives their metric vectors in that order, in blocks of any length
Fetch: TypeAlias = Callable[[Places], Iterable[Floats]]

MEMBER, CANONICAL, QUARANTINED = 0, 1, 2
STATES: Final = ('member', 'canonical', 'quarantined')
TIE: Final = 1e-9  # relative; sums of distances this close are equal
_MAX_CELLS: Final = 2_000_000  # numbers worked on at once, 16 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of each record, as arrays over records; all records of a scan are there."""

    scan: Keys
    group: Keys
    version: Ints  # rank in the order of versions
    created: Ints
    id: Keys  # (n, 3): the bytes of the id, so that numbers are in the order of ids
    vector: Keys  # hash of the metric vector
    is_complete: Flags  # whether the vector lacks no value
    geometry: Keys  # hash of sizes and spacings

    def __len__(self) -> int:
        return len(self.scan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """How differences are judged.

    Attributes
    ----------
    iqr : (m,) ndarray of float64
        Of each metric; where it is not above 0, any difference is infinite.
    limit : float
        Largest diameter of a group that is admitted.
    """

    iqr: Floats
    limit: float

    def relative(self, spread: Floats) -> Floats:
        """Divide what is not below 0 by the scales; infinite where there is none."""
        known = np.where(self.iqr > 0, self.iqr, np.nan)
        with np.errstate(over='ignore'):
            found: Floats = spread / known
        found[:, np.isnan(known)] = np.where(spread[:, np.isnan(known)] > 0, np.inf, 0.0)
        return found


@dataclass(slots=True, kw_only=True)
class Verdicts:
    """What the views say of each record, as arrays over records."""

    in_scan: Flags
    state: npt.NDArray[np.int8]  # place in STATES
    n_group: Ints
    diameter: Floats  # NaN where a value is missing
    is_judged: Flags  # else the group, untouched, is as it was, whatever state and diameter say


def judge(
    facts: Facts, scales: Scales, fetch: Fetch, touched: Iterable[int] | None = None
) -> Verdicts:
    """Decide on every record.

    Parameters
    ----------
    touched : iterable of int, optional
        Keys of the groups that are not as they were when they were judged last; all by default.
    """
    groups = _Groups(facts, touched)
    for block in groups.unlike(fetch):
        groups.settle(block, scales)
    return groups.verdicts()


def newest_of_scans(facts: Facts) -> Flags:
    """Mark one record per scan: of the newest version, then the newest, then the highest id."""
    order = np.lexsort((*_ids(facts), facts.created, facts.version, facts.scan))
    scans = facts.scan[order]
    is_last = np.append(scans[1:] != scans[:-1], True) if len(scans) else np.zeros(0, np.bool_)
    found = np.zeros(len(facts), np.bool_)
    found[order[is_last]] = True
    return found


def first_of_scans(facts: Facts, among: Sequence[Flags]) -> list[Flags]:
    """Mark one record per scan among each of some sets: the oldest, then of the lowest id."""
    order = np.lexsort((*_ids(facts), facts.created, facts.scan))
    marks = []
    for is_in in among:
        kept = order[is_in[order]]
        scans = facts.scan[kept]
        found = np.zeros(len(facts), np.bool_)
        found[kept[np.append(True, scans[1:] != scans[:-1])[: len(kept)]]] = True
        marks.append(found)
    return marks


def medoids(vectors: Floats) -> Places:
    """Find the medoid of each of some sets of vectors under L1; of several, the first.

    Parameters
    ----------
    vectors : (g, k, m) ndarray of float64
        *g* sets of *k* vectors each, on a common scale.

    Returns
    -------
    (g,) ndarray of int
    """
    k = vectors.shape[1]
    order = np.argsort(vectors, axis=1, kind='stable')
    values = np.take_along_axis(vectors, order, axis=1)
    below = np.cumsum(values, axis=1)
    # Σ|x_i - x_j| of sorted values: those up to x_i count positive, the others negative
    counts = 2.0 * np.arange(k) + 2 - k
    distances = values * counts[:, None] + below[:, -1:, :] - 2 * below
    unsorted = np.empty_like(distances)
    np.put_along_axis(unsorted, order, distances, axis=1)
    sums = unsorted.sum(axis=2)
    is_least = sums <= sums.min(axis=1, keepdims=True) * (1 + TIE)
    first: Places = np.argmax(is_least, axis=1)
    return first


@dataclass(frozen=True, slots=True)
class _Block:
    """The vectors of some whole groups."""

    groups: Places
    starts: Places  # of each group within the vectors
    vectors: Floats


class _Groups:
    """The groups of some records, in the order of group and id."""

    def __init__(self, facts: Facts, touched: Iterable[int] | None) -> None:
        self._facts = facts
        self._order = np.lexsort((*_ids(facts), facts.group))
        keys = facts.group[self._order]
        is_first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        self._starts = np.flatnonzero(is_first)
        self._is_judged = np.ones(len(self._starts), np.bool_)
        if touched is not None:
            self._is_judged = np.isin(keys[self._starts], np.fromiter(touched, np.uint64))
        self._sizes = np.diff(np.append(self._starts, len(keys)))
        complete = facts.is_complete[self._order]
        self._is_complete: Flags = self._reduce(np.logical_and, complete)
        self._is_alike = self._all_equal(facts.vector) & self._is_complete
        self._fits = self._all_equal(facts.geometry)
        self._diameters = np.where(self._is_alike, 0.0, np.nan)
        self._admitted = self._is_alike & self._fits
        self._chosen = self._starts.copy()  # lowest id

    def unlike(self, fetch: Fetch) -> Iterator[_Block]:
        """Give the groups whose vectors differ, some at a time."""
        wanted = np.flatnonzero(self._is_complete & ~self._is_alike & self._is_judged)
        sizes = self._sizes[wanted]
        ends = np.cumsum(sizes)
        held: Floats | None = None
        n_done = n_rows = 0
        for vectors in fetch(self._order[_ranges(self._starts[wanted], sizes)]):
            held = vectors if held is None or not len(held) else np.concatenate([held, vectors])
            last = int(np.searchsorted(ends, n_rows + len(held), side='right'))
            if last > n_done:
                starts = ends[n_done:last] - sizes[n_done:last] - n_rows
                n_whole = int(ends[last - 1]) - n_rows
                yield _Block(wanted[n_done:last], starts, held[:n_whole])
                held, n_rows, n_done = held[n_whole:], n_rows + n_whole, last

    def settle(self, block: _Block, scales: Scales) -> None:
        """Measure the groups of a block; choose who represents those that are admitted."""
        with np.errstate(over='ignore'):
            lowest, spread = self._extremes(block)
        diameters = scales.relative(spread).max(axis=1)
        self._diameters[block.groups] = diameters
        admitted = (diameters <= scales.limit) & self._fits[block.groups]
        self._admitted[block.groups] = admitted
        units = np.where(scales.iqr > 0, scales.iqr, np.inf)  # without a scale, all are equal
        for places, sets in self._distinct(block, np.flatnonzero(admitted)):
            scaled = (block.vectors[sets] - lowest[places, None, :]) / units
            best = np.take_along_axis(sets, medoids(scaled)[:, None], axis=1)[:, 0]
            groups = block.groups[places]
            self._chosen[groups] = self._starts[groups] + best - block.starts[places]

    def verdicts(self) -> Verdicts:
        """Say of each record what was decided on its group."""
        n = len(self._facts)
        of_group = np.repeat(np.arange(len(self._starts)), self._sizes)
        state = np.where(self._admitted[of_group], MEMBER, QUARANTINED).astype(np.int8)
        state[self._chosen[self._admitted]] = CANONICAL
        verdicts = Verdicts(
            in_scan=newest_of_scans(self._facts),
            state=np.empty(n, np.int8),
            n_group=np.empty(n, np.int64),
            diameter=np.empty(n),
            is_judged=np.empty(n, np.bool_),
        )
        verdicts.state[self._order] = state
        verdicts.n_group[self._order] = self._sizes[of_group]
        verdicts.diameter[self._order] = self._diameters[of_group]
        verdicts.is_judged[self._order] = self._is_judged[of_group]
        return verdicts

    def _extremes(self, block: _Block) -> tuple[Floats, Floats]:
        """Give the least values of each group of a block, and the spread above them."""
        sizes = self._sizes[block.groups]
        lowest = np.empty((len(sizes), block.vectors.shape[1]))
        highest = np.empty_like(lowest)
        for n in np.unique(sizes):  # groups of one size at once: many times faster than reduceat
            alike = np.flatnonzero(sizes == n)
            sets = block.vectors[block.starts[alike][:, None] + np.arange(n)]
            lowest[alike] = sets.min(axis=1)
            highest[alike] = sets.max(axis=1)
        return lowest, highest - lowest

    def _distinct(self, block: _Block, places: Places) -> Iterator[tuple[Places, Places]]:
        """Give, for groups of three and more distinct vectors, the rows of these.

        Groups with equally many come together: (g,) places in the block, (g, k) rows in it,
        ascending, each the lowest id of its vector. Of two vectors none is nearer to the other,
        so that the lowest id represents them.
        """
        sizes = self._sizes[block.groups[places]]
        rows = _ranges(block.starts[places], sizes)
        owner = np.repeat(np.arange(len(places)), sizes)
        in_order = self._order[_ranges(self._starts[block.groups[places]], sizes)]
        hashes = self._facts.vector[in_order]
        by_vector = np.lexsort((rows, hashes, owner))
        same = (np.diff(owner[by_vector]) == 0) & (np.diff(hashes[by_vector]) == 0)
        firsts = np.sort(by_vector[np.append(True, ~same)[: len(by_vector)]])
        n_distinct = np.bincount(owner[firsts], minlength=len(places))
        ends = np.cumsum(n_distinct)
        n_metrics = max(block.vectors.shape[1], 1)
        for k in np.unique(n_distinct[n_distinct > 2]):
            alike = np.flatnonzero(n_distinct == k)
            step = max(_MAX_CELLS // (int(k) * n_metrics), 1)
            for some in np.split(alike, range(step, len(alike), step)):
                yield places[some], rows[firsts[(ends[some] - k)[:, None] + np.arange(k)]]

    def _all_equal(self, keys: Keys) -> Flags:
        ordered = keys[self._order]
        found: Flags = self._reduce(np.minimum, ordered) == self._reduce(np.maximum, ordered)
        return found

    def _reduce(self, how: np.ufunc, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return how.reduceat(values, self._starts) if len(values) else values


def _ids(facts: Facts) -> tuple[Keys, ...]:
    return tuple(facts.id[:, i] for i in reversed(range(facts.id.shape[1])))


def _ranges(starts: Places, sizes: Places) -> Places:
    """Join the ranges ``start … start + size``."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    found: Places = np.arange(total) + np.repeat(starts - (ends - sizes), sizes)
    return found
