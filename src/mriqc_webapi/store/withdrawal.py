"""Taking a record back: its document and private part go, a tombstone stays."""

from sqlalchemy import Connection

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store import numbers
from mriqc_webapi.store.statement import Statement

_FIND = Statement('SELECT resource, ordinal FROM record WHERE id = :id')
_DELETE_RECORD = Statement('DELETE FROM record WHERE id = :id')
_DELETE_PRIVATE = Statement('DELETE FROM private WHERE record_id = :id')
_INSERT = Statement("""
    INSERT INTO tombstone (seq, id, resource, ordinal, withdrawn_at, rule)
    VALUES (:seq, :id, :resource, :ordinal, :now, :rule)
""")


def withdraw(tx: Connection, *, id: str, rule: str, now: int) -> int:
    """Erase a record and leave a tombstone, so that every copy hears of it.

    Returns
    -------
    int
        The tombstone's ``seq``.

    Raises
    ------
    NotFoundError
        No standing record has that id.
    """
    numbers.lock(tx)
    rows = _FIND(tx, id=id)
    if not rows:
        raise NotFoundError(f'there is no record {id}')
    resource, ordinal = rows[0]
    given = numbers.take(tx, {numbers.SEQ: 1, numbers.withdrawn_of(resource): 1})
    seq = given[numbers.SEQ]
    _DELETE_RECORD(tx, id=id)
    _DELETE_PRIVATE(tx, id=id)
    _INSERT(tx, seq=seq, id=id, resource=resource, ordinal=ordinal, now=now, rule=rule)
    return seq
