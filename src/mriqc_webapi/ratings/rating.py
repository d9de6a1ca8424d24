"""One rater's opinion of one image, as one value, whichever widget sent it."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.ratings.artifacts import artifact_table
from mriqc_webapi.ratings.scales import Evidence, Grade, Scale, read_value
from mriqc_webapi.submissions.privacy import without_addresses

MAX_CONFIDENCE: Final = 4.0

_NO_SCAN: Final = frozenset({'', 'unspecified'})  # MRIQC's reports since 23.1 do not know the MD5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One rating, understood; what could not be understood is None, and kept in the record."""

    id: str
    created_at: int  # UTC, s
    md5sum: str | None  # None: the report did not know its image
    modality: str | None
    software: str | None
    version: str | None
    report: str | None  # file name of the rated report
    scale: Scale
    value: str  # as sent
    score: float | None  # 1.0 to 4.0; None where the scale is unknown
    grade: Grade | None
    label: str | None  # what the scale itself calls the grade
    artifacts: tuple[str, ...]
    confidence: float | None  # 0 (doubtful) to 4 (confident)
    duration_s: float | None
    comment: str
    rater: str  # pseudonym, or the name the rater chose; '' is anonymous
    session: str | None
    is_defaced: bool | None
    amends: str | None  # id of the rating that this one corrects


def parse_rating(document: Mapping[str, Any], *, id: str, created_at: int) -> Rating:
    """Read a stored rating, of any era; never raises, whatever the document holds.

    Parameters
    ----------
    document
        What a widget posted: ``rating``, ``md5sum``, ``name`` and ``comment``, and from the
        current API also ``scale``, ``artifacts``, ``confidence`` (0 to 4), ``time_s``,
        ``modality``, ``software``, ``version``, ``report``, ``session``, ``defaced``, ``amends``
        and ``rater``. A JSON list in the comment of a document without ``artifacts`` is what
        MRIQC's widget does with them.
    id, created_at
        The record's own: 24 hex digits, and seconds since 1970 in UTC.
    """
    listed, comment = _artifacts_and_comment(document)
    value = _text_of(document.get('rating'))
    evidence = Evidence(
        scale=_word(document, 'scale'),
        software=_word(document, 'software'),
        version=_word(document, 'version'),
        lists_artifacts=listed is not None,
        created_at=created_at,
    )
    reading = read_value(value, evidence)
    defaced = document.get('defaced')
    md5sum = (_word(document, 'md5sum') or '').lower()
    return Rating(
        id=id,
        created_at=created_at,
        md5sum=None if md5sum in _NO_SCAN else md5sum,
        modality=_word(document, 'modality'),
        software=evidence.software,
        version=evidence.version,
        report=_word(document, 'report'),
        scale=reading.scale,
        value=value,
        score=reading.score,
        grade=reading.grade,
        label=reading.label,
        artifacts=artifact_table().named(listed or ()),
        confidence=_number(document.get('confidence'), most=MAX_CONFIDENCE),
        duration_s=_number(document.get('time_s'), most=math.inf),
        comment=comment,
        rater=_rater(document),
        session=_word(document, 'session'),
        is_defaced=defaced if isinstance(defaced, bool) else None,
        amends=_word(document, 'amends'),
    )


def document_of(rating: Rating) -> dict[str, Any]:
    """Write a rating as the current API's document; :func:`parse_rating` gives it back, equal."""
    members = {
        'rating': rating.value,
        'scale': rating.scale,
        'md5sum': rating.md5sum or 'unspecified',
        'name': rating.rater,
        'comment': rating.comment,
        'artifacts': list(rating.artifacts),
        'confidence': rating.confidence,
        'time_s': rating.duration_s,
        'modality': rating.modality,
        'software': rating.software,
        'version': rating.version,
        'report': rating.report,
        'session': rating.session,
        'defaced': rating.is_defaced,
        'amends': rating.amends,
    }
    return {name: member for name, member in members.items() if member is not None}


def standing(ratings: Iterable[Rating]) -> list[Rating]:
    """Keep what counts: the newest of each chain of amendments; oldest first.

    A chain hangs together by ``amends``, also where the rating it begins with is not among those
    given. Of two corrections of the same rating, the later one counts.
    """
    known = {r.id: r for r in ratings}
    amended = {r.amends for r in known.values()}
    newest: dict[str, Rating] = {}
    in_order = sorted(known.values(), key=lambda r: (r.id not in amended, r.created_at, r.id))
    for rating in in_order:  # those that are amended themselves come first
        newest[_root(rating, known)] = rating
    return sorted(newest.values(), key=lambda r: (r.created_at, r.id))


def _root(rating: Rating, known: dict[str, Rating]) -> str:
    """Name what a chain begins with; the smallest id of one that bites its own tail."""
    seen = {rating.id: None}
    while rating.amends is not None:
        if rating.amends in seen:
            ids = list(seen)
            return min(ids[ids.index(rating.amends) :])
        seen[rating.amends] = None
        if rating.amends not in known:
            return rating.amends
        rating = known[rating.amends]
    return rating.id


def _artifacts_and_comment(document: Mapping[str, Any]) -> tuple[list[str] | None, str]:
    comment = _text_of(document.get('comment'))
    given = document.get('artifacts')
    if isinstance(given, list | tuple):
        return [a for a in given if isinstance(a, str)], comment
    found = None if 'artifacts' in document else _listed_in(comment)
    return (None, comment) if found is None else (found, '')


def _listed_in(comment: str) -> list[str] | None:
    if not comment.lstrip().startswith('['):
        return None
    try:
        found = json.loads(comment)
    except (ValueError, RecursionError):
        return None
    return found if all(isinstance(a, str) and a.strip() for a in found) else None


def _rater(document: Mapping[str, Any]) -> str:
    name = _word(document, 'rater') or _word(document, 'name') or ''
    return without_addresses(' '.join(name.split()))


def _word(document: Mapping[str, Any], name: str) -> str | None:
    """Read a text that says something."""
    found = document.get(name)
    return (found.strip() or None) if isinstance(found, str) else None


def _text_of(found: object) -> str:
    """Read a text as it is; anything else as it would stand in JSON."""
    if isinstance(found, str):
        return found
    return '' if found is None else json.dumps(found, default=str, ensure_ascii=False)


def _number(found: object, *, most: float) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        number = float(found)
    except OverflowError:
        return None
    return number if math.isfinite(number) and 0 <= number <= most else None
