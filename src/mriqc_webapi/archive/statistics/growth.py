"""How the archive has grown: records and distinct scans per day, week or month, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.archive.statistics import groups
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Sample
from mriqc_webapi.errors import QueryError

Period: TypeAlias = Literal['day', 'week', 'month']
Integers: TypeAlias = NDArray[np.signedinteger]

PERIODS: Final = ('day', 'week', 'month')
TOP_GROUPS: Final = 20
_DAY: Final = '(epoch_us("_created") // 86400000000)::INTEGER'  # from the first of 1970
_MONDAY: Final = 3  # days from a Monday to that Thursday


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth(Question):
    """Records by when they came in. A scan, known by its MD5, came in with its first record.

    Within a group, scans are those of the group: one that is in two groups counts in both.
    """

    per: Period = 'month'
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        groups.check_fields(self.by, most=1)
        if self.per not in PERIODS:
            raise QueryError(f'per must be one of {", ".join(PERIODS)}')

    def answer(self, sample: Sample) -> Answer:
        """Fetch when each record came and of which scan it is, and count."""
        first = sample.first_of_scan
        if first is not None and not self.by:
            return self._counted(sample, first)
        found = groups.find_groups(sample, self.by, max_groups=TOP_GROUPS) if self.by else None
        columns = f'{_DAY} AS day, {sample.scan_key} AS scan'
        if found:
            source = groups.numbered(sample, found, columns)
            days, scans, numbers = sample.arrays(f'SELECT day, scan, number::USMALLINT {source}')
        else:
            days, scans = sample.arrays(f'SELECT {columns} {sample.source}')
        periods = _periods(days, self.per)
        times = _distinct(periods)
        body = self._body(times, _told(periods, scans, times))
        if found:
            own_periods, own_scans = groups.parted(found, numbers, periods, scans)
            parts = zip(own_periods, own_scans, strict=True)
            body |= _told_by_group(found, [_told(own, its, times) for own, its in parts])
        return Answer(len(periods), 0, body)

    def _counted(self, sample: Sample, first: str) -> Answer:
        """Do the same without groups, where rows say whether they came first of their scan."""
        counts = f'count(*) AS n, count_if({first})::BIGINT AS n_first'
        dates, n, n_first = sample.arrays(
            f'SELECT "_created"::DATE AS date, {counts} {sample.source} GROUP BY 1 ORDER BY 1'
        )
        days = dates.astype('datetime64[D]').astype(np.int64)
        periods = _periods(days, self.per)
        times, starts = np.unique(periods, return_index=True)
        new, new_unique = (_sums(each, starts) for each in (n, n_first))
        return Answer(int(n.sum()), 0, self._body(times, _cumulated(new, new_unique)))

    def _body(self, times: Integers, told: Body) -> Body:
        periods = _first_days(times, self.per)
        return {'per': self.per, 'periods': periods, **told, 'by': list(self.by)}


def _periods(days: Integers, per: Period) -> Integers:
    """Number the periods of days, from 1970 on."""
    if per == 'day' or len(days) == 0:
        return days
    if per == 'week':
        return (days + _MONDAY) // 7
    first: np.signedinteger = days.min()  # few days, many records: look up
    months = np.arange(first, days.max() + 1).astype('datetime64[D]').astype('datetime64[M]')
    found: Integers = months.astype(np.int64).astype(np.int32)[days - first]
    return found


def _distinct(periods: Integers) -> Integers:
    if len(periods) == 0:
        return periods
    first: np.signedinteger = periods.min()
    return np.flatnonzero(np.bincount(periods - first)) + first


def _first_days(periods: Integers, per: Period) -> list[str]:
    if per == 'month':
        days = periods.astype('datetime64[M]').astype('datetime64[D]')
    else:
        days = (periods if per == 'day' else periods * 7 - _MONDAY).astype('datetime64[D]')
    return np.datetime_as_string(days).tolist()  # type: ignore[no-any-return]


def _told(periods: Integers, scans: NDArray[np.uint64], times: Integers) -> Body:
    """Count records and first appearances of scans at some times."""
    return _cumulated(
        *(_counts(found, times) for found in (periods, first_periods(periods, scans)))
    )


def _sums(counts: Integers, starts: Integers) -> Integers:
    """Add up stretches of counts that begin at some places."""
    sums: Integers = np.add.reduceat(counts, starts) if len(starts) else counts
    return sums


def _cumulated(new: Integers, new_unique: Integers) -> Body:
    return {
        'new': new.tolist(),
        'total': np.cumsum(new).tolist(),
        'new_unique': new_unique.tolist(),
        'total_unique': np.cumsum(new_unique).tolist(),
    }


def _told_by_group(found: groups.Groups, parts: list[Body]) -> Body:
    kept = [
        {'group': found.named(group), **part}
        for group, part in zip(found.kept, parts[:-1], strict=True)
    ]
    other = {'n_groups': found.n_other_groups, **parts[-1]}
    return {'groups': kept, 'other': other if found.n_other_groups else None}


def _counts(periods: Integers, times: Integers) -> Integers:
    if len(periods) == 0:
        return np.zeros(len(times), dtype=np.int64)
    first: np.signedinteger = times[0]
    counts: Integers = np.bincount(periods - first, minlength=times[-1] - first + 1)
    picked: Integers = counts[times - first]
    return picked


def first_periods(periods: Integers, scans: NDArray[np.uint64]) -> Integers:
    """Find the first period of each scan, in no order."""
    if len(scans) == 0:
        return periods
    # sorting numbers is several times faster than sorting places: the period goes into low bits
    start: np.signedinteger = periods.min()
    n_bits = np.uint64(int(periods.max() - start).bit_length())
    packed = scans >> n_bits << n_bits
    packed |= (periods - start).astype(np.uint64)
    packed.sort()
    is_first = _heads(packed >> n_bits)
    if np.count_nonzero(is_first) != np.count_nonzero(_heads(np.sort(scans))):
        return _first_of_like(periods, scans)
    mask = (np.uint64(1) << n_bits) - np.uint64(1)
    firsts: Integers = (packed[is_first] & mask).astype(periods.dtype) + start
    return firsts


def _first_of_like(periods: Integers, scans: NDArray[np.uint64]) -> Integers:
    """Do the same where two scans differ in the low bits only."""
    order = np.argsort(scans)
    heads = np.flatnonzero(_heads(scans[order]))
    firsts: Integers = np.minimum.reduceat(periods[order], heads)
    return firsts


def _heads(ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mark the first of each run of equal numbers."""
    is_head = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_head[1:])
    return is_head
