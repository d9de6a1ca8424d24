"""How one IQM is distributed: its histogram and percentiles, in all or per group."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.figures.bins import (
    Group,
    bin_rows,
    clipped,
    groups,
    outline_rows,
    too_small,
)
from mriqc_webapi.figures.frame import (
    WIDE,
    Row,
    blank,
    data,
    legend,
    quiet_axis,
    ticks,
    titled,
)
from mriqc_webapi.figures.registry import Put, Size, Wanted, register
from mriqc_webapi.figures.wording import Answer, axis_title, grounds, number

KEY: Final = 40  # CSS pixels: what the colours mean, and more strips
STRIP: Final = 0.11  # height of one group's percentiles, as a share of the tallest bin


def ask_distribution(put: Put, wanted: Wanted, iqm: str) -> Answer:
    """Ask for one IQM's histogram over the middle of its range."""
    parameters = wanted.given('where', 'view', 'by', 'bins')
    if wanted.by:
        parameters.setdefault('bins', '40')  # the small groups decide
    shown = {'range': 'robust', 'ecdf': '0'}  # one far record would leave the rest a single bar
    return put('distribution', wanted.resource, iqm=iqm, **shown, **parameters)


def _height(wanted: Wanted, width: int) -> int:
    return max(width // 2, 280) + (KEY if wanted.by else 0)


@register(
    'distribution',
    statistic='distribution',
    needs=('resource', 'iqm'),
    takes=('by', 'where', 'view', 'bins'),
    ask=lambda put, wanted: ask_distribution(put, wanted, wanted.iqm),
    height=_height,
)
def distribution(answer: Answer, size: Size = WIDE) -> ChartType:
    """One IQM's histogram, with median and percentiles, in all or per group.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/{resource}/distribution`` answers. Groups are drawn as shares of
        themselves, so that large and small ones compare; the strips below the histogram span
        percentiles 5 to 95 (thin) and 25 to 75 (thick) around the median.
    """
    title = f'{answer["resource"]}: {answer["iqm"]}'
    if not answer['n_used']:
        return blank(title, f'There is nothing to draw: {grounds(answer)}', size)
    shown = groups(answer)
    shown = [replace(group, name=group.label) for group in shown]
    rows = list(bin_rows(answer, shown))
    return titled(_layers(answer, shown, rows), title, _grounds(answer, shown), size)


def _grounds(answer: Answer, shown: Sequence[Group]) -> str:
    parts = [grounds(answer), clipped(answer), too_small(answer)]
    if len(shown) == 1:
        p = shown[0].percentiles
        low, middle, high = (number(p.get(at)) for at in (5.0, 50.0, 95.0))
        parts.insert(0, f'median {middle}, 5–95 %: {low} to {high}')
    return '; '.join(part for part in parts if part)


def _layers(answer: Answer, shown: Sequence[Group], rows: list[Row]) -> ChartType:
    measure = 'share' if shown[0].name else 'n'
    top = max(row[measure] for row in rows) or 1
    strips = _strips(shown, top)
    y = alt.Y(
        f'{measure}:Q',
        title='share of the group per bin' if shown[0].name else 'records per bin',
        axis=quiet_axis(values=ticks(top), format='.0%' if shown[0].name else '~s'),
        scale=alt.Scale(domain=[-STRIP * top * (len(strips) + 0.5), top], nice=False),
    )
    colour = group_colour(rows, has_key=bool(shown[0].name))
    marks = _strip_marks(strips, colour if shown[0].name else alt.value('#8a96a6'))
    title = axis_title(answer['resource'], answer['iqm'])
    return alt.layer(histogram(rows, y, colour, title=title), *marks, data=data(rows))


def histogram(
    rows: list[Row], y: alt.Y, colour: alt.Color, *, title: str | None = None
) -> alt.Chart:
    """Draw one histogram as bars, several as outlines."""
    x = _x(rows, title)
    drawn: alt.Chart
    if len({row['group'] for row in rows}) > 1:
        steps = alt.Chart(data(outline_rows(rows))).mark_area(
            interpolate='step-after', line={'strokeWidth': 1.6}, fillOpacity=0.1
        )
        drawn = steps.encode(x=x, y=y.stack(None), color=colour)
    else:
        bars = alt.Chart(data(rows)).mark_rect(opacity=0.8)
        drawn = bars.encode(x=x, x2='high:Q', y=y, y2=alt.datum(0), color=colour)
    return drawn


def _x(rows: Sequence[Row], title: str | None) -> alt.X:
    scale = alt.Scale(domain=[rows[0]['low'], rows[-1]['high']], nice=False, zero=False)
    axis = alt.Axis(grid=False, tickCount=6, labelOverlap=True)
    return alt.X('low:Q', title=title, scale=scale, axis=axis)


def group_colour(rows: Sequence[Row], *, has_key: bool) -> alt.Color:
    """Give each group its colour, in the order of the rows."""
    names = list(dict.fromkeys(row['group'] for row in rows))
    key = legend(columns=3, symbolType='square') if has_key else None
    return alt.Color('group:N', sort=names, title=None, legend=key).scale(domain=names)


def _strips(shown: Sequence[Group], top: float) -> list[Row]:
    """Place the percentiles of each group below the histogram, one strip under the other."""
    found: list[Row] = []
    for group in shown:
        p = group.percentiles
        if p.get(50.0) is not None:
            y = -STRIP * top * (len(found) + 0.75)
            found.append({'group': group.name, 'y': y} | {f'p{k:g}': v for k, v in p.items()})
    return found


def _strip_marks(strips: list[Row], colour: Any) -> list[alt.Chart]:
    base = alt.Chart(data(strips)).encode(y='y:Q', color=colour)
    return (
        []
        if not strips
        else [
            base.mark_rule(strokeWidth=1.2, clip=True).encode(x='p5:Q', x2='p95:Q'),
            base.mark_rule(strokeWidth=5, clip=True).encode(x='p25:Q', x2='p75:Q'),
            base.mark_tick(thickness=3, size=16, opacity=1, clip=True).encode(x='p50:Q'),
        ]
    )
