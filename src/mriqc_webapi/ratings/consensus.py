"""One grade per image out of several, with its certainty; and how each rater differs from it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mriqc_webapi.ratings.dawid_skene import Fit, fit
from mriqc_webapi.ratings.rating import Rating, standing
from mriqc_webapi.ratings.scales import GRADES, Grade

Method = Literal['dawid-skene', 'median', 'single']

MIN_IMAGES: Final = 10  # with two ratings or more: with fewer, the model has nothing to learn from

_RANKS: Final[dict[Grade | None, int]] = {grade: rank for rank, grade in enumerate(GRADES)}
_POOLED: Final = ''  # the anonymous, and raters with too few images


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConsensus:
    """What the raters of one image make of it together."""

    md5sum: str
    grade: Grade
    certainty: float | None  # probability of the grade under the model, 0 to 1
    method: Method
    probabilities: tuple[float, ...] | None  # of the four grades, worst first
    n_ratings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterConfusion:
    """How one rater grades images whose grade, by consensus, is another."""

    rater: str | None  # None: the anonymous and those with few images, taken together
    n_ratings: int
    support: tuple[float, ...]  # expected number of ratings by consensus, worst first
    matrix: tuple[tuple[float, ...], ...]  # by consensus (rows), probability of the rater's grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """The consensus on all images that have a grade."""

    images: tuple[ImageConsensus, ...]  # by MD5
    raters: tuple[RaterConfusion, ...]
    prevalence: tuple[float, ...] | None  # of the four grades among images with several ratings
    n_iterations: int
    is_converged: bool


def find_consensus(ratings: Iterable[Rating]) -> Consensus:
    """Find the grade of each image.

    Images with two ratings or more are graded by the model of Dawid and Skene (see
    :func:`~.dawid_skene.fit`), if there are at least ``MIN_IMAGES`` of them; the certainty is the
    grade's probability. Otherwise the median counts, the worse of two middle grades. The one
    rating of an image is its consensus; it has no certainty, as the median has none.

    Parameters
    ----------
    ratings
        Chains of amendments are resolved first. The newest rating of an image by each named rater
        counts, and each anonymous one. Raters with fewer than ``MIN_IMAGES`` of the images with
        several ratings share one confusion matrix with the anonymous.
    """
    by_image = counted(ratings)
    shared = {md5: held for md5, held in by_image.items() if len(held) >= 2}
    if len(shared) < MIN_IMAGES:
        images = tuple(_median(md5, held) for md5, held in by_image.items())
        return Consensus(
            images=images, raters=(), prevalence=None, n_iterations=0, is_converged=True
        )
    names = _names(shared)
    fitted = _fit(shared, names)
    rows = {md5: row for row, md5 in enumerate(shared)}
    return Consensus(
        images=tuple(
            _modelled(md5, held, fitted, rows[md5]) if md5 in rows else _median(md5, held)
            for md5, held in by_image.items()
        ),
        raters=_confusions(shared, names, fitted),
        prevalence=tuple(fitted.prevalence.tolist()),
        n_iterations=fitted.n_iterations,
        is_converged=fitted.is_converged,
    )


def counted(ratings: Iterable[Rating]) -> dict[str, list[Rating]]:
    """Collect the ratings of each image that count for its consensus, by MD5."""
    newest: dict[tuple[str, str], Rating] = {}
    for rating in standing(ratings):
        if rating.md5sum is not None and rating.grade is not None:
            newest[rating.md5sum, rating.rater or f'\0{rating.id}'] = rating
    found: dict[str, list[Rating]] = defaultdict(list)
    for (md5sum, _), rating in sorted(newest.items()):
        found[md5sum].append(rating)
    return found


def _median(md5sum: str, held: Sequence[Rating]) -> ImageConsensus:
    ranks = sorted(_RANKS[r.grade] for r in held)
    return ImageConsensus(
        md5sum=md5sum,
        grade=GRADES[ranks[(len(ranks) - 1) // 2]],
        certainty=None,
        method='single' if len(held) == 1 else 'median',
        probabilities=None,
        n_ratings=len(held),
    )


def _modelled(md5sum: str, held: Sequence[Rating], fitted: Fit, row: int) -> ImageConsensus:
    probabilities = fitted.posterior[row]
    best = int(np.argmax(probabilities))
    return ImageConsensus(
        md5sum=md5sum,
        grade=GRADES[best],
        certainty=float(probabilities[best]),
        method='dawid-skene',
        probabilities=tuple(probabilities.tolist()),
        n_ratings=len(held),
    )


def _names(shared: Mapping[str, Sequence[Rating]]) -> dict[str, str]:
    """Map each rater to whose confusion matrix is theirs."""
    n = Counter(r.rater for held in shared.values() for r in held)
    return {name: name if name and n[name] >= MIN_IMAGES else _POOLED for name in n}


def _fit(shared: Mapping[str, Sequence[Rating]], names: Mapping[str, str]) -> Fit:
    columns = {name: i for i, name in enumerate(sorted(set(names.values())))}
    cells = [
        (row, columns[names[r.rater]], _RANKS[r.grade])
        for row, held in enumerate(shared.values())
        for r in held
    ]
    images, raters, classes = np.array(cells, dtype=np.int64).T
    return fit(images, raters, classes, n_classes=len(GRADES))


def _confusions(
    shared: Mapping[str, Sequence[Rating]], names: Mapping[str, str], fitted: Fit
) -> tuple[RaterConfusion, ...]:
    n = Counter(names[r.rater] for held in shared.values() for r in held)
    return tuple(
        RaterConfusion(
            rater=name or None,
            n_ratings=n[name],
            support=tuple(fitted.support[i].tolist()),
            matrix=tuple(tuple(row) for row in fitted.confusion[i].tolist()),
        )
        for i, name in enumerate(sorted(n))
    )
