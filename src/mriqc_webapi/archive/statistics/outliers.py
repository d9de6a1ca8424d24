"""Records whose IQM lies beyond given limits, or beyond robust limits of their own group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import numpy as np

from mriqc_webapi.archive.statistics import describe, groups
from mriqc_webapi.archive.statistics.describe import MAD_TO_SD, finite
from mriqc_webapi.archive.statistics.groups import Groups
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Floats, Row, Sample
from mriqc_webapi.errors import QueryError

MAX_LIMIT: Final = 1_000
MAX_OFFSET: Final = 1_000_000
DEFAULT_K: Final = 3.5  # Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, ASQC


@dataclass(frozen=True, slots=True)
class Limits:
    """Between what values are ordinary; None: any is."""

    low: float | None = None
    high: float | None = None
    median: float | None = None
    scale: float | None = None  # 1.4826·MAD

    @property
    def is_any(self) -> bool:
        """Whether there is any limit."""
        return self.low is not None or self.high is not None

    def count_beyond(self, ordered: Floats) -> int:
        """Count the sorted values that are not ordinary."""
        n_low = 0 if self.low is None else int(np.searchsorted(ordered, self.low))
        if self.high is None:
            return n_low
        return n_low + len(ordered) - int(np.searchsorted(ordered, self.high, 'right'))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliers(Question):
    """Records below ``low`` or above ``high``; beyond median ± k·1.4826·MAD if neither is given.

    Groups smaller than `min_group`, and those with a MAD of zero, have no robust limits: their
    records are not judged. All records together are never too few.
    """

    iqm: str
    low: float | None = None
    high: float | None = None
    k: float = DEFAULT_K
    by: tuple[str, ...] = ()
    min_group: int = groups.MIN_GROUP
    limit: int = 100
    offset: int = 0

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        groups.check_fields(self.by)
        if not all(np.isfinite(x) for x in (self.low, self.high, self.k) if x is not None):
            raise QueryError('limits are finite numbers')
        if self.low is not None and self.high is not None and self.low > self.high:
            raise QueryError('low must not be above high')
        if self.k <= 0:
            raise QueryError('k must be larger than 0')
        if not 1 <= self.limit <= MAX_LIMIT or not 0 <= self.offset <= MAX_OFFSET:
            raise QueryError(f'limit is from 1 to {MAX_LIMIT}, offset from 0 to {MAX_OFFSET}')

    @property
    def has_range(self) -> bool:
        """Whether the limits are given."""
        return self.low is not None or self.high is not None

    def answer(self, sample: Sample) -> Answer:
        """Find each group's limits, then the records beyond them, the farthest first."""
        number = sample.number(self.iqm)
        floor = 1 if self.has_range or not self.by else self.min_group
        found, parts = groups.grouped_values(sample, self.by, number, min_group=floor)
        limits = [*(self._limits(part) for part in parts[:-1]), self._limits_of_others()]
        told = [_told(part, own) for part, own in zip(parts, limits, strict=True)]
        n_judged = sum(len(p) for p, own in zip(parts, limits, strict=True) if own.is_any)
        n = sum(g.n + g.n_missing for g in (*found.kept, found.other))
        named = zip(found.kept, told, strict=False)  # the last one told is that of all others
        n_others = found.n_other_groups
        body = {
            'iqm': self.iqm,
            'rule': self._rule(),
            'by': list(self.by),
            'groups': [{'group': found.named(group), **one} for group, one in named],
            'other': {'n_groups': n_others, **told[-1]} if n_others else None,
            'n_outliers': sum(one['n_outliers'] for one in told),
            'offset': self.offset,
            'outliers': list(self._outliers(sample, found, limits)),
        }
        return Answer(n_judged, n - n_judged, body)

    def _rule(self) -> Body:
        if self.has_range:
            return {'kind': 'range', 'low': self.low, 'high': self.high}
        text = f'beyond median ± {self.k:g} · {MAD_TO_SD} · MAD'
        rule = {'kind': 'robust', 'k': self.k, 'text': text}
        if not self.by:
            return rule
        return rule | {'min_group': self.min_group, 'text': f'{text} of the group'}

    def _limits(self, ordered: Floats) -> Limits:
        if self.has_range:
            return Limits(self.low, self.high)
        median, mad = describe.median_and_mad(ordered)
        if median is None or not mad:
            return Limits(median=median)
        scale = MAD_TO_SD * mad
        low, high = finite(median - self.k * scale), finite(median + self.k * scale)
        return Limits(low, high, median, finite(scale))

    def _limits_of_others(self) -> Limits:
        return Limits(self.low, self.high)

    def _outliers(self, sample: Sample, found: Groups, limits: list[Limits]) -> Iterator[Body]:
        for id_, created, scan, value, number, median, scale in self._rows(sample, found, limits):
            yield {
                '_id': id_,
                '_created': created.replace(tzinfo=UTC).isoformat(),
                'md5sum': scan,
                'value': value,
                'group': found.named(found.kept[number]) if number < len(found.kept) else None,
                'z': finite((value - median) / scale) if scale else None,
            }

    def _rows(self, sample: Sample, found: Groups, limits: list[Limits]) -> list[Row]:
        def bound(value: float | None) -> str:
            return 'NULL::DOUBLE' if value is None else f'{sample.parameters.add(value)}::DOUBLE'

        values = ', '.join(
            f'({i}, {bound(own.low)}, {bound(own.high)}, {bound(own.median)}, {bound(own.scale)})'
            for i, own in enumerate(limits)
        )
        columns = (
            f'seq, _id, _created, {sample.scan or "NULL"} AS scan, {sample.number(self.iqm)} AS v'
        )
        return sample.rows(
            f'SELECT _id, _created, scan, v, number, median, scale'
            f' {groups.numbered(sample, found, columns)}'
            f' JOIN (VALUES {values}) AS l(number, low, high, median, scale) USING (number)'
            f' WHERE v < low OR v > high'
            f' ORDER BY greatest(low - v, v - high) / coalesce(scale, 1) DESC, seq'
            f' LIMIT {self.limit} OFFSET {self.offset}'
        )


def _told(ordered: Floats, limits: Limits) -> Body:
    return {
        'n_used': len(ordered) if limits.is_any else 0,
        'n_unjudged': 0 if limits.is_any else len(ordered),
        'median': limits.median,
        'low': limits.low,
        'high': limits.high,
        'n_outliers': limits.count_beyond(ordered),
    }
