"""Look-ups in the row store: by id, by position, by hash, by commit order. None scans a table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import orjson
from sqlalchemy import Connection

from mriqc_webapi.store import numbers
from mriqc_webapi.store.record import (
    N_ID_DIGITS,
    Record,
    http_date,
    index_key,
    make_record,
    new_id,
)
from mriqc_webapi.store.statement import Statement

__all__ = [
    'Change',
    'Record',
    'StoredDoc',
    'changes',
    'count',
    'count_ratings',
    'counts',
    'documents',
    'find_by_ids',
    'find_by_md5',
    'find_item',
    'head',
    'http_date',
    'is_id',
    'iterate_changes',
    'make_record',
    'new_id',
    'page',
]

POLICY = ''  # stands where a change names its resource; no resource is called so
_SEQ = itemgetter(0)
_MAX_OFFSET = 2**62  # beyond any row, and within what both databases count in

_ITEM = Statement(
    'SELECT id, etag, created_at, doc FROM record WHERE id = :id AND resource = :resource'
)

# Position k is the ordinal k + 1, moved on by the holes before it: the i-th hole, at ordinal h,
# has h - i standing records before it.
_PAGE = Statement("""
    SELECT id, etag, created_at, doc
      FROM record
     WHERE resource = :resource
       AND ordinal > :offset + (
           SELECT count(*)
             FROM (SELECT ordinal - row_number() OVER (ORDER BY ordinal) AS n_before
                     FROM tombstone WHERE resource = :resource) AS hole
            WHERE n_before <= :offset)
     ORDER BY ordinal LIMIT :limit
""")

_COUNTERS = Statement('SELECT name, value FROM counter')
_SOME_COUNTERS = Statement('SELECT name, value FROM counter WHERE name IN :names', lists=['names'])
_DOCUMENTS = Statement(
    'SELECT seq, id, etag, created_at, doc FROM record WHERE seq IN :seqs', lists=['seqs']
)

_COUNT_BY_MD5 = Statement(
    'SELECT count(*) FROM record WHERE resource = :resource AND md5sum IN :keys', lists=['keys']
)
_BY_MD5 = Statement(
    """
    SELECT id, etag, created_at, doc FROM record
     WHERE seq IN (SELECT seq FROM record WHERE resource = :resource AND md5sum IN :keys
                    ORDER BY seq LIMIT :limit OFFSET :offset)
     ORDER BY seq
    """,
    lists=['keys'],
)
_COUNT_BY_ID = Statement(
    'SELECT count(*) FROM record WHERE resource = :resource AND id IN :keys', lists=['keys']
)
_BY_ID = Statement(
    """
    SELECT id, etag, created_at, doc FROM record
     WHERE resource = :resource AND id IN :keys
     ORDER BY seq LIMIT :limit OFFSET :offset
    """,
    lists=['keys'],
)

_STORED = Statement("""
    SELECT seq, id, resource, created_at, md5sum, data_hash, etag, doc
      FROM record WHERE seq > :after AND seq <= :until ORDER BY seq
""")
_WITHDRAWN = Statement("""
    SELECT seq, id, resource, withdrawn_at
      FROM tombstone WHERE seq > :after AND seq <= :until
""")

_FROZEN = Statement("""
    SELECT seq, version FROM policy WHERE seq > :after AND seq <= :until
""")

_RATINGS = Statement(
    "SELECT doc FROM record WHERE resource = 'rating' AND md5sum = :key ORDER BY created_at, seq"
)


class StoredDoc(NamedTuple):
    """A record as it is served."""

    id: str
    etag: str
    created_at: int  # seconds since 1970 (UTC)
    doc: str  # JSON, pure ASCII


class Change(NamedTuple):
    """A record that was stored, or (without ``doc``) one that was withdrawn.

    A new version of the policy on duplicates is a change too, of the resource ``POLICY``.
    """

    seq: int
    id: str
    resource: str
    created_at: int | None = None  # seconds since 1970 (UTC)
    md5sum: str | None = None
    data_hash: str | None = None
    etag: str | None = None
    doc: str | None = None
    withdrawn_at: int | None = None  # seconds since 1970 (UTC)


def is_id(text: str) -> bool:
    """Tell whether a text could be a record's id."""
    return len(text) == N_ID_DIGITS and text.isalnum()


def find_item(tx: Connection, *, resource: str, id: str) -> StoredDoc | None:
    """Look up one record; None for another resource's id and for what is no id."""
    if not is_id(id):
        return None
    rows = _ITEM(tx, id=id, resource=resource)
    return StoredDoc._make(rows[0]) if rows else None


def page(tx: Connection, *, resource: str, offset: int, limit: int) -> list[StoredDoc]:
    """Give the standing records from a position on (0: the first), in order of insertion."""
    rows = _PAGE(tx, resource=resource, offset=min(offset, _MAX_OFFSET), limit=limit)
    return [StoredDoc._make(row) for row in rows]


def count(tx: Connection, *, resource: str) -> int:
    """Count the standing records of a resource."""
    names = [numbers.ordinal_of(resource), numbers.withdrawn_of(resource)]
    found = dict(map(tuple, _SOME_COUNTERS(tx, names=names)))
    return int(found.get(names[0], 0) - found.get(names[1], 0))


def counts(tx: Connection) -> dict[str, int]:
    """Count the standing records of each resource that ever had one."""
    found: Counter[str] = Counter()
    for name, value in _COUNTERS(tx):
        kind, _, resource = name.partition(':')
        if resource:
            found[resource] += value if kind == 'ordinal' else -value
    return dict(found)


def head(tx: Connection) -> int:
    """Give the number of the last committed change; 0 in an empty store."""
    return int(_SOME_COUNTERS(tx, names=[numbers.SEQ])[0][1])


def documents(tx: Connection, *, seqs: Sequence[int]) -> list[StoredDoc]:
    """Give records by number, in the order asked for; what was withdrawn is left out."""
    found = {row[0]: StoredDoc._make(row[1:]) for row in _DOCUMENTS(tx, seqs=list(seqs))}
    return [found[seq] for seq in seqs if seq in found]


def find_by_md5(
    tx: Connection, *, resource: str, md5sums: Sequence[str], offset: int, limit: int
) -> tuple[int, list[StoredDoc]]:
    """Count the records of some scans, and give one page of them in order of insertion."""
    keys = [index_key(md5sum) for md5sum in md5sums]
    total = _COUNT_BY_MD5(tx, resource=resource, keys=keys)[0][0]
    start = min(offset, _MAX_OFFSET)
    rows = _BY_MD5(tx, resource=resource, keys=keys, offset=start, limit=limit)
    return total, [StoredDoc._make(row) for row in rows]


def find_by_ids(
    tx: Connection, *, resource: str, ids: Sequence[str], offset: int, limit: int
) -> tuple[int, list[StoredDoc]]:
    """Count the records of these ids that exist, and give one page in order of insertion."""
    keys = [id for id in ids if is_id(id)]
    total = _COUNT_BY_ID(tx, resource=resource, keys=keys)[0][0]
    start = min(offset, _MAX_OFFSET)
    rows = _BY_ID(tx, resource=resource, keys=keys, offset=start, limit=limit)
    return total, [StoredDoc._make(row) for row in rows]


def changes(tx: Connection, *, after: int, limit: int) -> list[Change]:
    """Give some of the next changes beyond a number, in commit order; none only at the head."""
    last = head(tx)  # first: all up to here is committed, so the reads below see it
    found: list[Change] = []
    while not found and after < last:
        until = min(last, after + limit)  # numbers are dense: no more than `limit` changes
        found = _changes_within(tx, after, until)
        after = until
    return found


def iterate_changes(
    tx: Connection, *, after: int, chunk_size: int = 4_000
) -> Iterator[list[Change]]:
    """Give all changes beyond a number in chunks, each its own short read."""
    while chunk := changes(tx, after=after, limit=chunk_size):
        yield chunk
        after = chunk[-1].seq


def count_ratings(tx: Connection, *, md5sum: str) -> dict[str, int]:
    """Count a scan's ratings per rating text, of a corrected one the newest."""
    newest: dict[str, str] = {}
    for (doc,) in _RATINGS(tx, key=index_key(md5sum)):
        rating = orjson.loads(doc)
        value = str(rating.get('rating'))
        if rating.get('amends'):
            newest[str(rating['amends'])] = value
        else:
            newest.setdefault(str(rating['_id']), value)
    return dict(Counter(newest.values()))


def _changes_within(tx: Connection, after: int, until: int) -> list[Change]:
    stored = [Change(*row) for row in _STORED(tx, after=after, until=until)]
    withdrawn = [
        Change(seq, id_, resource, withdrawn_at=at)
        for seq, id_, resource, at in _WITHDRAWN(tx, after=after, until=until)
    ]
    frozen = [
        Change(seq, str(version), POLICY) for seq, version in _FROZEN(tx, after=after, until=until)
    ]
    return sorted([*stored, *withdrawn, *frozen], key=_SEQ) if withdrawn or frozen else stored
