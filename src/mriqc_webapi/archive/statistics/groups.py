"""Samples parted by the values of one or two fields: the large groups, and one of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.archive.columns import SQL_TYPES
from mriqc_webapi.archive.statistics.describe import named
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
        return dict(zip(self.fields, map(named, group.key), strict=True))


def check_fields(fields: Sequence[str], *, most: int = MAX_FIELDS) -> None:
    """Raise QueryError for too many fields, or one named twice."""
    if len(fields) > most:
        raise QueryError(f'at most {most} field(s) to group by, not {len(fields)}')
    if len(set(fields)) < len(fields):
        raise QueryError('a field to group by is named twice')


def find_groups(sample: Sample, fields: tuple[str, ...], *, max_groups: int) -> Groups:
    """Find the largest groups, at most so many of them.

    Without fields there is one group, of everything.
    """
    if not fields:
        return Groups((), [Group((), sample.count(), 0)], 0, Group((), 0, 0))
    keys = ', '.join(f'{sample.field(name).sql} AS k{i}' for i, name in enumerate(fields))
    order = ', '.join(f'k{i} NULLS LAST' for i in range(len(fields)))
    found = sample.rows(
        f'SELECT *, count(*) OVER (), sum(n) OVER () FROM ('  # noqa: S608 - bound
        f' SELECT {keys}, count(*) AS n {sample.source}'
        f' GROUP BY ALL) ORDER BY n DESC, {order} LIMIT {max_groups}'
    )
    n_groups, n = map(int, found[0][-2:]) if found else (0, 0)
    kept = [Group(row[:-3], row[-3], 0) for row in found]
    other = Group((), n - sum(g.n for g in kept), 0)
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


def grouped_values(
    sample: Sample, fields: tuple[str, ...], number: str, *, min_group: int
) -> tuple[Groups, list[Floats]]:
    """Find the groups of at least `min_group` values of a numeric expression, and the values.

    There are at most `MAX_GROUPS`; without fields one, of everything.

    Returns
    -------
    groups : Groups
    values : list of (n,) ndarray of float64
        Of each kept group, sorted; those of all others last.
    """
    if not fields:
        (values,) = sample.arrays(f'SELECT {number} AS v {sample.source}')
        ordered = sorted_values(values)
        own = Group((), len(ordered), len(values) - len(ordered))
        return Groups((), [own], 0, Group((), 0, 0)), [ordered, ordered[:0]]
    names = [f'k{i}' for i in range(len(fields))]
    keys = ', '.join(f'{sample.field(f).sql} AS {k}' for f, k in zip(fields, names, strict=True))
    order = ', '.join(f'{name} NULLS LAST' for name in names)
    found, values = sample.listed(
        f'SELECT {", ".join(names)}, count(v) AS n, count(*) - n AS n_missing,'  # noqa: S608 - bound
        f' list(v) FILTER (v IS NOT NULL) FROM (SELECT {keys}, {number} AS v {sample.source})'
        f' GROUP BY ALL ORDER BY n DESC, {order}'
    )
    sizes, n_missing = (found[name].to_numpy() for name in ('n', 'n_missing'))
    n_kept = int(np.count_nonzero(sizes[:MAX_GROUPS] >= min_group))
    rows = zip(*(column.to_pylist() for column in found.slice(0, n_kept).columns), strict=True)
    kept = [Group(row[:-2], *row[-2:]) for row in rows]
    other = Group((), int(sizes[n_kept:].sum()), int(n_missing[n_kept:].sum()))
    parts = np.split(values, np.cumsum(sizes[:n_kept]))
    groups = Groups(fields, kept, len(sizes) - n_kept, other)
    return groups, [sorted_values(part) for part in parts]


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
