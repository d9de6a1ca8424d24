"""How IQMs go together: two of them, or every pair of many."""

from itertools import pairwise
from typing import Any, Final

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.figures.frame import WIDE, Row, blank, data, quiet_axis, titled
from mriqc_webapi.figures.registry import Put, Size, Wanted, proportional, register
from mriqc_webapi.figures.theme import DIVERGING
from mriqc_webapi.figures.wording import Answer, axis_title, count, grounds, share

MAX_LABELLED: Final = 10  # IQMs of a matrix whose cells have room for a number
CELLS: Final = '50'  # a side


def _ask_relation(put: Put, wanted: Wanted) -> Answer:
    shown = {'bins': CELLS, 'x_range': 'robust', 'y_range': 'robust'}
    return put(
        'relation', wanted.resource, **shown | wanted.given('where', 'view', 'bins', 'x', 'y')
    )


@register(
    'relation',
    statistic='relation',
    needs=('resource', 'x', 'y'),
    takes=('where', 'view', 'bins'),
    ask=_ask_relation,
    height=proportional(0.62, least=300),
)
def relation(answer: Answer, size: Size = WIDE) -> ChartType:
    """How many records have which values of two IQMs.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/{resource}/relation`` answers.
    """
    title = f'{answer["resource"]}: {answer["y"]} over {answer["x"]}'
    rows = list(_cells(answer))
    if not rows:
        return blank(title, f'There is nothing to draw: {grounds(answer)}', size)
    x, y = (_side(answer, side) for side in ('x', 'y'))
    scale = alt.Scale(type='log')
    key = alt.Legend(title='records', orient='right', gradientLength=120, tickCount=4, format='~s')
    cells = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=alt.X('x_low:Q', axis=alt.Axis(grid=False, tickCount=6), **x),
            x2='x_high:Q',
            y=alt.Y('y_low:Q', axis=quiet_axis(), **y),
            y2='y_high:Q',
            color=alt.Color('n:Q', scale=scale, legend=key),
        )
    )
    return titled(cells, title, _relation_grounds(answer), size)


def _relation_grounds(answer: Answer) -> str:
    said = grounds(answer)
    n = answer['n_outside']
    return f'{said}; {count(n)} ({share(n, answer["n_used"])}) beyond the axes' if n else said


def _side(answer: Answer, side: str) -> dict[str, Any]:
    edges = answer[f'{side}_edges']
    return {
        'title': axis_title(answer['resource'], answer[side]),
        'scale': alt.Scale(domain=[edges[0], edges[-1]], zero=False, nice=False),
    }


def _cells(answer: Answer) -> list[Row]:
    columns = zip(pairwise(answer['x_edges']), answer['counts'], strict=True)
    return [
        {'x_low': x_low, 'x_high': x_high, 'y_low': y_low, 'y_high': y_high, 'n': n}
        for (x_low, x_high), column in columns
        for (y_low, y_high), n in zip(pairwise(answer['y_edges']), column, strict=True)
        if n
    ]


def _ask_correlation(put: Put, wanted: Wanted) -> Answer:
    parameters = {'method': 'spearman'} | wanted.given('where', 'view', 'method')
    iqms = {'iqms': wanted.iqm} if wanted.iqm else {}
    return put('correlation', wanted.resource, **parameters, **iqms)


@register(
    'correlation',
    statistic='correlation',
    needs=('resource',),
    takes=('iqm', 'where', 'view', 'method'),
    ask=_ask_correlation,
    height=proportional(0.9, least=340),
)
def correlation(answer: Answer, size: Size = WIDE) -> ChartType:
    """How every pair of some IQMs correlates.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/{resource}/correlation`` answers; Spearman's coefficient is drawn if it is
        there. A pair of which one side is constant has none, and stays blank.
    """
    method = 'spearman' if answer.get('spearman') else 'pearson'
    title = f'{answer["resource"]}: correlation of IQMs ({method.capitalize()})'
    rows = _pairs(answer, method)
    if not rows:
        return blank(title, f'There is nothing to draw: {grounds(answer)}', size)
    names = answer['iqms']
    axis = alt.Axis(title=None, domain=False, ticks=False, labelLimit=130, labelOverlap=False)
    key = alt.Legend(title='coefficient', orient='right', gradientLength=140, values=[-1, 0, 1])
    base = alt.Chart(data(rows)).encode(
        x=alt.X('x:N', sort=names, axis=axis.copy()),
        y=alt.Y('y:N', sort=names, axis=axis.copy()),
    )
    scale = alt.Scale(domain=[-1, 1], scheme=DIVERGING)
    cells = base.mark_rect().encode(color=alt.Color('r:Q', scale=scale, legend=key))
    if len(names) > MAX_LABELLED:
        return titled(cells, title, grounds(answer), size)
    numbers = base.mark_text(fontSize=10).encode(
        text=alt.Text('r:Q', format='.2f'),
        color=alt.condition('abs(datum.r) > 0.7', alt.value('#ffffff'), alt.value('#1c2530')),
    )
    return titled(alt.layer(cells, numbers, data=data(rows)), title, grounds(answer), size)


def _pairs(answer: Answer, method: str) -> list[Row]:
    names = answer['iqms']
    return [
        {'x': x, 'y': y, 'r': answer[method][i][j], 'n': answer['n'][i][j]}
        for i, x in enumerate(names)
        for j, y in enumerate(names)
        if answer[method][i][j] is not None
    ]
