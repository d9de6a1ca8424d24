"""Ratings and their corrections: each correction is a record that names the first of its chain."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mriqc_webapi.store.records import StoredDoc
from mriqc_webapi.store.statement import Statement

# not by seq alone: a record that was held back and released has a new one
_FIRST = Statement('SELECT first_id FROM amendment WHERE record_id = :id')
_CHAIN = Statement("""
    SELECT id, etag, created_at, doc FROM record
     WHERE resource = :resource
       AND (id = :first OR id IN (SELECT record_id FROM amendment WHERE first_id = :first))
     ORDER BY CASE WHEN id = :first THEN 0 ELSE 1 END, created_at, seq
""")
_CHAINS = Statement(
    """
    SELECT id, etag, created_at, doc FROM record
     WHERE resource = :resource
       AND (id IN :firsts OR id IN (SELECT record_id FROM amendment WHERE first_id IN :firsts))
     ORDER BY CASE WHEN id IN :firsts THEN 0 ELSE 1 END, created_at, seq
    """,
    lists=['firsts'],
)


def first_of(tx: Connection, *, record_id: str) -> str:
    """Name the first record of a chain; a rating that corrects nothing is its own first."""
    rows = _FIRST(tx, id=record_id)
    return str(rows[0][0]) if rows else record_id


def chain(tx: Connection, *, first_id: str, resource: str) -> list[StoredDoc]:
    """Give a rating and its corrections, oldest first; nothing if there is none."""
    return [StoredDoc._make(row) for row in _CHAIN(tx, first=first_id, resource=resource)]


def chains(tx: Connection, *, first_ids: Sequence[str], resource: str) -> list[StoredDoc]:
    """Give the ratings of several chains, oldest first."""
    return [StoredDoc._make(row) for row in _CHAINS(tx, firsts=list(first_ids), resource=resource)]
