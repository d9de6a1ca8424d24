"""After a withdrawal: making a database let go of the bytes, as far as it can.

SQLite overwrites what is deleted with zeros (``secure_delete``), but its write-ahead log still
holds the pages as they were; so the log is brought into the file and cut off. PostgreSQL frees
dead rows by VACUUM; their bytes are overwritten as the place is used again, and stay in its
write-ahead log and backups for as long as those are kept.
"""

from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.statement import Statement

_NEWEST = Statement('SELECT seq, withdrawn_at FROM tombstone ORDER BY seq DESC LIMIT 1')
_CUT = Statement('PRAGMA wal_checkpoint(TRUNCATE)')
_VACUUM = 'VACUUM (SKIP_LOCKED) record, private, amendment, drift'


def newest_withdrawal(store: Store) -> tuple[int, int]:
    """Give the number and the time (s since 1970, UTC) of the last withdrawal; zeros if none."""
    with store.read() as tx:
        rows = _NEWEST(tx)
    return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)


def erase(store: Store) -> bool:
    """Let go of what was withdrawn; False if somebody is reading, so that it must be tried again.

    Raises
    ------
    StoreUnavailableError
        The database cannot be used just now.
    """
    with store.read() as tx:
        if store.is_local:
            is_busy, *_ = _CUT(tx)[0]
            return not is_busy
        tx.exec_driver_sql(_VACUUM)
    return True
