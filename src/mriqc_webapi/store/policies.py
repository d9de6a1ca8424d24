"""Versions of the policy on duplicates that were frozen from this archive's own records."""

from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.errors import ConflictError
from mriqc_webapi.store import numbers
from mriqc_webapi.store.statement import Statement

FIRST_VERSION = 1  # comes with the software and is not stored

_LATEST = Statement("""
    SELECT version, seq, frozen_at, content FROM policy
     WHERE seq <= :until ORDER BY version DESC LIMIT 1
""")
_OF = Statement('SELECT version, seq, frozen_at, content FROM policy WHERE version = :version')
_INSERT = Statement("""
    INSERT INTO policy (version, seq, frozen_at, content)
    VALUES (:version, :seq, :frozen_at, :content)
""")
_EVER = 2**62


class StoredPolicy(NamedTuple):
    """One frozen version."""

    version: int
    seq: int  # number of the change that put it in force
    frozen_at: int  # seconds since 1970 (UTC)
    content: str  # JSON


def find(tx: Connection, *, seq: int | None = None) -> StoredPolicy | None:
    """Find the version in force at a change, by default now; None: the software's own."""
    rows = _LATEST(tx, until=_EVER if seq is None else seq)
    return StoredPolicy._make(rows[0]) if rows else None


def find_version(tx: Connection, version: int) -> StoredPolicy | None:
    """Find one version; None: there is none, or it is the software's own."""
    rows = _OF(tx, version=version)
    return StoredPolicy._make(rows[0]) if rows else None


def freeze(tx: Connection, *, version: int, content: str, now: int) -> int:
    """Put the next version in force; every copy hears of it as it hears of records.

    Returns
    -------
    int
        Number of the change.

    Raises
    ------
    ConflictError
        That version is not the next one: somebody else was faster.
    """
    numbers.lock(tx)
    known = find(tx)
    following = (known.version if known else FIRST_VERSION) + 1
    if version != following:
        raise ConflictError(f'the next version of the policy is {following}, not {version}')
    seq = numbers.take(tx, {numbers.SEQ: 1})[numbers.SEQ]
    _INSERT(tx, version=version, seq=seq, frozen_at=now, content=content)
    return seq
