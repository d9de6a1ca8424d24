"""How far raters agree: with each other, and with themselves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from typing import Final, Literal

import numpy as np

from mriqc_webapi.ratings.alpha import Counts, Level
from mriqc_webapi.ratings.artifacts import artifact_table
from mriqc_webapi.ratings.icc import weighted_icc
from mriqc_webapi.ratings.kappa import PairMeasure, confusion_of, estimate_pair
from mriqc_webapi.ratings.rating import Rating, standing
from mriqc_webapi.ratings.resampling import (
    N_BOOT,
    Bootstrap,
    Estimate,
    Floats,
    Reason,
)
from mriqc_webapi.ratings.table import (
    N_CATEGORIES,
    VALUES,
    Measured,
    RatingTable,
    Value,
    repeats,
)

By = Literal['modality', 'artifact', 'period', 'scale']

MAX_PAIRS: Final = 100  # of raters, and raters with themselves; those with the most images first

_NOT_CATEGORICAL: Final = Estimate(reason='not-categorical')


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Two raters, over the images that both have rated."""

    raters: tuple[str, str]
    n_images: int
    percent: Estimate  # share of images with the same category, 0 to 1
    kappa: Estimate
    kappa_linear: Estimate
    kappa_quadratic: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAgreement:
    """One rater, over the images that they have rated twice."""

    rater: str
    n_images: int
    percent: Estimate
    kappa: Estimate
    kappa_quadratic: Estimate
    icc: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the raters of one group of ratings agree."""

    key: str | None  # of the group; None: all ratings, or those that do not say
    n_ratings: int
    n_anonymous: int  # of those: nobody's, so they are compared with none
    n_unreadable: int  # of those: on an unknown scale, or of an unknown image
    n_raters: int  # that are compared: at most MAX_RATERS
    n_images: int  # that they have rated
    n_shared: int  # of those: rated by two or more
    percent: Estimate  # share of pairs of ratings that are the same
    alpha: Estimate  # Krippendorff's, ordinal
    alpha_nominal: Estimate
    alpha_interval: Estimate
    icc: Estimate  # ICC(2,1)
    n_rater_pairs: int  # with images in common
    pairs: tuple[PairAgreement, ...]  # at most MAX_PAIRS of them
    repeats: tuple[SelfAgreement, ...]  # of raters who rated images twice; at most MAX_PAIRS


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """The answer to one question about agreement."""

    measured: Measured
    by: By | None
    n_boot: int
    seed: int
    overall: Agreement
    groups: tuple[Agreement, ...]


def describe_agreement(
    ratings: Iterable[Rating],
    *,
    by: By | None = None,
    scale: Measured = 'grade',
    n_boot: int = N_BOOT,
    seed: int = 0,
) -> AgreementReport:
    """Describe the agreement among ratings, in all and by group.

    Parameters
    ----------
    ratings
        Chains of amendments are resolved first (:func:`~.rating.standing`). Between raters, the
        newest rating of an image by each counts; the first two are what they agree on with
        themselves. Anonymous ratings are counted only.
    by
        ``modality``; ``period``, the year in UTC; ``scale``, of the widget; or ``artifact``: for
        each flag that was ticked, whether raters who could tick it agree on ticking it.
    scale
        What of a rating is compared: its four grades, ``binary`` exclude against the rest, or the
        score. Scores have no kappa. Artifacts are always 0 or 1.
    n_boot, seed
        Draws behind each interval, and what makes them the same the next time.
    """
    held = standing(ratings)
    bootstrap = Bootstrap(n_boot, seed)
    describe = partial(
        _describe, value=VALUES[scale], n_categories=N_CATEGORIES[scale], bootstrap=bootstrap
    )
    if by == 'artifact':
        groups = _by_artifact(held, bootstrap)
    else:
        groups = tuple(describe(g, key=key) for key, g in _grouped(held, by) if by is not None)
    return AgreementReport(
        measured=scale,
        by=by,
        n_boot=n_boot,
        seed=seed,
        overall=describe(held, key=None),
        groups=groups,
    )


def _describe(
    ratings: Sequence[Rating],
    *,
    key: str | None,
    value: Value,
    n_categories: int | None,
    bootstrap: Bootstrap,
) -> Agreement:
    named = [r for r in ratings if r.rater]
    table = RatingTable.of(named, value)
    shared = table.shared()
    counts = Counts.of(shared)
    without: Reason = 'one-rater' if len(table.raters) == 1 else 'no-overlap'

    def estimate(
        statistic: Callable[[Floats], Floats], otherwise: Reason = 'constant'
    ) -> Estimate:
        if len(shared) == 0:
            return Estimate(reason=without)
        return Estimate.of(statistic, counts.sizes, bootstrap=bootstrap, otherwise=otherwise)

    def alpha(level: Level) -> Estimate:
        return estimate(partial(counts.alpha, level=level))

    pairs = _overlapping(table)
    return Agreement(
        key=key,
        n_ratings=len(ratings),
        n_anonymous=len(ratings) - len(named),
        n_unreadable=sum(r.md5sum is None or value(r) is None for r in ratings),
        n_raters=len(table.raters),
        n_images=len(table.images),
        n_shared=len(shared),
        percent=estimate(counts.percent) if n_categories else _NOT_CATEGORICAL,
        alpha=alpha('ordinal'),
        alpha_nominal=alpha('nominal') if n_categories else _NOT_CATEGORICAL,
        alpha_interval=alpha('interval'),
        icc=estimate(partial(weighted_icc, shared), _why_no_icc(counts)),
        n_rater_pairs=len(pairs),
        pairs=tuple(_pair(table, a, b, n_categories, bootstrap) for a, b in pairs[:MAX_PAIRS]),
        repeats=tuple(
            _self_agreement(rater, pair, n_categories, bootstrap)
            for rater, pair in _most_images(repeats(named, value))
        ),
    )


def _overlapping(table: RatingTable) -> list[tuple[int, int]]:
    """List the pairs of raters with images in common, those with most of them first."""
    is_rated = (~np.isnan(table.values)).astype(np.float64)
    n_shared = is_rated.T @ is_rated
    found = [p for p in combinations(range(len(table.raters)), 2) if n_shared[p]]
    return sorted(found, key=lambda p: (-n_shared[p], p))


def _most_images(repeated: dict[str, Floats]) -> list[tuple[str, Floats]]:
    """List the raters with the most images that they rated twice."""
    return sorted(repeated.items(), key=lambda r: (-len(r[1]), r[0]))[:MAX_PAIRS]


def _pair(
    table: RatingTable, a: int, b: int, n_categories: int | None, bootstrap: Bootstrap
) -> PairAgreement:
    first, second = table.values[:, a], table.values[:, b]
    found = _compare(first, second, n_categories, bootstrap)
    return PairAgreement(
        raters=(table.raters[a], table.raters[b]),
        n_images=int(np.sum(~np.isnan(first) & ~np.isnan(second))),
        percent=found['percent'],
        kappa=found['none'],
        kappa_linear=found['linear'],
        kappa_quadratic=found['quadratic'],
    )


def _self_agreement(
    rater: str, pairs: Floats, n_categories: int | None, bootstrap: Bootstrap
) -> SelfAgreement:
    found = _compare(pairs[:, 0], pairs[:, 1], n_categories, bootstrap)
    counts = Counts.of(pairs)
    return SelfAgreement(
        rater=rater,
        n_images=len(pairs),
        percent=found['percent'],
        kappa=found['none'],
        kappa_quadratic=found['quadratic'],
        icc=Estimate.of(
            partial(weighted_icc, pairs),
            counts.sizes,
            bootstrap=bootstrap,
            otherwise=_why_no_icc(counts),
        ),
    )


def _compare(
    first: Floats, second: Floats, n_categories: int | None, bootstrap: Bootstrap
) -> dict[PairMeasure, Estimate]:
    if n_categories is None:
        return dict.fromkeys(('percent', 'none', 'linear', 'quadratic'), _NOT_CATEGORICAL)
    confusion = confusion_of(first, second, n_categories=n_categories)
    return estimate_pair(confusion, bootstrap=bootstrap)


def _why_no_icc(counts: Counts) -> Reason:
    return 'constant' if len(counts.values) < 2 else 'no-fit'


def _by_artifact(ratings: Sequence[Rating], bootstrap: Bootstrap) -> tuple[Agreement, ...]:
    """Describe the agreement on each flag that was ticked, in the order of the widget."""
    asked = [r for r in ratings if r.artifacts or r.scale == 'v2']
    ticked = {a for r in asked for a in r.artifacts}
    known = [name for name in artifact_table().names if name in ticked]
    return tuple(
        _describe(asked, key=name, value=_ticks(name), n_categories=2, bootstrap=bootstrap)
        for name in [*known, *sorted(ticked.difference(known))]
    )


def _ticks(artifact: str) -> Value:
    return lambda rating: float(artifact in rating.artifacts)


def _grouped(ratings: Sequence[Rating], by: By | None) -> list[tuple[str | None, list[Rating]]]:
    groups: dict[str | None, list[Rating]] = {}
    for rating in ratings:
        groups.setdefault(_key(rating, by), []).append(rating)
    return sorted(groups.items(), key=lambda g: (g[0] is None, g[0] or ''))


def _key(rating: Rating, by: By | None) -> str | None:
    if by == 'period':
        return f'{datetime.fromtimestamp(rating.created_at, UTC):%Y}'
    return rating.scale if by == 'scale' else rating.modality
