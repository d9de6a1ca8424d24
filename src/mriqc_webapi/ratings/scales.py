"""The three scales that MRIQC's widgets have used, and the grades common to all of them."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from mriqc_webapi.iqm.versions import version_key

Scale = Literal['v0', 'v1', 'v2', 'unknown']
Grade = Literal['exclude', 'poor', 'acceptable', 'excellent']

GRADES: Final[tuple[Grade, ...]] = ('exclude', 'poor', 'acceptable', 'excellent')  # worst first
BORDERS: Final = (1.5, 2.5, 3.5)  # of v2's slider; 1.5 and 2.5 are the better grade's, 3.5 not
MIN_SCORE: Final = 1.0
MAX_SCORE: Final = 4.0

_V1_RELEASED_AT: Final = 1_534_464_000  # MRIQC 0.14.0, 17 August 2018: numbers before are v0's
_MAX_CHARS: Final = 32  # of a value that could be a number or a label


@dataclass(frozen=True, slots=True)
class Step:
    """One button of a scale with buttons."""

    label: str
    score: float
    grade: Grade


# v0 has no counterpart of 'poor': what is not usable is to be excluded
STEPS: Final[dict[Scale, dict[int, Step]]] = {
    'v0': {
        0: Step('invalid', 1.0, 'exclude'),
        1: Step('exclude', 1.0, 'exclude'),
        2: Step('usable', 3.0, 'acceptable'),
        3: Step('good', 4.0, 'excellent'),
    },
    'v1': {n: Step(grade, float(n), grade) for n, grade in enumerate(GRADES, start=1)},
}
_OF_V0_ALONE: Final = frozenset({'invalid', 'usable', 'good'})
_FIRST_VERSIONS: Final[tuple[tuple[str, Scale], ...]] = (  # newest first
    (version_key('22.0.2'), 'v2'),
    (version_key('0.14.0'), 'v1'),
    (version_key('0.9.11'), 'v0'),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A rating's value, understood."""

    scale: Scale
    score: float | None = None  # 1.0 to 4.0
    grade: Grade | None = None
    label: str | None = None  # what the scale itself calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What else came with a value, from which its scale can be told."""

    scale: str | None = None  # as stated
    software: str | None = None
    version: str | None = None
    lists_artifacts: bool = False  # none, too: earlier widgets did not ask for them
    created_at: int | None = None  # UTC, s


UNKNOWN: Final = Reading(scale='unknown')
_SCALES: Final[dict[str, Scale]] = {'v0': 'v0', 'v1': 'v1', 'v2': 'v2'}


def grade_of_score(score: float) -> Grade:
    """Name the grade of a score between 1.0 and 4.0, by the borders of v2's slider."""
    exclude_below, poor_below, acceptable_to = BORDERS
    if score < exclude_below:
        return 'exclude'
    if score < poor_below:
        return 'poor'
    return 'acceptable' if score <= acceptable_to else 'excellent'


def read_value(value: str, evidence: Evidence) -> Reading:
    """Understand a value as sent; never raises.

    A stated scale is taken at its word: a value that it lacks is of no known scale. Otherwise the
    first of these that fits the value decides: MRIQC's version; a label; a fraction, or a list of
    artifacts (v2); a number that one scale alone has, 0 (v0) or 4 (v1, as v2's widget always lists
    artifacts); a date before v1. The rest, 1 to 3 of unknown origin, is 'unknown'.
    """
    text = value.strip().casefold()
    if len(text) > _MAX_CHARS:
        return UNKNOWN
    if evidence.scale is not None:
        return _read_on(_SCALES.get(evidence.scale.casefold(), 'unknown'), text) or UNKNOWN
    for scale in (_scale_of_version(evidence), _scale_of_value(text, evidence)):
        if scale is not None and (reading := _read_on(scale, text)):
            return reading
    return UNKNOWN


def _read_on(scale: Scale, text: str) -> Reading | None:
    number = _number(text)
    if scale == 'v2':
        return _read_slider(text, number)
    for n, step in STEPS.get(scale, {}).items():
        if number == n or text == step.label:
            return Reading(scale=scale, score=step.score, grade=step.grade, label=step.label)
    return None


def _read_slider(text: str, number: float | None) -> Reading | None:
    if number is None:
        number = next((s.score for s in STEPS['v1'].values() if s.label == text), None)
    if number is None or not MIN_SCORE <= number <= MAX_SCORE:
        return None
    grade = grade_of_score(number)
    return Reading(scale='v2', score=number, grade=grade, label=grade)


def _number(text: str) -> float | None:
    if not text.isascii() or not set(text) <= set('0123456789.'):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _scale_of_version(evidence: Evidence) -> Scale | None:
    """Tell which widget was in the reports of a version of MRIQC."""
    if evidence.software is not None and evidence.software.casefold() != 'mriqc':
        return None
    key = version_key(evidence.version)
    return next((scale for first, scale in _FIRST_VERSIONS if key >= first), None)


def _scale_of_value(text: str, evidence: Evidence) -> Scale | None:
    if text in _OF_V0_ALONE:
        return 'v0'
    if text in GRADES:
        return 'v1'
    if '.' in text or evidence.lists_artifacts:
        return 'v2'
    if text in {'0', '4'}:
        return 'v0' if text == '0' else 'v1'
    is_before_v1 = evidence.created_at is not None and evidence.created_at < _V1_RELEASED_AT
    return 'v0' if is_before_v1 else None
