"""One record among its peers."""

from collections.abc import Sequence
from typing import Final

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.figures.frame import WIDE, Row, blank, data, legend, titled
from mriqc_webapi.figures.registry import Put, Size, Wanted, register
from mriqc_webapi.figures.wording import Answer, catalogue

ROW: Final = 17  # CSS pixels per IQM
HEAD: Final = 140
UNUSUAL: Final = 2.5  # percent at either end: beyond, a value is called unusual
_NO_QUALITY: Final = ('size_', 'spacing_', 'summary_')  # geometry and raw intensities
KINDS: Final = ('as most', 'unusual')


def _shown(names: Sequence[str], wanted: str) -> list[str]:
    chosen = {name.strip() for name in wanted.split(',') if name.strip()}
    return [n for n in names if (n in chosen if chosen else not n.startswith(_NO_QUALITY))]


def _ask(put: Put, wanted: Wanted) -> Answer:
    parameters = wanted.given('where', 'view', 'peers')
    told = put('standing', wanted.resource, id=wanted.id, **parameters)
    shown = set(_shown([part['iqm'] for part in told['iqms']], wanted.iqm))
    return told | {'iqms': [part for part in told['iqms'] if part['iqm'] in shown]}


def _height(wanted: Wanted, _width: int) -> int:
    known = catalogue()
    fields = known[wanted.resource].columns if wanted.resource in known else ()
    names = [f.name for f in fields if f.role == 'iqm']
    return HEAD + ROW * max(len(_shown(names, wanted.iqm)), 1)


@register(
    'percentiles',
    statistic='standing',
    needs=('resource', 'id'),
    takes=('iqm', 'peers', 'where', 'view'),
    ask=_ask,
    height=_height,
)
def percentiles(answer: Answer, size: Size = WIDE) -> ChartType:
    """Where the IQMs of one record stand among those of other images.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/{resource}/records/{id}/standing`` answers. IQMs without a percentile are
        left out; half of the peers with the very same value count as below.
    """
    title = f'{answer["resource"]} {answer["id"]} among its peers'
    rows = [_row(part) for part in answer['iqms'] if part['percentile'] is not None]
    grounds = _grounds(answer)
    if not rows:
        return blank(title, f'Too few peers to tell: {grounds}', size)
    names = [row['iqm'] for row in rows]
    base = alt.Chart(data(rows)).encode(
        y=alt.Y('iqm:N', sort=names, title=None, axis=alt.Axis(labelLimit=150, ticks=False))
    )
    scale = alt.Scale(domain=[0, 100])
    axis = alt.Axis(values=[0, 25, 50, 75, 100], title='percent of the peers that have less')
    x = alt.X('percentile:Q', scale=scale, axis=axis)
    colour = alt.Color('kind:N', sort=KINDS, title=None, legend=legend(symbolType='circle'))
    colour = colour.scale(domain=list(KINDS))
    bars = base.mark_rule(strokeWidth=3, opacity=0.35).encode(x=x, x2=alt.datum(50), color=colour)
    points = base.mark_point(filled=True, size=55, opacity=1).encode(x=x, color=colour)
    return titled(alt.layer(bars, points, data=data(rows)), title, grounds, size)


def _row(part: Answer) -> Row:
    percentile = part['percentile']
    is_unusual = not UNUSUAL <= percentile <= 100 - UNUSUAL
    names = ('iqm', 'value', 'unit', 'percentile', 'n_used', 'better')
    return {name: part[name] for name in names} | {'kind': KINDS[is_unusual]}


def _grounds(answer: Answer) -> str:
    shared = ', '.join(f'{name} {value}' for name, value in answer['same'].items())
    peers = f'{answer["n_used"]:,} peers' + (f' of the same {shared}' if shared else '')
    return f'{peers}, {answer["view"]} view; data version {answer["data_version"]:,}'
