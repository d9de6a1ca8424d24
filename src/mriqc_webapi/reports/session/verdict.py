"""What a rater says of one report, as one checked value."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mriqc_webapi.errors import InvalidDocumentError
from mriqc_webapi.ratings.artifacts import artifact_table
from mriqc_webapi.ratings.rating import MAX_CONFIDENCE
from mriqc_webapi.ratings.scales import MAX_SCORE, MIN_SCORE

MAX_COMMENT_CHARS = 10_000
MAX_ARTIFACTS = 50
MAX_DURATION_S = 86_400.0
_ID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A rating as it leaves the page."""

    id: str  # made by the page, so that sending twice is harmless
    score: float  # 1.00–4.00 in steps of 0.05
    artifacts: tuple[str, ...] = ()
    confidence: float | None = None  # 0–4
    duration_s: float | None = None  # with the report in sight
    comment: str = ''

    def document(self) -> dict[str, Any]:
        """Write it in the words of the API."""
        members = {
            'rating': f'{self.score:.2f}',
            'scale': 'v2',
            'comment': self.comment,
            'artifacts': list(self.artifacts),
            'confidence': self.confidence,
            'time_s': self.duration_s,
        }
        return {name: value for name, value in members.items() if value is not None}


def parse_verdict(sent: object) -> Verdict:
    """Check what the page sent.

    Raises
    ------
    InvalidDocumentError
        Names each member that is not as it should be.
    """
    if not isinstance(sent, Mapping):
        raise InvalidDocumentError({'document': 'must be an object'})
    issues: dict[str, str] = {}
    id = sent.get('id')
    if not isinstance(id, str) or not _ID.fullmatch(id):
        issues['id'] = 'must be a UUID in small letters'
    score = _number(sent, 'rating', MIN_SCORE, MAX_SCORE, issues)
    if score is None and 'rating' not in issues:
        issues['rating'] = 'choose a grade first'
    confidence = _number(sent, 'confidence', 0, MAX_CONFIDENCE, issues)
    duration_s = _number(sent, 'time_s', 0, math.inf, issues)
    comment = sent.get('comment') or ''
    if not isinstance(comment, str) or len(comment) > MAX_COMMENT_CHARS:
        issues['comment'] = f'must be a text of at most {MAX_COMMENT_CHARS:,} characters'
    artifacts = sent.get('artifacts') or []
    if not isinstance(artifacts, list) or not all(isinstance(a, str) for a in artifacts):
        issues['artifacts'] = 'must be a list of texts'
    elif len(artifacts) > MAX_ARTIFACTS:
        issues['artifacts'] = f'at most {MAX_ARTIFACTS}'
    if issues or score is None:
        raise InvalidDocumentError(dict(issues))
    return Verdict(
        id=str(id),
        score=round(score * 20) / 20,
        artifacts=artifact_table().named(a[:200] for a in artifacts),
        confidence=confidence,
        duration_s=None if duration_s is None else round(min(duration_s, MAX_DURATION_S), 1),
        comment=comment.strip(),
    )


def _number(
    sent: Mapping[str, Any], name: str, least: float, most: float, issues: dict[str, str]
) -> float | None:
    value = sent.get(name)
    if value is None or value == '':
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        issues[name] = f'must be a number from {least:g} to {most:g}'
        return None
    return number
