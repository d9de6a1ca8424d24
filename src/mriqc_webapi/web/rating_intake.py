"""New ratings and corrections of ratings: checked, merged, linked and stored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection

from mriqc_webapi.errors import InvalidDocumentError, LinkedRatingError, NotFoundError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.ratings.rating import MAX_CONFIDENCE, Rating, parse_rating
from mriqc_webapi.ratings.scales import MAX_SCORE, MIN_SCORE, STEPS
from mriqc_webapi.store import amendments
from mriqc_webapi.store.insert import Outcome
from mriqc_webapi.store.record import Record, Sender
from mriqc_webapi.store.records import StoredDoc, is_id
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.submissions.findings import ASSIGNED
from mriqc_webapi.submissions.submission import Note, Submission
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.uploads import hash_key, make_record_of

RESOURCE = 'rating'
UNLINKED = 'unspecified'  # as MRIQC's own widget says it

_RANGES = {
    **{name: f'{min(steps)} to {max(steps)}' for name, steps in STEPS.items()},
    'v2': f'{MIN_SCORE:g} to {MAX_SCORE:g}',
}
_OWN = ('amends', 'rater')


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a rating that was sent."""

    rating: Rating  # as it stands now
    first_id: str  # of its chain: the receipt is that record's
    is_new: bool
    notes: tuple[Note, ...] = ()


async def take_rating(
    service: Service, document: Any, *, key: str | None, sender: Sender
) -> Taken:
    """Check and store a rating.

    Parameters
    ----------
    key
        Hash of the idempotency key: with the same one, the same rating is stored once.

    Raises
    ------
    InvalidDocumentError, LimitError
        The document was refused.
    ChangedSubmissionError, DuplicateIdError
        The key came before with another rating, or the id is taken.
    """
    blank = {'md5sum': UNLINKED, 'name': '', 'comment': ''}
    if isinstance(document, dict):
        document = blank | {name: v for name, v in document.items() if v is not None}
        if isinstance(document['md5sum'], str):
            document['md5sum'] = document['md5sum'].lower()
    submission = check_rating(service.checkers[RESOURCE], document)
    record = make_record_of(service, submission, key=key, sender=sender)
    outcome = await _write(service, record)
    return Taken(
        rating=_as_stored(record, outcome),
        first_id=outcome.id,
        is_new=not outcome.is_replay,
        notes=submission.notes,
    )


async def amend_rating(
    service: Service, chain: list[StoredDoc], changes: Any, *, key: str | None = None
) -> Taken:
    """Store a correction: what stood, with some members changed; null takes one away.

    Raises
    ------
    InvalidDocumentError
        The corrected rating would be refused, or the change is about what the service sets.
    LinkedRatingError
        The rating is about another image already.
    """
    first = chain[0]
    after = correction_of(service.checkers[RESOURCE], chain, changes)
    if after is None:
        return Taken(rating=rating_of(chain[-1]), first_id=first.id, is_new=False)
    own_key = hash_key(f'receipt:{first.id}', _resource(service), key) if key else None
    record = make_record_of(service, after, key=own_key, sender=None)
    outcome = await _write(service, record)
    return Taken(
        rating=_as_stored(record, outcome),
        first_id=first.id,
        is_new=not outcome.is_replay,
        notes=after.notes,
    )


def correction_of(check: Checker, chain: list[StoredDoc], changes: Any) -> Submission | None:
    """Check what a rating is after a correction; None if that changes nothing.

    Raises
    ------
    InvalidDocumentError, LinkedRatingError
        As `amend_rating` does.
    """
    standing = rating_of(chain[-1])
    before = orjson.loads(chain[-1].doc)
    sent = {name: value for name, value in before.items() if not name.startswith('_')}
    corrected = _merged(sent, _checked_changes(changes), standing)
    after = check_rating(check, {n: v for n, v in corrected.items() if n not in _OWN})
    _require_same_image(standing, after)
    if 'rater' in sent and sent.get('name') == corrected.get('name'):
        after = replace(after, document=after.document | {'rater': sent['rater']})
    if not after.private and after.document == {n: v for n, v in sent.items() if n != 'amends'}:
        return None
    return replace(after, document=after.document | {'amends': chain[0].id})


async def find_chain(service: Service, record_id: str) -> list[StoredDoc]:
    """Fetch a rating with its corrections, oldest first, whichever of them the id names.

    Raises
    ------
    NotFoundError
        There is no such rating.
    """
    return await read_store(service.store, chain_of, record_id)


def chain_of(tx: Connection, record_id: str) -> list[StoredDoc]:
    """Do what `find_chain` does, in the transaction at hand."""
    found: list[StoredDoc] = []
    if is_id(record_id):
        first_id = amendments.first_of(tx, record_id=record_id)
        found = amendments.chain(tx, first_id=first_id, resource=RESOURCE)
    if not any(stored.id == record_id for stored in found):
        raise NotFoundError(f'there is no rating {record_id[:64]!r}')
    return found


def rating_of(stored: StoredDoc) -> Rating:
    """Read a rating as it is stored."""
    return parse_rating(orjson.loads(stored.doc), id=stored.id, created_at=stored.created_at)


def check_rating(check: Checker, document: Any) -> Submission:
    """Check a rating as an upload, and that what it says of itself fits together.

    Raises
    ------
    InvalidDocumentError
        Carries the issues.
    """
    submission = check(document)
    issues = dict(_issues(submission.document))
    if issues:
        raise InvalidDocumentError(issues)
    return submission


def _issues(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    scale = document.get('scale')
    if scale is not None:
        found += _scale_issues(document, scale)
    for name, most in (('confidence', MAX_CONFIDENCE), ('time_s', math.inf)):
        value = document.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and 0 <= value <= most):
            found.append(
                (name, 'min value is 0' if most == math.inf else f'must be 0 to {most:g}')
            )
    artifacts = document.get('artifacts') or []
    if not isinstance(artifacts, list) or not all(isinstance(a, str) for a in artifacts):
        found.append(('artifacts', 'must be a list of texts'))
    return found


def _scale_issues(document: Mapping[str, Any], scale: object) -> list[tuple[str, str]]:
    if not isinstance(scale, str) or scale not in _RANGES:
        return [('scale', f'unallowed value: it is one of {", ".join(sorted(_RANGES))}')]
    if parse_rating(document, id='', created_at=0).scale == 'unknown':
        return [('rating', f'is not on the scale {scale}, which goes from {_RANGES[scale]}')]
    return []


def _checked_changes(changes: Any) -> dict[str, Any]:
    if not isinstance(changes, dict):
        raise InvalidDocumentError({'validation exception': 'a correction is an object'})
    own = [name for name in changes if name.startswith('_') or name in _OWN]
    if own:
        raise InvalidDocumentError(dict.fromkeys(own, ASSIGNED))
    return changes


def _merged(sent: dict[str, Any], changes: dict[str, Any], standing: Rating) -> dict[str, Any]:
    merged = sent | changes
    if 'artifacts' in changes and 'comment' not in changes and 'artifacts' not in sent:
        merged['comment'] = standing.comment  # MRIQC's widget puts artifacts there
    kept = ('rating', 'md5sum')  # which a null cannot take away
    return {name: v for name, v in merged.items() if v is not None or name in kept}


def _require_same_image(standing: Rating, after: Submission) -> None:
    md5sum = parse_rating(after.document, id='', created_at=0).md5sum
    if standing.md5sum is not None and md5sum != standing.md5sum:
        raise LinkedRatingError(
            f'the rating is about the image {standing.md5sum} already: rate the other one anew'
        )


def _as_stored(record: Record, outcome: Outcome) -> Rating:
    document = orjson.loads(record.doc)
    return parse_rating(document, id=outcome.id, created_at=outcome.created_at)


async def _write(service: Service, record: Record) -> Outcome:
    (outcome,) = await service.writer.write([record])
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome


def _resource(service: Service) -> Resource:
    return service.resource(RESOURCE)
