"""What the data sharing agreement says about taking records back; docs/withdrawal.md has it."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from mriqc_webapi.errors import (
    PublicImageError,
    RatedError,
    RatingStaysError,
    StayingError,
    TooLateError,
)
from mriqc_webapi.store import public_images
from mriqc_webapi.store.receipts import sender_at
from mriqc_webapi.store.record import Sender
from mriqc_webapi.store.statement import Statement

RATING = 'rating'
TERM_MONTHS = 12

_RATINGS = Statement("""
    SELECT r.seq, r.id, a.first_id
      FROM record AS r LEFT JOIN amendment AS a ON a.record_id = r.id
     WHERE r.resource = 'rating' AND r.md5sum = :md5sum
""")
_SEQ = Statement('SELECT seq FROM record WHERE id = :id')


def withdrawable_until(created_at: int) -> int:
    """Say until when a record can be withdrawn: twelve months on, at the same time of day.

    Parameters
    ----------
    created_at : int
        When it came in; seconds since 1970 (UTC), as what is returned.
    """
    moment = datetime.fromtimestamp(created_at, UTC)
    try:
        later = moment.replace(year=moment.year + 1)
    except ValueError:  # 29 February
        later = moment.replace(year=moment.year + 1, month=3, day=1)
    return int(later.timestamp())


def find_obstacle(
    tx: Connection, *, resource: str, md5sum: str | None, seq: int, created_at: int, now: int
) -> StayingError | None:
    """Say why a record cannot be withdrawn by whoever sent it; None if it can."""
    if resource == RATING:
        return RatingStaysError(
            'ratings are not withdrawn: correct it instead, by PATCH /api/v2/ratings/ID'
        )
    if now >= withdrawable_until(created_at):
        return TooLateError(
            f'records can be withdrawn within {TERM_MONTHS} months; this one came in '
            f'{datetime.fromtimestamp(created_at, UTC):%Y-%m-%d}'
        )
    if md5sum is None:
        return None
    source = public_images.source_of(tx, md5sum=md5sum)
    if source is not None:
        return PublicImageError(
            f'its image is public ({source}), so its metrics say nothing that is not known'
        )
    if _is_rated_by_others(tx, md5sum=md5sum, sender=sender_at(tx, seq=seq)):
        return RatedError('others have rated its image, and their ratings lean on this record')
    return None


def _is_rated_by_others(tx: Connection, *, md5sum: str, sender: Sender | None) -> bool:
    """Whether a rating of an image came from anybody but who sent a record of it."""
    for seq, _, first_id in _RATINGS(tx, md5sum=md5sum):
        first = _SEQ(tx, id=first_id) if first_id else ()
        by = sender_at(tx, seq=first[0][0] if first else seq)
        if by is None or by != sender:
            return True
    return False
