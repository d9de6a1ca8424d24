"""Which records of an earlier state of the archive have been withdrawn since."""

from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.store.statement import Statement

_SINCE = Statement("""
    SELECT resource, id, withdrawn_at FROM tombstone
     WHERE seq > :version AND record_seq <= :version AND rule <> 'held' ORDER BY resource, seq
""")


class Gone(NamedTuple):
    """A record that was there, and is no more."""

    resource: str
    id: str
    withdrawn_at: int  # seconds since 1970 (UTC)


def withdrawn_since(tx: Connection, *, data_version: int) -> list[Gone]:
    """List the records that stood at a data version and were withdrawn later."""
    return [Gone._make(row) for row in _SINCE(tx, version=data_version)]
