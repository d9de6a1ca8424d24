"""Ratings of tables on this machine, told as the service tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from email.utils import parsedate_to_datetime
from typing import Any

from mriqc_webapi.ratings.labels import labels
from mriqc_webapi.ratings.rating import Rating, parse_rating, standing
from mriqc_webapi.ratings.telling import tell

Document = Mapping[str, Any]


def standing_ratings(documents: Iterable[Document], options: Document) -> list[dict[str, Any]]:
    """Give the ratings that count, the newest first, of those that `options` leave."""
    found = standing(map(_parse, documents))
    return [tell(rating) for rating in reversed(found) if _is_asked(rating, options)]


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
