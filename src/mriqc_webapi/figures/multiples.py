"""How the IQMs of a modality are distributed: one small histogram each."""

from typing import Any, Final

import altair as alt
from altair.typing import ChartType

from mriqc_webapi.errors import QueryError
from mriqc_webapi.figures.bins import bin_rows, groups
from mriqc_webapi.figures.distributions import ask_distribution, group_colour, histogram
from mriqc_webapi.figures.frame import WIDE, Row, blank, data, heading
from mriqc_webapi.figures.registry import Put, Size, Wanted, register
from mriqc_webapi.figures.wording import Answer, axis_title, catalogue, count, number
from mriqc_webapi.iqm.poster import POSTER

N_FIRST: Final = 6  # of modalities that the poster knew not
MAX_PANELS: Final = 30
PANEL_WIDTH: Final = 210  # CSS pixels, about
PANEL_HEIGHT: Final = 108
GAP: Final = 22
HEAD: Final = 58  # above the panels
KEY: Final = 24  # what the colours mean, if there are groups
ROW: Final = PANEL_HEIGHT + 67  # with its words


def shown_iqms(wanted: Wanted) -> tuple[str, ...]:
    """Name the IQMs to show: those that are asked for, else those of the poster."""
    if wanted.iqm:
        names = tuple(dict.fromkeys(n.strip() for n in wanted.iqm.split(',') if n.strip()))
        if len(names) > MAX_PANELS:
            raise QueryError(f'at most {MAX_PANELS} IQMs in one figure, not {len(names)}')
        return names
    if wanted.resource in POSTER:
        return POSTER[wanted.resource]
    known = catalogue()
    if wanted.resource not in known:
        return ()
    fields = known[wanted.resource].columns
    return tuple(f.name for f in fields if f.role == 'iqm' and f.type == 'float')[:N_FIRST]


def _ask(put: Put, wanted: Wanted) -> Answer:
    asked = [ask_distribution(put, wanted, name) for name in shown_iqms(wanted)]
    return {'distributions': asked}


def _n_columns(width: int) -> int:
    return max(width // (PANEL_WIDTH + GAP), 1)


def _height(wanted: Wanted, width: int) -> int:
    n_panels = max(len(shown_iqms(wanted)), 1)
    return HEAD + (KEY if wanted.by else 0) + ROW * -(-n_panels // _n_columns(width))


@register(
    'distributions',
    needs=('resource',),
    takes=('iqm', 'by', 'where', 'view', 'bins'),
    ask=_ask,
    height=_height,
)
def distributions(answer: Answer, size: Size = WIDE) -> ChartType:
    """The IQMs of a modality as small histograms, in all or per group.

    Parameters
    ----------
    answer : dict
        ``distributions`` is a list of what ``/api/v2/{resource}/distribution`` answers. Each
        histogram is as high as its highest bin; groups are drawn as shares of themselves.
    """
    told = [part for part in answer['distributions'] if part['n_used']]
    if not told:
        return blank('Image quality metrics', 'There are no records to draw.', size)
    n_columns = min(_n_columns(size.width), len(told))
    width = (size.width - 34 - GAP * (n_columns - 1)) / n_columns
    rows = [row for part in told for row in _rows(part)]
    first = told[0]
    n = max(part['n_used'] + part['n_missing'] for part in told)
    title = f'{first["resource"]}: image quality metrics'
    said = f'{count(n)}, {first["view"]} view; data version {first["data_version"]:,}'
    return alt.concat(
        *(_panel(part, width) for part in told),
        columns=n_columns,
        spacing=GAP,
        data=data(rows),
        title=heading(title, said, size),
        description=f'{title}. {said}.',
        usermeta={'size': [size.width, size.height]},
    )


def _rows(answer: Answer) -> list[Row]:
    return [{'iqm': answer['iqm']} | row for row in bin_rows(answer, groups(answer))]


def _panel(answer: Answer, width: float) -> alt.Chart:
    shown = groups(answer)
    rows = list(bin_rows(answer, shown))
    measure = 'share' if shown[0].name else 'n'
    y = alt.Y(f'{measure}:Q', axis=None)
    drawn: Any = histogram(rows, y, group_colour(rows, has_key=bool(shown[0].name)))
    title = alt.TitleParams(
        text=axis_title(answer['resource'], answer['iqm']),
        subtitle=_words(answer),
        fontSize=12,
        offset=4,
        subtitleFontSize=10,
    )
    panel: alt.Chart = drawn.properties(width=width, height=PANEL_HEIGHT, title=title)
    return panel


def _words(answer: Answer) -> str:
    found = {p['p']: p['value'] for p in answer['percentiles']}
    said = f'median {number(found.get(50.0))}'
    beyond = answer['n_below'] + answer['n_above']
    if answer['n_missing']:
        said += f', {answer["n_missing"]:,} lack it'
    return said + (f', {beyond:,} beyond' if beyond else '')
