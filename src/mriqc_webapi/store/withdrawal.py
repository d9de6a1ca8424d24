"""Taking a record back: its document and private part go, a tombstone stays."""

from typing import Final

import orjson
from sqlalchemy import Connection

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store import numbers
from mriqc_webapi.store.drift_erasing import forget_record
from mriqc_webapi.store.records import is_id
from mriqc_webapi.store.statement import Statement

BY_HOLDER: Final = 'holder'  # rule: by its receipt, within twelve months
BY_OPERATOR: Final = 'operator'  # rule: by whoever runs the archive

_FIND = Statement("""
    SELECT r.resource, r.ordinal, r.seq, r.software, r.version, r.doc, p.key_hash
      FROM record AS r LEFT JOIN private AS p ON p.record_id = r.id
     WHERE r.id = :id
""")
_FIND_HELD = Statement('SELECT resource FROM held WHERE id = :id')
_DELETE_HELD = Statement('DELETE FROM held WHERE id = :id')
_RENAME_RULE = Statement("""
    UPDATE tombstone SET rule = :rule, withdrawn_at = :now
     WHERE seq = (SELECT max(seq) FROM tombstone WHERE id = :id)
 RETURNING seq
""")
_DELETE_RECORD = Statement('DELETE FROM record WHERE id = :id')
_DELETE_PRIVATE = Statement('DELETE FROM private WHERE record_id = :id')
_DELETE_AMENDMENT = Statement('DELETE FROM amendment WHERE record_id = :id')
_FIND_TOMBSTONE = Statement("""
    SELECT withdrawn_at FROM tombstone
     WHERE id = :id AND resource = :resource AND rule <> 'held' ORDER BY seq DESC LIMIT 1
""")  # what is held back may come again
_INSERT = Statement("""
    INSERT INTO tombstone (seq, id, resource, ordinal, withdrawn_at, rule, record_seq, key_hash)
    VALUES (:seq, :id, :resource, :ordinal, :now, :rule, :record_seq, :key_hash)
""")


def withdraw(tx: Connection, *, id: str, rule: str, now: int) -> int:
    """Erase a record and leave a tombstone, so that every copy hears of it.

    Of its idempotency key the hash stays: a retry that comes late must not bring it back.

    Returns
    -------
    int
        The tombstone's ``seq``.

    Raises
    ------
    NotFoundError
        No standing or held record has that id.
    """
    numbers.lock(tx)
    rows = _FIND(tx, id=id)
    if not rows:
        return _withdraw_held(tx, id=id, rule=rule, now=now)
    resource, ordinal, record_seq, software, version, doc, key_hash = rows[0]
    given = numbers.take(tx, {numbers.SEQ: 1, numbers.withdrawn_of(resource): 1})
    seq = given[numbers.SEQ]
    _DELETE_RECORD(tx, id=id)
    _DELETE_PRIVATE(tx, id=id)
    _DELETE_AMENDMENT(tx, id=id)
    document = orjson.loads(doc)
    forget_record(tx, resource=resource, software=software, version=version, document=document)
    _INSERT(
        tx,
        seq=seq,
        id=id,
        resource=resource,
        ordinal=ordinal,
        now=now,
        rule=rule,
        record_seq=record_seq,
        key_hash=key_hash,
    )
    return seq


def withdrawn_at(tx: Connection, *, resource: str, id: str) -> int | None:
    """Tell when a record was last taken out, in seconds since 1970 (UTC); None if it never was."""
    rows = _FIND_TOMBSTONE(tx, id=id, resource=resource) if is_id(id) else ()
    return int(rows[0][0]) if rows else None


def _withdraw_held(tx: Connection, *, id: str, rule: str, now: int) -> int:
    """Erase a record that is kept back; copies have heard that it is gone."""
    if not _FIND_HELD(tx, id=id):
        raise NotFoundError(f'there is no record {id}')
    _DELETE_HELD(tx, id=id)
    _DELETE_PRIVATE(tx, id=id)
    _DELETE_AMENDMENT(tx, id=id)
    return int(_RENAME_RULE(tx, id=id, rule=rule, now=now)[0][0])
