"""Ratings in the words of the current interface, wherever they are read from."""

from datetime import UTC, datetime
from typing import Any

from mriqc_webapi.ratings.rating import Rating


def tell(rating: Rating, *, is_standing: bool = True) -> dict[str, Any]:
    """Tell a rating: what was sent under its own names, and what it means."""
    return {
        'id': rating.id,
        'created_at': iso_date(rating.created_at),
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
        'is_standing': is_standing,
    }


def iso_date(seconds: int) -> str:
    """Write seconds since 1970 (UTC) in ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
