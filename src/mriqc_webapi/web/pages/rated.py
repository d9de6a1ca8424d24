"""The ratings of one image, as its page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.ratings.artifacts import artifact_table

ANONYMOUS: Final = 'anonymous'


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was said."""

    name: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow:
    """One rating."""

    date: str
    rater: str
    said: str  # the grade, as its scale calls it, or what was sent
    score: str
    artifacts: str
    comment: str
    is_standing: bool  # not corrected by its rater since


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """What raters say of an image."""

    n_ratings: int
    n_raters: int
    grades: tuple[Count, ...]  # all four, the worst first
    mean: str  # of the scores, 1 to 4, with their spread
    artifacts: tuple[Count, ...]
    rows: tuple[RatingRow, ...]  # newest first, then those that were corrected since


def rated(told: Mapping[str, Any]) -> Rated:
    """Put the answer of the route of an image's ratings into words."""
    return Rated(
        n_ratings=told['n_ratings'],
        n_raters=told['n_raters'],
        grades=tuple(Count(g['grade'], g['n']) for g in told['grades']),
        mean=_mean(told['score']),
        artifacts=tuple(Count(artifact_title(a['artifact']), a['n']) for a in told['artifacts']),
        rows=tuple(map(rating_row, [*told['ratings'], *told['history']])),
    )


def rating_row(rating: Mapping[str, Any]) -> RatingRow:
    """Put one rating into words."""
    score = rating['score']
    return RatingRow(
        date=rating['created_at'][:10],
        rater=rating['rater'] or ANONYMOUS,
        said=rating['label'] or rating['rating'],
        score='' if score is None else f'{score:g}',
        artifacts=', '.join(map(artifact_title, rating['artifacts'])),
        comment=rating['comment'],
        is_standing=rating['is_standing'],
    )


def _mean(score: Mapping[str, Any]) -> str:
    if score['mean'] is None:
        return ''
    spread = '' if score['sd'] is None else f' ± {score["sd"]:.2f}'
    return f'{score["mean"]:.2f}{spread}'


def artifact_title(artifact: str) -> str:
    """Name an artifact as people do; what nobody knows stays as it is."""
    known = {a.name: a.title for a in artifact_table().artifacts}
    return known.get(artifact, artifact)
