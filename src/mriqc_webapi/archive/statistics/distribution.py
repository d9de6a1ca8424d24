"""How one IQM is distributed: histogram, percentiles, moments, empirical distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.archive.statistics import describe, groups
from mriqc_webapi.archive.statistics.describe import Bins, Bounds, Range
from mriqc_webapi.archive.statistics.percentiles import check_percentiles
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Floats, Sample
from mriqc_webapi.errors import QueryError

MAX_BINS: Final = 1_000
MAX_PERCENTILES: Final = 101
MAX_ECDF: Final = 1_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(Question):
    """The distribution of one IQM, and of its groups over the same bins.

    Parameters
    ----------
    range : pair of float, or 'robust', optional
        What the bins cover, all values by default. It bears on the bins only.
    percentiles : tuple of float
        From 0 to 100.
    ecdf : int
        How many points of the empirical distribution are wanted: none, or two and more, since
        the extremes are among them.
    min_group : int
        Groups with fewer values are put together under ``other``.
    """

    iqm: str
    bins: Bins = 'auto'
    range: Bounds = None
    percentiles: tuple[float, ...] = describe.PERCENTILES
    ecdf: int = MAX_PERCENTILES
    by: tuple[str, ...] = ()
    min_group: int = groups.MIN_GROUP

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        groups.check_fields(self.by)
        check_percentiles(self.percentiles, most=MAX_PERCENTILES)
        if self.bins != 'auto' and not 1 <= self.bins <= MAX_BINS:
            raise QueryError(f"bins must be 'auto' or from 1 to {MAX_BINS}")
        check_range(self.range)
        if self.ecdf and not 2 <= self.ecdf <= MAX_ECDF:
            raise QueryError(f'ecdf must be 0, or from 2 to {MAX_ECDF}')

    def answer(self, sample: Sample) -> Answer:
        """Fetch the values once, sort them, and read everything off."""
        number = sample.number(self.iqm)
        if not self.by:
            (values,) = sample.values(self.iqm)
            ordered = groups.sorted_values(values)
            edges = self._edges(ordered)
            return self._answer(ordered, len(values) - len(ordered), edges, {})
        found, ordered_by_group = groups.grouped_values(
            sample, self.by, number, min_group=self.min_group
        )
        *parts, rest = ordered_by_group
        everything = np.sort(np.concatenate([*parts, rest]))
        edges = self._edges(everything)
        n_missing = sum(g.n_missing for g in (*found.kept, found.other))
        return self._answer(everything, n_missing, edges, self._groups(found, parts, rest, edges))

    def _edges(self, ordered: Floats) -> Floats:
        return describe.bin_edges(ordered, self.bins, bounds_of(ordered, self.range))

    def _answer(self, ordered: Floats, n_missing: int, edges: Floats, by: Body) -> Answer:
        own = self._described(ordered, edges)
        body = {'iqm': self.iqm, 'edges': edges.tolist(), **own, 'by': list(self.by), **by}
        return Answer(len(ordered), n_missing, body)

    def _groups(
        self, found: groups.Groups, parts: list[Floats], rest: Floats, edges: Floats
    ) -> Body:
        def told(group: groups.Group, ordered: Floats) -> Body:
            own = self._described(ordered, edges)
            return {'n_used': len(ordered), 'n_missing': group.n_missing, **own}

        kept = [
            {'group': found.named(group), **told(group, part)}
            for group, part in zip(found.kept, parts, strict=True)
        ]
        other = {'n_groups': found.n_other_groups, **told(found.other, rest)}
        return {
            'min_group': self.min_group,
            'groups': kept,
            'other': other if found.n_other_groups else None,
        }

    def _described(self, ordered: Floats, edges: Floats) -> Body:
        counts, n_below, n_above = describe.bin_counts(ordered, edges)
        x, share = describe.ecdf(ordered, self.ecdf)
        return {
            'counts': counts,
            'n_below': n_below,
            'n_above': n_above,
            **described(ordered, self.percentiles),
            'ecdf': {'x': x, 'share': share},
        }


def described(ordered: Floats, percentiles: tuple[float, ...]) -> Body:
    """Tell extremes, percentiles and moments of sorted values."""
    found = describe.percentiles(ordered, percentiles)
    return {
        'min': float(ordered[0]) if len(ordered) else None,
        'max': float(ordered[-1]) if len(ordered) else None,
        'percentiles': [
            {'p': p, 'value': value} for p, value in zip(percentiles, found, strict=True)
        ],
        'moments': describe.moments(ordered)._asdict(),
    }


def bounds_of(values: Floats, wanted: Bounds) -> Range | None:
    """Say which range some values are shown over."""
    return describe.robust_range(values) if wanted == 'robust' else wanted


def check_range(bounds: Bounds) -> None:
    """Raise QueryError for bounds between which there is nothing."""
    if bounds is None or bounds == 'robust':
        return
    low, high = bounds
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise QueryError('a range goes from one finite number to a larger one')
