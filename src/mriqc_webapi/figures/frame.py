"""What all figures share: title, grounds, exact size, and what they show of nothing."""

import math
from collections.abc import Iterable
from datetime import date
from textwrap import wrap
from typing import Any, Final, TypeAlias

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.figures.registry import Size

Row: TypeAlias = dict[str, Any]

WIDE: Final = Size(width=720, height=380)
MANY_YEARS: Final = 4 * 365  # days: beyond, the year is enough of a date
MANY_DAYS: Final = 120
_TITLE_PX: Final = 8.4  # mean width of a letter of a title, of its size
_SUBTITLE_PX: Final = 5.7
_MARGIN_PX: Final = 24


def data(rows: Iterable[Row]) -> alt.InlineData:
    """Hold a figure's table; the chart's own data is what its CSV tells."""
    return alt.InlineData(values=list(rows))


def heading(title: str, grounds: str, size: Size) -> alt.TitleParams:
    """Break a title, and what the figure rests on, into lines that fit."""
    room = size.width - _MARGIN_PX
    return alt.TitleParams(
        text=wrap(title, max(round(room / _TITLE_PX), 12)),
        subtitle=wrap(grounds, max(round(room / _SUBTITLE_PX), 16)),
    )


def titled(chart: ChartType, title: str, grounds: str, size: Size) -> ChartType:
    """Give a chart of one view its title and its whole size."""
    framed: ChartType = chart.properties(
        title=heading(title, grounds, size),
        description=f'{title}. {grounds}.',
        width=size.width,
        height=size.height,
        autosize=alt.AutoSizeParams(type='fit', contains='padding'),
    )
    return framed


def blank(title: str, reason: str, size: Size) -> ChartType:
    """Say that there is nothing to draw, and why."""
    return titled(alt.Chart(data([{}])).mark_point(opacity=0), title, reason, size)


def legend(**words: Any) -> alt.Legend:
    """Make a legend above the drawing, in as many rows as it needs."""
    placed: dict[str, Any] = {'orient': 'top', 'direction': 'horizontal', 'offset': 2}
    return alt.Legend(**placed | words)


def quiet_axis(**words: Any) -> alt.Axis:
    """Make a vertical axis without a line of its own, since the grid carries it."""
    quiet: dict[str, Any] = {'domain': False, 'ticks': False, 'tickCount': 5}
    return alt.Axis(**quiet | words)


def time_axis(first: str, last: str, size: Size) -> alt.X:
    """Make a horizontal axis of dates; each label tells its year.

    Parameters
    ----------
    first, last : str
        ISO dates between which it goes.
    """
    n_days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    words = '%Y' if n_days > MANY_YEARS else '%b %Y' if n_days > MANY_DAYS else '%d %b %Y'
    n_ticks: Any = 'year' if n_days > MANY_YEARS else size.width // 110
    axis = alt.Axis(
        tickCount=n_ticks, grid=False, format=words, labelOverlap=True, labelSeparation=8
    )
    return alt.X('date:T', title=None, axis=axis, scale=alt.Scale(type='utc'))


def ticks(top: float, most: int = 4) -> list[float]:
    """Choose round numbers from zero to `top`, at most so many beyond zero."""
    step = 10.0 ** math.floor(math.log10(top / most))
    step *= next(m for m in (1, 2, 2.5, 5, 10, 20) if top / (step * m) <= most)
    return [step * i for i in range(int(top / step + 1e-9) + 1)]
