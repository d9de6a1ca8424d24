"""All records of one image, over all resources: by the MD5 of its file or the hash of its voxels.

Both indexes hold (key, resource, seq), so a page goes on after the last record's resource and seq.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.store.record import index_key
from mriqc_webapi.store.statement import Statement

Key = Literal['md5sum', 'data_hash']

_PAGE = """
    SELECT seq, resource, md5sum, doc FROM record
     WHERE {key} = :value AND resource IN :resources
       AND (resource > :resource OR (resource = :resource AND seq > :seq))
     ORDER BY resource, seq LIMIT :limit
"""
_PAGES = {
    'md5sum': Statement(_PAGE.format(key='md5sum'), lists=['resources']),
    'data_hash': Statement(_PAGE.format(key='data_hash'), lists=['resources']),
}
_COUNTS = Statement("""
    SELECT resource, software, version, count(*) FROM record
     WHERE md5sum = :value GROUP BY resource, software, version ORDER BY 1, 2, 3
""")
_DATA_HASHES = Statement("""
    SELECT DISTINCT data_hash FROM record
     WHERE md5sum = :value AND data_hash IS NOT NULL ORDER BY 1 LIMIT :limit
""")
_MD5SUMS = Statement("""
    SELECT DISTINCT md5sum FROM record
     WHERE data_hash = :value AND md5sum IS NOT NULL ORDER BY 1 LIMIT :limit
""")


class ScanRecord(NamedTuple):
    """A record of an image."""

    seq: int
    resource: str
    md5sum: str | None
    doc: str  # JSON, pure ASCII


class VersionCount(NamedTuple):
    """How many records of an image one software version made."""

    resource: str
    software: str
    version: str
    n: int


def records_of(
    tx: Connection,
    *,
    key: Key,
    value: str,
    resources: Sequence[str],
    after: tuple[str, int] = ('', 0),
    limit: int,
) -> list[ScanRecord]:
    """Give records of an image by resource and in order of insertion, after a place in that."""
    rows = _PAGES[key](
        tx,
        value=index_key(value),
        resources=list(resources),
        resource=after[0],
        seq=after[1],
        limit=limit,
    )
    return [ScanRecord._make(row) for row in rows]


def count_versions(tx: Connection, *, md5sum: str) -> list[VersionCount]:
    """Count the records of an image by what made them, ratings included; none if unknown."""
    return [VersionCount._make(row) for row in _COUNTS(tx, value=index_key(md5sum))]


def data_hashes(tx: Connection, *, md5sum: str, limit: int) -> list[str]:
    """List the voxel hashes that the records of an image state."""
    return [row[0] for row in _DATA_HASHES(tx, value=index_key(md5sum), limit=limit)]


def md5sums(tx: Connection, *, data_hash: str, limit: int) -> list[str]:
    """List the files that hold the same voxels, as far as their records state it."""
    return [row[0] for row in _MD5SUMS(tx, value=index_key(data_hash), limit=limit)]
