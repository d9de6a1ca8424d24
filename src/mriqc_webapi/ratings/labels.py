"""One row per rated image, ready to be joined with its IQMs."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mriqc_webapi.ratings.consensus import ImageConsensus, Method, counted, find_consensus
from mriqc_webapi.ratings.rating import Rating, standing
from mriqc_webapi.ratings.scales import Grade, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterLabel:
    """What one rater says of the image."""

    rater: str  # '' is anonymous
    scale: Scale
    score: float
    grade: Grade
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLabel:
    """What all raters say of one image."""

    md5sum: str
    modality: str | None  # as most of its ratings say; None: none does
    consensus: Grade | None  # None: no rating on a known scale
    certainty: float | None  # 0 to 1
    method: Method | None
    score_mean: float | None  # 1.0 to 4.0
    score_sd: float | None  # with n − 1
    scales: tuple[Scale, ...]
    n_ratings: int  # that count: the newest of each rater
    n_raters: int  # named ones
    n_unreadable: int  # ratings on an unknown scale, which do not count
    artifacts: tuple[str, ...]  # ticked by anybody, the most ticked first
    ratings: tuple[RaterLabel, ...]  # that count, by rater


def labels(ratings: Iterable[Rating]) -> list[ImageLabel]:
    """Give one row for each image that a rating names, by MD5."""
    held = standing(ratings)
    consensus = {image.md5sum: image for image in find_consensus(held).images}
    readable = counted(held)
    by_image: dict[str, list[Rating]] = defaultdict(list)
    for rating in held:
        if rating.md5sum is not None:
            by_image[rating.md5sum].append(rating)
    return [
        _label(md5sum, by_image[md5sum], readable.get(md5sum, []), consensus.get(md5sum))
        for md5sum in sorted(by_image)
    ]


def _label(
    md5sum: str,
    held: Sequence[Rating],
    readable: Sequence[Rating],
    consensus: ImageConsensus | None,
) -> ImageLabel:
    mean, sd = _mean_and_sd([r.score for r in readable if r.score is not None])
    modalities = Counter(r.modality for r in held if r.modality)
    ticked = Counter(a for r in readable for a in r.artifacts)
    return ImageLabel(
        md5sum=md5sum,
        modality=min(modalities, key=lambda m: (-modalities[m], m), default=None),
        consensus=consensus.grade if consensus else None,
        certainty=consensus.certainty if consensus else None,
        method=consensus.method if consensus else None,
        score_mean=mean,
        score_sd=sd,
        scales=tuple(sorted({r.scale for r in readable})),
        n_ratings=len(readable),
        n_raters=len({r.rater for r in readable if r.rater}),
        n_unreadable=sum(r.grade is None for r in held),
        artifacts=tuple(sorted(ticked, key=lambda a: (-ticked[a], a))),
        ratings=tuple(
            RaterLabel(rater=r.rater, scale=r.scale, score=r.score, grade=r.grade, label=r.label)
            for r in readable
            if r.score is not None and r.grade is not None and r.label is not None
        ),
    )


def _mean_and_sd(scores: Sequence[float]) -> tuple[float | None, float | None]:
    if not scores:
        return None, None
    mean = math.fsum(scores) / len(scores)
    if len(scores) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((s - mean) ** 2 for s in scores) / (len(scores) - 1))
