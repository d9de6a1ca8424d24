"""Ratings of tables on this machine, told as the service tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mriqc_webapi.ratings.labels import labels
from mriqc_webapi.ratings.rating import Rating, parse_rating, standing

Document = Mapping[str, Any]


def standing_ratings(documents: Iterable[Document], options: Document) -> list[dict[str, Any]]:
    """Give the ratings that count, the newest first, of those that `options` leave."""
    found = standing(map(_parse, documents))
    return [_told(rating) for rating in reversed(found) if _is_asked(rating, options)]


def image_labels(
    documents: Iterable[Document], modalities: Document, wanted: str | None
) -> list[dict[str, Any]]:
    """Give one label for each rated image.

    Parameters
    ----------
    modalities : mapping of str
        By MD5: what the records say, for images of which no rating says it.
    wanted : str, optional
        Only ratings of images of this modality.
    """
    held = [
        replace(r, modality=r.modality or modalities.get(r.md5sum or ''))
        for r in map(_parse, documents)
    ]
    return [asdict(label) for label in labels(r for r in held if wanted in {None, r.modality})]


def _parse(document: Document) -> Rating:
    created_at = int(parsedate_to_datetime(document['_created']).timestamp())
    return parse_rating(document, id=document['_id'], created_at=created_at)


def _is_asked(rating: Rating, options: Document) -> bool:
    linked = options.get('linked')
    if linked is not None and linked != (rating.md5sum is not None):
        return False
    asked = {k: v for k, v in options.items() if k in {'md5sum', 'rater', 'session'}}
    return all(getattr(rating, name) == value for name, value in asked.items())


def _told(rating: Rating) -> dict[str, Any]:
    created_at = datetime.fromtimestamp(rating.created_at, UTC)
    return {
        'id': rating.id,
        'created_at': created_at.strftime('%Y-%m-%dT%H:%M:%SZ'),
        'md5sum': rating.md5sum,
        'modality': rating.modality,
        'rating': rating.value,
        'scale': rating.scale,
        'score': rating.score,
        'grade': rating.grade,
        'label': rating.label,
        'artifacts': list(rating.artifacts),
        'confidence': rating.confidence,
        'time_s': rating.duration_s,
        'comment': rating.comment,
        'rater': rating.rater,
        'session': rating.session,
        'defaced': rating.is_defaced,
        'software': rating.software,
        'version': rating.version,
        'report': rating.report,
        'amends': rating.amends,
        'is_standing': True,
    }
