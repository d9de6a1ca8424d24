"""One resource in the order of commits: its records from a place on, and its change feed.

A place is the number of a change together with the ordinal of the resource's last record up to
it. Both only grow, so a place is good for as long as the store is.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.store import numbers
from mriqc_webapi.store.statement import Statement

_COUNTERS = Statement('SELECT name, value FROM counter WHERE name IN :names', lists=['names'])
# what came before the first minute that was noted may have come at any time
_CLOCK = Statement("""
    SELECT CASE WHEN EXISTS (SELECT 1 FROM clock WHERE minute < :minute)
                THEN coalesce((SELECT min(seq) FROM clock WHERE minute >= :minute),
                              (SELECT value + 1 FROM counter WHERE name = 'seq'))
                ELSE 1 END
""")
_NEAREST = Statement("""
    SELECT ordinal, seq FROM record
     WHERE resource = :resource AND ordinal >= :ordinal ORDER BY ordinal LIMIT 1
""")
_WITHDRAWN_WITHIN = Statement("""
    SELECT count(*) FROM tombstone WHERE resource = :resource AND ordinal <= :until
""")
_STORED = Statement("""
    SELECT ordinal, seq, id, doc FROM record
     WHERE resource = :resource AND ordinal > :after AND ordinal <= :until
     ORDER BY ordinal LIMIT :limit
""")
_WITHDRAWN = Statement("""
    SELECT seq, id, withdrawn_at FROM tombstone
     WHERE resource = :resource AND seq > :after AND seq <= :until
     ORDER BY seq LIMIT :limit
""")


class Place(NamedTuple):
    """A place in the order of commits, as one resource sees it."""

    seq: int
    ordinal: int  # of the resource's last record up to there


class Stored(NamedTuple):
    """A record of one resource."""

    ordinal: int
    seq: int
    id: str
    doc: str  # JSON, pure ASCII


class Withdrawn(NamedTuple):
    """What is left of a record."""

    seq: int
    id: str
    withdrawn_at: int  # seconds since 1970 (UTC)


class Feed(NamedTuple):
    """Some changes in order, and where to go on from."""

    changes: Sequence[Stored | Withdrawn]
    next: Place
    head: int  # number of the last change of any resource
    is_all: bool  # whether nothing is left beyond them


def head(tx: Connection, *, resource: str) -> Place:
    """Give the place behind all that is committed now."""
    names = [numbers.SEQ, numbers.ordinal_of(resource)]
    found = dict(map(tuple, _COUNTERS(tx, names=names)))
    return Place(found[names[0]], found.get(names[1], 0))


def version(tx: Connection, *, resource: str) -> tuple[int, int]:
    """Give two numbers of which one changes with each change of the resource."""
    names = [numbers.ordinal_of(resource), numbers.withdrawn_of(resource)]
    found = dict(map(tuple, _COUNTERS(tx, names=names)))
    return found.get(names[0], 0), found.get(names[1], 0)


def place_at(tx: Connection, *, resource: str, at: int) -> Place:
    """Give a place before all that was stored at a time or later, by at most some minutes.

    Parameters
    ----------
    at : int
        Seconds since 1970 (UTC), of the storing: an import's records bear older dates.
    """
    minute = min(max(at // 60 - 1, 0), 2**40)  # clocks of several machines differ a little
    seq = _CLOCK(tx, minute=minute)[0][0] - 1
    return Place(seq, _ordinal_at(tx, resource, seq))


def documents_after(
    tx: Connection, *, resource: str, after: int, until: int, limit: int
) -> list[Stored]:
    """Give standing records with ordinals beyond `after`, up to `until`, in order."""
    rows = _STORED(tx, resource=resource, after=after, until=until, limit=limit)
    return [Stored._make(row) for row in rows]


def count_until(tx: Connection, *, resource: str, until: int) -> int:
    """Count the standing records with ordinals up to one that was given out."""
    return until - int(_WITHDRAWN_WITHIN(tx, resource=resource, until=until)[0][0])


def changes_after(tx: Connection, *, resource: str, after: Place, limit: int) -> Feed:
    """Give some of the changes of a resource beyond a place; at the head there are none."""
    last = head(tx, resource=resource)  # first: all up to here is committed
    stored = documents_after(
        tx, resource=resource, after=after.ordinal, until=last.ordinal, limit=limit
    )
    rows = _WITHDRAWN(tx, resource=resource, after=after.seq, until=last.seq, limit=limit)
    withdrawn = [Withdrawn._make(row) for row in rows]
    every: list[Stored | Withdrawn] = [*stored, *withdrawn]
    changes = sorted(every, key=lambda change: change.seq)[:limit]
    if len(stored) < limit and len(withdrawn) < limit and len(every) <= limit:
        return Feed(changes, last, last.seq, is_all=True)
    ordinals = [c.ordinal for c in changes if isinstance(c, Stored)]
    reached = Place(changes[-1].seq, max(ordinals, default=after.ordinal))
    return Feed(changes, reached, last.seq, is_all=False)


def _ordinal_at(tx: Connection, resource: str, seq: int) -> int:
    """Find the ordinal of a resource's last record up to a number, by halving.

    A record's seq and ordinal grow together, so some twenty look-ups find it among millions.
    """
    low, high = 0, head(tx, resource=resource).ordinal  # the answer is within
    while low < high:
        middle = (low + high + 1) // 2
        nearest = _NEAREST(tx, resource=resource, ordinal=middle)
        if not nearest or nearest[0][1] > seq:
            high = middle - 1
        else:
            low = nearest[0][0]
    return low
