"""What raters do, say, and agree on."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

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
from mriqc_webapi.figures.wording import Answer, count, short

SCALES: Final = ('v0', 'v1', 'v2', 'unknown')
GRADES: Final = ('exclude', 'poor', 'acceptable', 'excellent')
MEASURES: Final = {
    'alpha': 'Krippendorff’s α (ordinal)',
    'icc': 'ICC(2,1)',
    'percent': 'equal grades, as a share',
}
MAX_ARTIFACTS: Final = 15
MAX_NAME: Final = 12  # characters
EVERYTHING: Final = 'all'
MAX_PAIRS: Final = 4  # of raters, those with most images in common
CHOICE: Final = ('where', 'modality', 'scale', 'since', 'until')  # which ratings


def _ask_activity(put: Put, wanted: Wanted) -> Answer:
    return put('ratings/activity', **wanted.given(*CHOICE, 'per'))


def _ask_agreement(put: Put, wanted: Wanted) -> Answer:
    return put('ratings/agreement', **wanted.given(*CHOICE, 'by'))


def _height(wanted: Wanted, _width: int) -> int:
    return 480 if wanted.by else 340


@register(
    'ratings-activity',
    statistic='ratings/activity',
    takes=(*CHOICE, 'per'),
    ask=_ask_activity,
    height=proportional(0.42, least=280),
)
def ratings_activity(answer: Answer, size: Size = WIDE) -> ChartType:
    """Ratings over time, by the scale they are on.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/ratings/activity`` answers.
    """
    title = f'Ratings per {answer["per"]}'
    rows = [
        {'date': period['start'], 'scale': scale, 'n': n}
        for period in answer['periods']
        for scale, n in sorted(period['scales'].items())
    ]
    if not rows:
        return blank(title, 'There are no ratings yet.', size)
    dates = [period['start'] for period in answer['periods']]
    bars = (
        alt.Chart(data(rows))
        .mark_bar(size=max(2, min(14, 0.6 * size.width / len(answer['periods']))))
        .encode(
            x=time_axis(dates[0], dates[-1], size).scale(type='utc', padding=12),
            y=alt.Y('n:Q', title='ratings', stack='zero', axis=quiet_axis(format='~s')),
            color=alt.Color('scale:N', title='scale', legend=legend(symbolType='square')).scale(
                domain=list(SCALES)
            ),
        )
    )
    return titled(bars, title, _grounds(answer), size)


@register(
    'grades',
    statistic='ratings/activity',
    takes=CHOICE,
    ask=_ask_activity,
    height=lambda _wanted, _width: 240,
)
def grades(answer: Answer, size: Size = WIDE) -> ChartType:
    """How many ratings give which grade.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/ratings/activity`` answers.
    """
    rows = [{'grade': part['grade'], 'n': part['n']} for part in answer['grades']]
    if not any(row['n'] for row in rows):
        return blank('Grades', 'There are no ratings yet.', size)
    return titled(_bars(rows, 'grade', list(GRADES)), 'Grades', _grounds(answer), size)


@register(
    'artifacts',
    statistic='ratings/activity',
    takes=CHOICE,
    ask=_ask_activity,
    height=lambda _wanted, _width: 420,
)
def artifacts(answer: Answer, size: Size = WIDE) -> ChartType:
    """How many ratings name which artifact.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/ratings/activity`` answers; the most frequent are drawn.
    """
    told = sorted(answer['artifacts'], key=lambda part: -part['n'])[:MAX_ARTIFACTS]
    rows = [{'artifact': short(part['artifact']), 'n': part['n']} for part in told]
    if not rows:
        return blank('Artifacts', 'No rating names any yet.', size)
    names = [row['artifact'] for row in rows]
    return titled(_bars(rows, 'artifact', names), 'Artifacts', _grounds(answer), size)


@register(
    'agreement',
    statistic='ratings/agreement',
    takes=('by', *CHOICE),
    ask=_ask_agreement,
    height=_height,
)
def agreement(answer: Answer, size: Size = WIDE) -> ChartType:
    """How far raters agree, with 95 % intervals, over all or per group.

    Parameters
    ----------
    answer : dict
        What ``/api/v2/ratings/agreement`` answers. Measures without a value are left out. Of
        pairs of raters, Cohen's kappa is that with quadratic weights.
    """
    title = 'Agreement between raters'
    rows = list(_estimates(answer))
    grounds = _grounds(answer['selected'] | {'data_version': answer['data_version']})
    if not rows:
        return blank(title, 'No image has been rated by two people yet.', size)
    names = list(dict.fromkeys(row['group'] for row in rows))
    measures = list(dict.fromkeys(row['measure'] for row in rows))
    y = alt.Y('measure:N', sort=measures, title=None, axis=_names_axis())
    base = alt.Chart(data(rows)).encode(y=y)
    if len(names) > 1:
        base = base.encode(
            yOffset=alt.YOffset('group:N', sort=names),
            color=alt.Color('group:N', sort=names, title=None, legend=legend(columns=4)),
        )
    scale = alt.Scale(domain=[min([0, *(row['low'] for row in rows)]), 1])
    x = alt.X(
        'low:Q', scale=scale, title='0: as by chance; 1: perfect', axis=alt.Axis(tickCount=6)
    )
    intervals = base.mark_rule(strokeWidth=2).encode(x=x, x2='high:Q')
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x='value:Q')
    return titled(alt.layer(intervals, points, data=data(rows)), title, grounds, size)


def _estimates(answer: Answer) -> Iterator[Row]:
    yield from _of_group(answer['overall'], EVERYTHING)
    if not answer['groups']:
        yield from _of_pairs(answer['overall']['pairs'])
    for group in answer['groups']:
        yield from _of_group(group, short(group['key']))


def _of_group(group: Answer, name: str) -> Iterator[Row]:
    for key, words in MEASURES.items():
        yield from _row(group[key], name, words)


def _of_pairs(pairs: Sequence[Answer]) -> Iterator[Row]:
    for pair in sorted(pairs, key=lambda pair: -pair['n_images'])[:MAX_PAIRS]:
        raters = ' and '.join(short(rater, MAX_NAME) for rater in pair['raters'])
        yield from _row(pair['kappa_quadratic'], EVERYTHING, f'κ of {raters}')


def _row(told: Answer, group: str, measure: str) -> Iterator[Row]:
    value = told['value']
    if value is not None:
        low, high = (value if told[end] is None else told[end] for end in ('low', 'high'))
        row = {'group': group, 'measure': measure, 'value': value, 'low': low, 'high': high}
        yield row | {'n_images': told['n_images']}


def _bars(rows: list[Row], name: str, order: list[str]) -> alt.LayerChart:
    y = alt.Y(f'{name}:N', sort=order, title=None, axis=_names_axis())
    base = alt.Chart(data(rows)).encode(y=y)
    x = alt.X('n:Q', title='ratings', axis=alt.Axis(format='~s', tickCount=5))
    bars = base.mark_bar(height={'band': 0.7}).encode(x=x)
    numbers = base.mark_text(align='left', dx=5).encode(x='n:Q', text=alt.Text('n:Q', format=','))
    drawn: Any = alt.layer(bars, numbers, data=data(rows))
    layers: alt.LayerChart = drawn
    return layers


def _names_axis() -> alt.Axis:
    return alt.Axis(ticks=False, domain=False, labelLimit=180)


def _grounds(answer: Answer) -> str:
    said = f'{count(answer["n_ratings"], "rating")} of {count(answer["n_images"], "image")}'
    raters = f'{count(answer["n_raters"], "named rater")}, {answer["n_anonymous"]:,} anonymous'
    return f'{said} by {raters}; data version {answer["data_version"]:,}'
