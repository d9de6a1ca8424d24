"""Histograms as rows to draw, and how far an axis goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from mriqc_webapi.figures.frame import Row
from mriqc_webapi.figures.wording import OTHERS, Answer, count, group_name, share

MAX_GROUPS: Final = 7  # as many as there are colours, but one for all others
_EPSILON: Final = 0.5  # half the width of a bin that holds equal values


@dataclass(frozen=True, slots=True)
class Group:
    """A histogram among others, over the same bins."""

    name: str  # '' for the whole
    counts: list[int]
    n: int
    percentiles: dict[float, float | None]  # none of groups that were put together

    @property
    def label(self) -> str:
        """The name with the number of records."""
        return f'{self.name} ({self.n:,})' if self.name else ''


def percentiles(told: Answer) -> dict[float, float | None]:
    """Key the percentiles of an answer by their number."""
    return {p['p']: p['value'] for p in told.get('percentiles', [])}


def groups(answer: Answer) -> list[Group]:
    """List the groups of a distribution, the largest first; without groups, the whole as one."""
    if not answer.get('groups'):
        return [_group('', answer)]
    told = answer['groups'][:MAX_GROUPS]
    found = [_group(group_name(part['group']), part) for part in told]
    rest = _rest(answer)
    n = sum(part['n_used'] for part in rest)
    if n >= _least(answer):
        summed = [sum(at) for at in zip(*(part['counts'] for part in rest), strict=True)]
        found.append(Group(OTHERS, summed, n, {}))
    return found


def too_small(answer: Answer) -> str:
    """Say how many records are in no group that is drawn; '' if all are."""
    n = sum(part['n_used'] for part in _rest(answer)) if answer.get('groups') else 0
    return f'{count(n)} in smaller groups not drawn' if 0 < n < _least(answer) else ''


def _rest(answer: Answer) -> list[Answer]:
    other = answer.get('other')
    return [*answer['groups'][MAX_GROUPS:], *([other] if other and other['n_used'] else [])]


def _least(answer: Answer) -> int:
    return max(int(answer.get('min_group') or 1), 1)


def _group(name: str, told: Answer) -> Group:
    return Group(name, told['counts'], told['n_used'], percentiles(told))


def bin_rows(answer: Answer, shown: list[Group]) -> Iterator[Row]:
    """Tell each bin of each group: its edges, its count, and its share of the group."""
    edges = _edges(answer)
    for group in shown:
        for (low, high), n in zip(pairwise(edges), group.counts, strict=True):
            yield {
                'group': group.name or answer['resource'],
                'low': low,
                'high': high,
                'n': n,
                'share': n / group.n if group.n else 0.0,
            }


def outline_rows(rows: list[Row]) -> Iterator[Row]:
    """Add the right edge of the last bin of each group, so that steps end there."""
    for row, after in pairwise([*rows, {'group': None}]):
        yield row
        if row['group'] != after['group']:
            yield row | {'low': row['high']}


def _edges(answer: Answer) -> list[float]:
    edges: list[Any] = answer['edges']
    if len(edges) == 2 and edges[0] == edges[1]:  # all values are equal
        width = abs(edges[0]) * 0.01 or 1.0
        return [edges[0] - _EPSILON * width, edges[1] + _EPSILON * width]
    return edges


def clipped(answer: Answer) -> str:
    """Say how much lies beyond the axis; '' if nothing does."""
    n = answer.get('n_below', 0) + answer.get('n_above', 0)
    if not n:
        return ''
    return f'{count(n)} ({share(n, answer["n_used"])}) beyond the axis'
