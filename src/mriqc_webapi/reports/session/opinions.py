"""What all raters of a ledger think of all images, as ratings like every other."""

from collections.abc import Iterable
from dataclasses import replace

from mriqc_webapi.ratings.rating import Rating, parse_rating
from mriqc_webapi.reports.session.ledger import Ledger, StoredRating


def standing(ratings: Iterable[StoredRating]) -> list[StoredRating]:
    """Keep the newest rating of each item that was not undone, oldest first."""
    newest = {(r.session, r.position): r for r in ratings if not r.is_undone}
    return sorted(newest.values(), key=lambda r: r.seq)


def opinions(ledger: Ledger) -> list[Rating]:
    """Read the standing ratings of all raters and sessions, oldest first."""
    return [as_rating(stored) for stored in standing(ledger.ratings())]


def as_rating(stored: StoredRating) -> Rating:
    """Read a stored rating; an image without MD5 goes by the path of its report.

    Its id is its number in the ledger: two of one second keep their order.
    """
    rating = parse_rating(stored.document, id=f'{stored.seq:024x}', created_at=stored.created_at)
    return replace(
        rating, md5sum=rating.md5sum or stored.report, report=stored.report, rater=stored.rater
    )
