"""What the holder of a receipt may do with a record: look it up, change its contact, withdraw."""

from typing import Final, Literal, NamedTuple

import orjson
from sqlalchemy import Connection

from mriqc_webapi.errors import NotFoundError, StayingError, WithdrawnError
from mriqc_webapi.store import numbers, receipts, withdrawal
from mriqc_webapi.store.agreement import find_obstacle, withdrawable_until
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.store.record import ascii_json
from mriqc_webapi.store.records import is_id
from mriqc_webapi.store.statement import Statement

CONTACT: Final = 'contact'  # in the private part: no path of a document is called so

State = Literal['standing', 'held', 'withdrawn']

_FIND = Statement("""
    SELECT 'standing', seq, resource, created_at, md5sum FROM record WHERE id = :id
     UNION ALL
    SELECT 'held', 0, resource, created_at, md5sum FROM held WHERE id = :id
""")
_TOMBSTONE = Statement("""
    SELECT resource, withdrawn_at, rule FROM tombstone WHERE id = :id ORDER BY seq DESC LIMIT 1
""")
_PRIVATE = Statement('SELECT content FROM private WHERE record_id = :id')
_SET_PRIVATE = Statement("""
    INSERT INTO private (record_id, content) VALUES (:id, :content)
    ON CONFLICT (record_id) DO UPDATE SET content = excluded.content
""")


class Held(NamedTuple):
    """A record, as the holder of its receipt sees it."""

    id: str
    resource: str
    state: State
    created_at: int | None = None  # seconds since 1970 (UTC), as all times here
    withdrawable_until: int | None = None
    obstacle: StayingError | None = None  # why it cannot be withdrawn
    withdrawn_at: int | None = None
    rule: str | None = None  # under which it was withdrawn


def look_up(
    tx: Connection, secrets: Secrets, *, record_id: str, receipt: str | None, now: int
) -> Held:
    """Tell the holder of a receipt what has become of a record.

    Raises
    ------
    NotFoundError
        There has never been such a record.
    ReceiptError
        The receipt is not that record's.
    """
    rows = _FIND(tx, id=record_id) if is_id(record_id) else ()
    if not rows:
        return _withdrawn(tx, secrets, record_id=record_id, receipt=receipt)
    state, seq, resource, created_at, md5sum = rows[0]
    if state == 'held':
        receipts.require_own(secrets, record_id=record_id, receipt=receipt)
    else:
        receipts.verify(tx, secrets, record_id=record_id, receipt=receipt)
    obstacle = find_obstacle(
        tx, resource=resource, md5sum=md5sum, seq=seq, created_at=created_at, now=now
    )
    return Held(
        id=record_id,
        resource=resource,
        state=state,
        created_at=created_at,
        withdrawable_until=withdrawable_until(created_at),
        obstacle=obstacle,
    )


def withdraw(
    tx: Connection, secrets: Secrets, *, record_id: str, receipt: str | None, now: int
) -> tuple[Held, bool]:
    """Withdraw a record, if the agreement lets its holder; also say whether this did it.

    Raises
    ------
    NotFoundError, ReceiptError
        As `look_up` does.
    StayingError
        The agreement is against it; the class says which part.
    """
    numbers.lock(tx)  # first: no rating comes in between
    held = look_up(tx, secrets, record_id=record_id, receipt=receipt, now=now)
    if held.state == 'withdrawn':
        return held, False
    if held.obstacle is not None:
        raise held.obstacle
    withdrawal.withdraw(tx, id=record_id, rule=withdrawal.BY_HOLDER, now=now)
    return look_up(tx, secrets, record_id=record_id, receipt=receipt, now=now), True


def change_contact(
    tx: Connection,
    secrets: Secrets,
    *,
    record_id: str,
    receipt: str | None,
    email: str | None,
    now: int,
) -> Held:
    """Replace the address that belongs to a record, which is never published; None removes it.

    Raises
    ------
    NotFoundError, ReceiptError
        As `look_up` does.
    WithdrawnError
        Nothing of the record is left that an address could belong to.
    """
    numbers.lock(tx)
    held = look_up(tx, secrets, record_id=record_id, receipt=receipt, now=now)
    if held.state == 'withdrawn':
        raise WithdrawnError('the record was withdrawn, and its address with it')
    rows = _PRIVATE(tx, id=record_id)
    before = orjson.loads(rows[0][0]) if rows else {}
    content = {name: v for name, v in before.items() if not _is_contact(name, v)}
    if email is not None:
        content[CONTACT] = email
    _SET_PRIVATE(tx, id=record_id, content=ascii_json(content))
    return held


def _is_contact(path: str, value: object) -> bool:
    return path.rpartition('.')[2] in {CONTACT, 'email'} or '@' in str(value)


def _withdrawn(tx: Connection, secrets: Secrets, *, record_id: str, receipt: str | None) -> Held:
    rows = _TOMBSTONE(tx, id=record_id) if is_id(record_id) else ()
    if not rows:
        raise NotFoundError(f'there is no record {record_id[:64]!r}')
    receipts.require_own(secrets, record_id=record_id, receipt=receipt)
    resource, withdrawn_at, rule = rows[0]
    return Held(record_id, resource, 'withdrawn', withdrawn_at=withdrawn_at, rule=rule)
