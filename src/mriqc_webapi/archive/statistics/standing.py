"""Where the numbers of one record stand among those of other images: its peers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from mriqc_webapi.archive.columns import SQL_TYPES
from mriqc_webapi.archive.statistics import describe
from mriqc_webapi.archive.statistics.describe import finite, sayable
from mriqc_webapi.archive.statistics.groups import sorted_values
from mriqc_webapi.archive.statistics.percentiles import check_percentiles
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import MAX_VALUES_AT_ONCE, Sample
from mriqc_webapi.errors import NotFoundError

Peers: TypeAlias = Literal['all', 'epoch', 'scanner']

# what peers have in common with the record
SHARED: Final[dict[Peers, tuple[str, ...]]] = {
    'all': (),
    'epoch': ('epoch',),
    'scanner': ('epoch', 'vendor', 'field_strength'),
}
MIN_PEERS: Final = 20  # with fewer, one image more or less moves a percentile by over 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that is placed."""

    scan: int  # number of its image
    md5sum: str | None
    derived: Body
    values: tuple[float | None, ...]  # lined up with the IQMs


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Question):
    """The percentile rank of each IQM of a record among its peers.

    Peers are the records of the population that are about other images. What the record does not
    say (an unknown vendor) does not narrow them.

    Parameters
    ----------
    peers : str
        Which of them: of all software and scanners, of the same epoch, or of the same epoch,
        vendor and field strength.
    min_peers : int
        An IQM of which fewer peers have a value gets no percentile.
    percentiles : tuple of float
        Percentiles of the peers' values to tell beside.
    """

    id: str
    peers: Peers = 'all'
    min_peers: int = MIN_PEERS
    percentiles: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        if self.percentiles:
            check_percentiles(self.percentiles)

    def answer(self, sample: Sample) -> Answer:
        """Look the record up, then count its peers below and beside it, all IQMs in one pass.

        Raises
        ------
        NotFoundError
            The resource has no such record.
        """
        names = sample.measures()
        subject = self._subject(sample, names)
        same = {
            name: subject.derived[name]
            for name in SHARED[self.peers]
            if subject.derived.get(name) is not None
        }
        within = _peers(sample, subject, same)
        n, n_used, ranks = _ranks(sample, names, subject.values, within)
        told = zip(names, subject.values, ranks, strict=True)
        iqms = [self._told(sample, name, value, n, rank) for name, value, rank in told]
        if self.percentiles:
            for one, values in zip(iqms, self._spread(sample, names, n, within), strict=True):
                one['peers'] = values
        body = {
            'id': self.id,
            'md5sum': subject.md5sum,
            'record': subject.derived,
            'peers': self.peers,
            'same': same,
            'min_peers': self.min_peers,
            'percentiles': list(self.percentiles),
            'iqms': iqms,
        }
        return Answer(n_used, n - n_used, body)

    def _subject(self, sample: Sample, names: Sequence[str]) -> Subject:
        derived = sample.layout.derived.values()
        wanted = [sample.scan_key, sample.scan or 'NULL', *(c.sql for c in derived)]
        wanted += [sample.number(name) for name in names]
        rows = sample.rows(
            f'SELECT {", ".join(wanted)} FROM {sample.layout.table}'  # noqa: S608 - bound
            f' WHERE _id = {sample.parameters.add(self.id)}'
        )
        if not rows:
            raise NotFoundError(f'{sample.resource.name} has no record {self.id!r}')
        scan, md5sum, *rest = rows[0]
        told = {c.name: sayable(v) for c, v in zip(derived, rest, strict=False)}
        return Subject(scan, md5sum, told, tuple(map(finite, rest[len(told) :])))

    def _told(
        self, sample: Sample, name: str, value: float | None, n: int, rank: tuple[int, int, int]
    ) -> Body:
        n_peers, n_below, n_equal = rank
        field = sample.resource.by_name[name]
        is_placed = value is not None and n_peers >= self.min_peers
        return {
            'iqm': name,
            'unit': field.unit,
            'better': field.better,
            'value': value,
            'n_used': n_peers,
            'n_missing': n - n_peers,
            'n_below': None if value is None else n_below,
            'n_equal': None if value is None else n_equal,
            'percentile': 100 * (n_below + n_equal / 2) / n_peers if is_placed else None,
        }

    def _spread(
        self, sample: Sample, names: Sequence[str], n: int, within: str
    ) -> Iterator[list[float | None]]:
        step = max(1, MAX_VALUES_AT_ONCE // max(n, 1))
        for start in range(0, len(names), step):
            for values in sample.values(*names[start : start + step], within=within):
                yield describe.percentiles(sorted_values(values), self.percentiles)


def _peers(sample: Sample, subject: Subject, same: dict[str, Any]) -> str:
    tests = [f'{sample.scan_key} <> {sample.parameters.add(subject.scan)}::UBIGINT']
    for name, value in same.items():
        column = sample.field(name)
        bound = f'{sample.parameters.add(value)}::{SQL_TYPES[column.type]}'
        tests.append(f'{column.sql} = {bound}')
    return ' AND '.join(f'({test})' for test in tests)


def _ranks(
    sample: Sample, names: Sequence[str], values: Sequence[float | None], within: str
) -> tuple[int, int, list[tuple[int, int, int]]]:
    """Count peers, those with any value, and per IQM: with a value, below, and equal."""
    columns = ['NULL AS nothing', *(f'{sample.number(n)} AS c{i}' for i, n in enumerate(names))]
    held = ', '.join(['nothing', *(f'c{i}' for i in range(len(names)))])
    counts = ['count(*)', f'count(coalesce({held}))']
    for i, value in enumerate(values):
        bound = f'{sample.parameters.add(value)}::DOUBLE'
        counts += [f'count(c{i})', f'count_if(c{i} < {bound})', f'count_if(c{i} = {bound})']
    ((n, n_used, *rest),) = sample.rows(
        f'SELECT {", ".join(counts)}'  # noqa: S608 - bound
        f' FROM (SELECT {", ".join(columns)} {sample.source} AND {within})'
    )
    found = [n_found or 0 for n_found in rest]  # over no rows, count_if is NULL
    return n, n_used, list(zip(found[::3], found[1::3], found[2::3], strict=True))
