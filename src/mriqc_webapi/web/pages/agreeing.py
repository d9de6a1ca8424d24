"""How far raters agree, in the words of a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.web.pages.rated import artifact_title

REASONS: Final = {
    'one-rater': 'only one rater',
    'no-overlap': 'no image in common',
    'constant': 'all ratings are equal',
    'not-categorical': 'scores have no categories',
    'no-fit': 'too few ratings',
}
NOT_SAID: Final = 'not told'
MAX_ROWS: Final = 20  # pairs of raters; the API tells more


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure of agreement, with its interval, or why there is none."""

    value: str
    interval: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeingGroup:
    """Raters of some ratings."""

    name: str
    n_shared: int  # images with two named raters or more
    n_raters: int
    measures: tuple[Measure, ...]  # alpha, ICC, equal grades


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeingPair:
    """Two raters, or one who rated twice."""

    names: str
    n_images: int
    measures: tuple[Measure, ...]  # kappa, quadratic kappa, equal grades


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All that raters agree on."""

    groups: tuple[AgreeingGroup, ...]  # all ratings first
    n_pairs: int
    pairs: tuple[AgreeingPair, ...]
    repeats: tuple[AgreeingPair, ...]


def agreement_of(told: Mapping[str, Any]) -> Agreement:
    """Put the answer of the route of agreement into words."""
    overall = told['overall']
    is_artifact = told['by'] == 'artifact'
    return Agreement(
        groups=(
            _group('All ratings', overall),
            *(_group(_name(g['key'], is_artifact=is_artifact), g) for g in told['groups']),
        ),
        n_pairs=overall['n_rater_pairs'],
        pairs=_pairs(overall['pairs']),
        repeats=_pairs(overall['repeats']),
    )


def measure_of(told: Mapping[str, Any]) -> Measure:
    """Write an estimate, with its interval of 95 %."""
    if told['value'] is None:
        reason = told['reason'] or ''
        return Measure(value='–', interval='', reason=REASONS.get(reason, reason))
    interval = '' if told['low'] is None else f'{told["low"]:.2f} to {told["high"]:.2f}'
    return Measure(value=f'{told["value"]:.2f}', interval=interval, reason='')


def _group(name: str, told: Mapping[str, Any]) -> AgreeingGroup:
    return AgreeingGroup(
        name=name,
        n_shared=told['n_shared'],
        n_raters=told['n_raters'],
        measures=tuple(measure_of(told[key]) for key in ('alpha', 'icc', 'percent')),
    )


def _pairs(found: Iterable[Mapping[str, Any]]) -> tuple[AgreeingPair, ...]:
    by_size = sorted(found, key=lambda pair: -pair['n_images'])
    return tuple(map(_pair, by_size[:MAX_ROWS]))


def _pair(told: Mapping[str, Any]) -> AgreeingPair:
    raters = told.get('raters') or (told['rater'],)
    return AgreeingPair(
        names=' and '.join(raters),
        n_images=told['n_images'],
        measures=tuple(measure_of(told[k]) for k in ('kappa', 'kappa_quadratic', 'percent')),
    )


def _name(key: str | None, *, is_artifact: bool) -> str:
    if key is None:
        return NOT_SAID
    return artifact_title(key) if is_artifact else key
