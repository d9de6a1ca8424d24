"""Images that are published elsewhere: what is known of them stays, whoever sent it."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.store.bulk import upsert_rows
from mriqc_webapi.store.record import column_text, index_key
from mriqc_webapi.store.statement import Statement

_COUNT = Statement('SELECT count(*) FROM public_image')
_FIND = Statement('SELECT source FROM public_image WHERE md5sum = :md5sum')
_PAGE = Statement("""
    SELECT md5sum, source, added_at FROM public_image
     WHERE md5sum > :after ORDER BY md5sum LIMIT :limit
""")
_REMOVE = Statement(
    'DELETE FROM public_image WHERE md5sum IN :md5sums RETURNING md5sum', lists=['md5sums']
)


class PublicImage(NamedTuple):
    """An image that anybody can have."""

    md5sum: str
    source: str  # where it is published
    added_at: int  # seconds since 1970 (UTC)


def add(tx: Connection, md5sums: Iterable[str], *, source: str, now: int | None = None) -> int:
    """Add images; return how many are new. Those that are there keep their source."""
    now = int(time.time()) if now is None else now
    keys = dict.fromkeys(_key(md5sum) for md5sum in md5sums)
    rows = [(key, column_text(source), now) for key in keys]
    before = count(tx)
    upsert_rows(
        tx,
        rows,
        table='public_image',
        columns='md5sum, source, added_at',
        conflict='ON CONFLICT (md5sum) DO NOTHING',
    )
    return count(tx) - before


def remove(tx: Connection, md5sums: Iterable[str]) -> int:
    """Remove images; return how many were there."""
    return len(_REMOVE(tx, md5sums=[_key(md5sum) for md5sum in md5sums]))


def count(tx: Connection) -> int:
    """Count the images."""
    return int(_COUNT(tx)[0][0])


def source_of(tx: Connection, *, md5sum: str) -> str | None:
    """Say where an image is published; None if it is not known to be."""
    rows = _FIND(tx, md5sum=_key(md5sum))
    return str(rows[0][0]) if rows else None


def page(tx: Connection, *, after: str = '', limit: int = 10_000) -> list[PublicImage]:
    """List images by their hash, after one of them."""
    return [PublicImage._make(row) for row in _PAGE(tx, after=after, limit=limit)]


def _key(md5sum: str) -> str | None:
    return index_key(md5sum.strip().lower())
