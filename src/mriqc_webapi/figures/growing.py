"""How the archive has grown: records and distinct images over time."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.figures.frame import (
    WIDE,
    Row,
    blank,
    data,
    legend,
    quiet_axis,
    time_axis,
    titled,
)
from mriqc_webapi.figures.registry import Put, Size, Wanted, proportional, register
from mriqc_webapi.figures.wording import OTHERS, Answer, count, group_name

RECORDS: Final = 'records'
IMAGES: Final = 'distinct images'
MODALITIES: Final = ('T1w', 'bold', 'T2w', 'dwi')  # each has its colour, whatever else is drawn
MAX_GROUPS: Final = 7  # as many as there are colours, but one for all others


def _ask(put: Put, wanted: Wanted) -> Answer:
    names = ('where', 'view', 'per', *(('by',) if wanted.resource else ()))
    return put('growth', wanted.resource, **({'view': 'raw'} | wanted.given(*names)))


@register(
    'growth',
    statistic='growth',
    takes=('resource', 'by', 'where', 'view', 'per'),
    ask=_ask,
    height=proportional(0.42, least=300),
)
def growth(answer: Answer, size: Size = WIDE) -> ChartType:
    """Records and distinct images over time, in total, per modality or group.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/growth`` or ``/api/v2/{resource}/growth`` answers, with ``by`` or without.
        An image came in with the first record of it.
    """
    grown = [part for part in answer.get('resources', [answer]) if part['periods']]
    title = f'How {answer.get("resource", "the archive")} has grown'
    if not grown:
        return blank(title, 'There are no records yet.', size)
    series = [told for part in grown for told in _series(part)]
    first = min(part['periods'][0] for part in grown)
    last = max(_end(part['periods'][-1], part['per']) for part in grown)
    rows = [row for name, part, counts in series for row in _rows(name, part, counts, last)]
    names = sorted((name for name, *_ in series), key=_rank)
    lines = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=2.4, strokeJoin='round')
        .encode(
            x=time_axis(first, last, size),
            y=alt.Y('n:Q', title='in total', axis=quiet_axis(format='~s')),
            color=_colour(names),
            strokeDash=_dash(),
        )
    )
    return titled(lines, title, _grounds(grown), size)


def _colour(names: Sequence[str]) -> alt.Color:
    domain = list(dict.fromkeys([*MODALITIES, *names]))
    if not set(names) & set(MODALITIES):
        domain = list(names)
    shown = legend(values=list(names), symbolType='stroke', columns=4)
    return alt.Color('series:N', title=None, legend=shown).scale(domain=domain)


def _dash() -> alt.StrokeDash:
    kinds = [RECORDS, IMAGES]
    shown = legend(symbolType='stroke')
    scale = alt.Scale(domain=kinds, range=[[1, 0], [5, 4]])
    return alt.StrokeDash('counted:N', title=None, sort=kinds, legend=shown, scale=scale)


def _grounds(grown: Sequence[Answer]) -> str:
    n, unique = (sum(part[key][-1] for part in grown) for key in ('total', 'total_unique'))
    said = f'{count(n)} of {count(unique, "distinct image")}'
    version = max(part['data_version'] for part in grown)
    return f'{said}, {grown[0]["view"]} view; data version {version:,}'


def _series(part: Answer) -> Iterator[tuple[str, Answer, Answer]]:
    if not part.get('groups'):
        yield part['resource'], part, part
        return
    for group in part['groups'][:MAX_GROUPS]:
        yield group_name(group['group']), part, group
    rest = [*part['groups'][MAX_GROUPS:], *([part['other']] if part['other'] else [])]
    if rest:
        yield OTHERS, part, _summed(rest)


def _summed(parts: Sequence[Answer]) -> Answer:
    return {
        key: [sum(at) for at in zip(*(p[key] for p in parts), strict=True)]
        for key in ('total', 'total_unique')
    }


def _rows(name: str, part: Answer, counts: Answer, last: str) -> Iterator[Row]:
    """Tell a count when each period began, and when it ended: between periods it is level."""
    for kind, key in ((RECORDS, 'total'), (IMAGES, 'total_unique')):
        told = {part['periods'][0]: 0}
        for first, n in zip(part['periods'], counts[key], strict=True):
            told.setdefault(first, max(told.values()))
            told[_end(first, part['per'])] = n
        told.setdefault(last, max(told.values()))
        for day, n in told.items():
            yield {'date': day, 'series': name, 'counted': kind, 'n': n}


def _end(first: str, per: str) -> str:
    day = date.fromisoformat(first)
    if per == 'month':
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1).isoformat()
    return (day + timedelta(days={'day': 1, 'week': 7}[per])).isoformat()


def _rank(name: str) -> int:
    return MODALITIES.index(name) if name in MODALITIES else len(MODALITIES)
