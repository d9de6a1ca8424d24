"""What was stored and withdrawn since a cursor or a date, for those who keep a mirror."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from mriqc_webapi.errors import QueryError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.query.literals import as_date
from mriqc_webapi.store import feed
from mriqc_webapi.store.feed import Feed, Place, Stored, Withdrawn
from mriqc_webapi.web.api_v2.cursors import read_cursor, write_cursor
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service


async def read_changes(
    service: Service, resource: Resource, *, since: str, limit: int
) -> tuple[Feed, str]:
    """Fetch the changes next to a cursor or a date; return them with the next cursor.

    Raises
    ------
    QueryError
        It is neither, or the cursor knows of changes that the store has lost.
    """
    date = as_date(since)
    place: Place | None = None
    if isinstance(date, str):
        place = _read_place(service, resource, since)
    at = 0 if isinstance(date, str) else int(date.replace(tzinfo=UTC).timestamp())

    def ask(tx: Connection) -> Feed:
        after = place or feed.place_at(tx, resource=resource.name, at=at)
        return feed.changes_after(tx, resource=resource.name, after=after, limit=limit)

    found = await read_store(service.store, ask)
    if place is not None and place.seq > found.head:
        raise QueryError('the archive was set back behind this cursor: begin anew')
    return found, write_place(service, resource, found.next)


def write_place(service: Service, resource: Resource, place: Place) -> str:
    """Write a place in the feed as a cursor."""
    return write_cursor(list(place), question=_question(resource), key=service.identity)


def write_items(changes: Sequence[Stored | Withdrawn], docs: Iterable[str]) -> str:
    """Write changes as members of a JSON list; `docs` are the stored records as asked for."""
    stored = iter(docs)
    return ','.join(
        f'{{"type":"record","record":{next(stored)}}}'
        if isinstance(change, Stored)
        else f'{{"type":"withdrawn","id":"{change.id}","withdrawn_at":"{_iso(change)}"}}'
        for change in changes
    )


def _read_place(service: Service, resource: Resource, since: str) -> Place:
    try:
        return Place(*read_cursor(since, question=_question(resource), key=service.identity))
    except QueryError:
        raise QueryError(
            '`since` takes an ISO or HTTP date, or the cursor of an earlier answer to this'
        ) from None


def _question(resource: Resource) -> str:
    return f'changes of {resource.name}'


def _iso(change: Withdrawn) -> str:
    return datetime.fromtimestamp(change.withdrawn_at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
