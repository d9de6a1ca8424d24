"""How far raters agree with themselves and with others, in words for page and terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mriqc_webapi.ratings.agreement import Agreement, AgreementReport, describe_agreement
from mriqc_webapi.ratings.rating import Rating
from mriqc_webapi.ratings.resampling import Estimate

_REASONS = {
    'one-rater': 'there is one rater only',
    'no-overlap': 'no image was rated twice',
    'constant': 'all ratings are the same',
    'not-categorical': 'scores have no categories',
    'no-fit': 'the ratings hang together too loosely',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number with its name, as a row of a table."""

    who: str
    name: str
    value: str  # with its interval, or why there is none
    n_images: int


def measures(ratings: Sequence[Rating]) -> tuple[Measure, ...]:
    """Measure the agreement of all raters; grades are compared, scores by ICC."""
    grades, scores = _reports(ratings)
    overall = grades.overall
    return (
        *_with_oneself(overall, scores.overall),
        *_between_pairs(overall),
        *_among_all(overall, scores.overall),
    )


def as_document(ratings: Sequence[Rating]) -> dict[str, Any]:
    """Give the whole agreement, for programs."""
    grades, scores = _reports(ratings)
    return {'grade': asdict(grades), 'score': asdict(scores)}


def _reports(ratings: Sequence[Rating]) -> tuple[AgreementReport, AgreementReport]:
    return describe_agreement(ratings), describe_agreement(ratings, scale='score')


def _with_oneself(grades: Agreement, scores: Agreement) -> Iterator[Measure]:
    by_score = {r.rater: r.icc for r in scores.repeats}
    for own in grades.repeats:
        who, n = f'{own.rater} with themselves', own.n_images
        yield _measure(who, 'same grade', own.percent, n, as_share=True)
        yield _measure(who, 'κ, weighted quadratically', own.kappa_quadratic, n)
        yield _measure(who, 'ICC(2,1) of scores', by_score.get(own.rater, Estimate()), n)


def _between_pairs(grades: Agreement) -> Iterator[Measure]:
    for pair in grades.pairs:
        who, n = ' and '.join(pair.raters), pair.n_images
        yield _measure(who, 'same grade', pair.percent, n, as_share=True)
        yield _measure(who, 'Cohen’s κ', pair.kappa, n)
        yield _measure(who, 'κ, weighted quadratically', pair.kappa_quadratic, n)


def _among_all(grades: Agreement, scores: Agreement) -> Iterator[Measure]:
    if grades.n_raters < 2:
        return
    who, n = 'all raters', grades.n_shared
    yield _measure(who, 'Krippendorff’s α, ordinal', grades.alpha, n)
    yield _measure(who, 'ICC(2,1) of scores', scores.icc, n)


def _measure(
    who: str, name: str, estimate: Estimate, n_images: int, *, as_share: bool = False
) -> Measure:
    return Measure(who=who, name=name, value=_words(estimate, as_share), n_images=n_images)


def _words(estimate: Estimate, as_share: bool) -> str:
    if estimate.value is None:
        return f'none: {_REASONS.get(estimate.reason or "", "not rated twice")}'

    def shown(value: float) -> str:
        return f'{100 * value:.0f} %' if as_share else f'{value:.2f}'.replace('-', '−')

    if estimate.low is None or estimate.high is None:
        return shown(estimate.value)
    return f'{shown(estimate.value)} ({shown(estimate.low)} to {shown(estimate.high)})'
