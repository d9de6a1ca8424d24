"""Holding records back: they leave every answer and every copy, and can be released unchanged.

To copies and mirrors a held record is one that was withdrawn, and a released one is new: it has a
new place in the order of commits, and is otherwise what it was.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store import numbers
from mriqc_webapi.store.receipts import sender_at
from mriqc_webapi.store.statement import Statement

HELD: Final = 'held'  # rule of the tombstones

_COLUMNS = 'id, resource, created_at, md5sum, data_hash, software, version, etag, doc'
_FIND = Statement("""
    SELECT r.seq, r.ordinal, r.resource, p.key_hash
      FROM record AS r LEFT JOIN private AS p ON p.record_id = r.id WHERE r.id = :id
""")
_HOLD = Statement(f"""
    INSERT INTO held ({_COLUMNS}, token, network, held_at)
    SELECT {_COLUMNS}, :token, :network, :now FROM record WHERE id = :id
""")  # noqa: S608 - our own names
_DELETE_RECORD = Statement('DELETE FROM record WHERE id = :id')
_BURY = Statement("""
    INSERT INTO tombstone (seq, id, resource, ordinal, withdrawn_at, rule, record_seq, key_hash)
    VALUES (:seq, :id, :resource, :ordinal, :now, :rule, :record_seq, :key_hash)
""")
_FIND_HELD = Statement('SELECT resource, token, network FROM held WHERE id = :id')
_RELEASE = Statement(f"""
    INSERT INTO record (seq, ordinal, {_COLUMNS})
    SELECT :seq, :ordinal, {_COLUMNS} FROM held WHERE id = :id
""")  # noqa: S608 - our own names
_DELETE_HELD = Statement('DELETE FROM held WHERE id = :id')
_SENT = Statement("""
    INSERT INTO sender (first_seq, last_seq, token, network) VALUES (:seq, :seq, :token, :network)
""")
_BY_TOKEN = Statement("""
    SELECT r.id FROM sender AS s JOIN record AS r ON r.seq BETWEEN s.first_seq AND s.last_seq
     WHERE s.token = :token AND (:network = '' OR s.network = :network) ORDER BY r.seq
""")
_HELD_BY_TOKEN = Statement("""
    SELECT id FROM held
     WHERE token = :token AND (:network = '' OR network = :network) ORDER BY id
""")
_BY_EMAIL = Statement("""
    SELECT r.id FROM private AS p JOIN record AS r ON r.id = p.record_id
     WHERE lower(p.content) LIKE :pattern ESCAPE '!' ORDER BY r.seq
""")
_HELD_BY_EMAIL = Statement("""
    SELECT h.id FROM private AS p JOIN held AS h ON h.id = p.record_id
     WHERE lower(p.content) LIKE :pattern ESCAPE '!' ORDER BY h.id
""")
_SEQ = Statement('SELECT seq FROM record WHERE id = :id')
_LIST = Statement('SELECT id, resource, token, held_at FROM held ORDER BY held_at, id')


class HeldRecord(NamedTuple):
    """A record that is kept back."""

    id: str
    resource: str
    token: str | None  # name of the one it came by
    held_at: int  # seconds since 1970 (UTC)


def hold(tx: Connection, ids: Sequence[str], *, now: int) -> None:
    """Keep records back.

    Raises
    ------
    NotFoundError
        One of them does not stand.
    """
    numbers.lock(tx)
    for id_ in ids:
        rows = _FIND(tx, id=id_)
        if not rows:
            raise NotFoundError(f'there is no record {id_}')
        record_seq, ordinal, resource, key_hash = rows[0]
        sender = sender_at(tx, seq=record_seq)
        token, network = sender or (None, None)
        given = numbers.take(tx, {numbers.SEQ: 1, numbers.withdrawn_of(resource): 1})
        _HOLD(tx, id=id_, token=token, network=network, now=now)
        _DELETE_RECORD(tx, id=id_)
        _BURY(
            tx,
            seq=given[numbers.SEQ],
            id=id_,
            resource=resource,
            ordinal=ordinal,
            now=now,
            rule=HELD,
            record_seq=record_seq,
            key_hash=key_hash,
        )


def release(tx: Connection, ids: Sequence[str]) -> None:
    """Let held records stand again.

    Raises
    ------
    NotFoundError
        One of them is not held.
    """
    numbers.lock(tx)
    for id_ in ids:
        rows = _FIND_HELD(tx, id=id_)
        if not rows:
            raise NotFoundError(f'no record {id_} is held')
        resource, token, network = rows[0]
        ordinal = numbers.ordinal_of(resource)
        given = numbers.take(tx, {numbers.SEQ: 1, ordinal: 1})
        _RELEASE(tx, id=id_, seq=given[numbers.SEQ], ordinal=given[ordinal])
        _DELETE_HELD(tx, id=id_)
        if token is not None:
            _SENT(tx, seq=given[numbers.SEQ], token=token, network=network)


def ids_of_token(tx: Connection, *, token: str, network: str = '', held: bool) -> list[str]:
    """Name the standing or held records that came by a token, from one network or all."""
    ask = _HELD_BY_TOKEN if held else _BY_TOKEN
    return [row[0] for row in ask(tx, token=token, network=network)]


def ids_like(tx: Connection, *, record_id: str, held: bool) -> list[str]:
    """Name the standing or held records of whoever sent one record.

    Raises
    ------
    NotFoundError
        There is no such record, or nobody knows who sent it.
    """
    kept = _FIND_HELD(tx, id=record_id)
    if kept:
        token, network = kept[0][1], kept[0][2]
    else:
        rows = _SEQ(tx, id=record_id)
        sender = sender_at(tx, seq=rows[0][0]) if rows else None
        token, network = sender or (None, None)
    if token is None:
        raise NotFoundError(f'nobody knows who sent {record_id}')
    return ids_of_token(tx, token=token, network=network, held=held)


def ids_of_email(tx: Connection, *, email: str, held: bool) -> list[str]:
    """Name the standing or held records that came with an address; reads all private parts."""
    quoted = email.lower()
    for sign in '!%_':
        quoted = quoted.replace(sign, f'!{sign}')
    ask = _HELD_BY_EMAIL if held else _BY_EMAIL
    return [row[0] for row in ask(tx, pattern=f'%"{quoted}"%')]


def held_records(tx: Connection) -> list[HeldRecord]:
    """List what is held, oldest first."""
    return [HeldRecord._make(row) for row in _LIST(tx)]
