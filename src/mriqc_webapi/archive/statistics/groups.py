"""Samples parted by the values of one or two fields: the large groups, and one of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.archive.columns import SQL_TYPES
from mriqc_webapi.archive.statistics.describe import finite
from mriqc_webapi.archive.statistics.sample import Floats, Sample
from mriqc_webapi.errors import QueryError

MAX_FIELDS: Final = 2
MAX_GROUPS: Final = 50
MIN_GROUP: Final = 10


@dataclass(frozen=True, slots=True)
class Group:
    """The records with one combination of values."""

    key: tuple[Any, ...]  # one value per field; None: the field is missing
    n: int  # records that count
    n_missing: int  # records that lack what is counted


@dataclass(frozen=True, slots=True)
class Groups:
    """The largest groups, by size, and what is left."""

    fields: tuple[str, ...]
    kept: list[Group]
    n_other_groups: int
    other: Group

    def named(self, group: Group) -> dict[str, Any]:
        """Write a group's values by field."""
        values = (finite(v) if isinstance(v, float) else v for v in group.key)
        return dict(zip(self.fields, values, strict=True))


def check_fields(fields: Sequence[str], *, most: int = MAX_FIELDS) -> None:
    """Raise QueryError for too many fields, or one named twice."""
    if len(fields) > most:
        raise QueryError(f'at most {most} field(s) to group by, not {len(fields)}')
    if len(set(fields)) < len(fields):
        raise QueryError('a field to group by is named twice')


def find_groups(
    sample: Sample,
    fields: tuple[str, ...],
    *,
    counted: str = '*',
    min_group: int = 1,
    max_groups: int = MAX_GROUPS,
) -> Groups:
    """Find the groups of at least `min_group` records, at most `max_groups` of them.

    Without fields there is one group, of everything.

    Parameters
    ----------
    counted : str
        SQL: records where it is NULL are missing from their group.
    """
    if not fields:
        n, n_missing = sample.rows(f'SELECT count({counted}) AS n, count(*) - n {sample.source}')[
            0
        ]
        return Groups((), [Group((), n, n_missing)], 0, Group((), 0, 0))
    keys = ', '.join(f'{sample.field(name).sql} AS k{i}' for i, name in enumerate(fields))
    order = ', '.join(f'k{i} NULLS LAST' for i in range(len(fields)))
    found = sample.rows(
        f'SELECT *, count(*) OVER (), sum(n) OVER (), sum(n_missing) OVER () FROM ('  # noqa: S608 - bound
        f' SELECT {keys}, count({counted}) AS n, count(*) - n AS n_missing {sample.source}'
        f' GROUP BY ALL) ORDER BY n DESC, {order} LIMIT {max_groups}'
    )
    n_groups, n, n_missing = map(int, found[0][-3:]) if found else (0, 0, 0)
    kept = [Group(row[:-5], row[-5], row[-4]) for row in found if row[-5] >= min_group]
    other = Group((), n - sum(g.n for g in kept), n_missing - sum(g.n_missing for g in kept))
    return Groups(fields, kept, n_groups - len(kept), other)


def numbered(sample: Sample, groups: Groups, columns: str) -> str:
    """Write a FROM clause of `columns` with the number of each record's group.

    Returns
    -------
    str
        ``FROM …``, whose rows have the columns and ``number``: the group's place in
        ``groups.kept``, or its length.
    """
    if not groups.kept or not groups.fields:
        return f'FROM (SELECT {columns}, 0::USMALLINT AS number {sample.source})'
    fields = [sample.field(name) for name in groups.fields]
    keys = ', '.join(f'{field.sql} AS k{i}' for i, field in enumerate(fields))
    rows = ', '.join(
        f'({number}::USMALLINT, '
        + ', '.join(
            f'{sample.parameters.add(value)}::{SQL_TYPES[field.type]}'
            for value, field in zip(group.key, fields, strict=True)
        )
        + ')'
        for number, group in enumerate(groups.kept)
    )
    names = ', '.join(f'g{i}' for i in range(len(fields)))
    same = ' AND '.join(f'k{i} IS NOT DISTINCT FROM g{i}' for i in range(len(fields)))
    return (
        f'FROM (SELECT s.*, coalesce(g.number, {len(groups.kept)}) AS number'  # noqa: S608 - bound
        f' FROM (SELECT {columns}, {keys} {sample.source}) AS s'
        f' LEFT JOIN (VALUES {rows}) AS g(number, {names}) ON {same})'
    )


def grouped_values(sample: Sample, groups: Groups, number: str) -> list[Floats]:
    """Fetch a numeric expression's values per kept group, sorted; those of all others last."""
    source = numbered(sample, groups, f'{number} AS v')
    values, numbers = sample.arrays(f'SELECT v, number::USMALLINT AS number {source}')
    (parts,) = parted(groups, numbers, values)
    return [sorted_values(part) for part in parts]


def parted(
    groups: Groups, numbers: NDArray[Any], *columns: NDArray[Any]
) -> Iterator[list[NDArray[Any]]]:
    """Part columns by the number of the group, one part more than there are kept groups."""
    order = np.argsort(numbers, kind='stable')
    ends = np.cumsum(np.bincount(numbers, minlength=len(groups.kept) + 1))
    for column in columns:
        yield np.split(column[order], ends[:-1])


def sorted_values(values: Floats) -> Floats:
    """Sort without the missing."""
    ordered = np.sort(values)  # NaN last
    return ordered[: len(ordered) - int(np.isnan(ordered).sum())]
