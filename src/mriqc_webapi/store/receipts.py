"""Receipts: who holds one may correct, or take back, the record that it was given for.

A receipt is made of the record's id and a secret of this store, so that nothing about it is kept
and the same record always has the same one. That of a rating holds for all its corrections.
"""

import hmac
import time
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Self

from sqlalchemy import Connection

from mriqc_webapi.errors import NoReceiptError, NotFoundError, ReceiptError
from mriqc_webapi.store import amendments
from mriqc_webapi.store.record import Sender
from mriqc_webapi.store.records import is_id
from mriqc_webapi.store.statement import Statement

PREFIX = 'mrq_'
FETCHED_WITHIN_S = 86_400  # by the token that posted a record, which the frozen API cannot tell
_DIGITS = 40  # of 4 bits

_SECRET = Statement('SELECT name, value FROM secret')
_FIND = Statement('SELECT seq FROM record WHERE id = :id')
_SENDER = Statement("""
    SELECT token, network, last_seq FROM sender
     WHERE first_seq <= :seq ORDER BY first_seq DESC LIMIT 1
""")
_MINUTE = Statement('SELECT minute FROM clock WHERE seq <= :seq ORDER BY minute DESC LIMIT 1')


@dataclass(frozen=True, slots=True)
class Secrets:
    """What this store makes receipts and pseudonyms with."""

    receipt: str = field(repr=False)
    pseudonym: str = field(repr=False)
    network: str = field(repr=False)

    @classmethod
    def read(cls, tx: Connection) -> Self:
        """Read them; they never change."""
        known = dict(map(tuple, _SECRET(tx)))
        return cls(*(known[name] for name in ('receipt', 'pseudonym', 'network')))

    def receipt_for(self, first_id: str) -> str:
        """Make the receipt of a record, which is no correction."""
        return PREFIX + _keyed(self.receipt, first_id)[:_DIGITS]

    def hash_network(self, network: str) -> str:
        """Hash where a request came from, so that the store knows it again and nobody reads it."""
        return _keyed(self.network, network)[:16]


@lru_cache(maxsize=4096)
def _keyed(secret: str, text: str) -> str:
    return hmac.new(bytes.fromhex(secret), text.encode(), sha256).hexdigest()


def issue(tx: Connection, secrets: Secrets, *, record_id: str) -> str:
    """Make the receipt of a record, or of the rating that it corrects.

    Raises
    ------
    NotFoundError
        There is no such record.
    """
    _require(tx, record_id)
    return secrets.receipt_for(amendments.first_of(tx, record_id=record_id))


def require_own(secrets: Secrets, *, record_id: str, receipt: str | None) -> None:
    """Do nothing if a receipt is that of a record which corrects nothing, standing or not.

    Raises
    ------
    ReceiptError
        No receipt, or another record's.
    """
    expected = secrets.receipt_for(record_id)
    if not receipt or not receipt.isascii() or not hmac.compare_digest(receipt, expected):
        raise ReceiptError(f'this is not the receipt that {record_id[:64]!r} was answered with')


def verify(tx: Connection, secrets: Secrets, *, record_id: str, receipt: str | None) -> None:
    """Do nothing if a receipt is that of a record, or of the rating that it corrects.

    Raises
    ------
    NotFoundError
        There is no such record.
    ReceiptError
        No receipt, or another record's.
    """
    expected = issue(tx, secrets, record_id=record_id)
    if not receipt or not receipt.isascii() or not hmac.compare_digest(receipt, expected):
        raise ReceiptError('this takes the receipt that the record was answered with')


def fetch(
    tx: Connection, secrets: Secrets, *, record_id: str, sender: Sender, now: int | None = None
) -> str:
    """Give a receipt to who posted a record, within a day.

    Raises
    ------
    NotFoundError
        There is no such record.
    NoReceiptError
        It came in longer than a day ago, or by an import, or before there were receipts.
    ReceiptError
        Another token posted it, or the same from another network.
    """
    seq = _require(tx, record_id)
    rows = _SENDER(tx, seq=seq)
    if not rows or rows[0][2] < seq:
        raise NoReceiptError(
            f'{record_id} has no receipt: it was imported, or is older than receipts are'
        )
    now = int(time.time()) if now is None else now
    if now - 60 * _MINUTE(tx, seq=seq)[0][0] > FETCHED_WITHIN_S + 60:
        raise NoReceiptError(f'the receipt of {record_id} could be fetched for a day only')
    if rows[0][0] != sender.token:
        raise ReceiptError('another token posted this record')
    if rows[0][1] != sender.network:
        raise ReceiptError('this record was posted from another network: fetch its receipt there')
    return issue(tx, secrets, record_id=record_id)


def sender_at(tx: Connection, *, seq: int) -> Sender | None:
    """Say who sent the record of a number; None for imports, corrections and old records."""
    rows = _SENDER(tx, seq=seq)
    return Sender(rows[0][0], rows[0][1]) if rows and seq <= rows[0][2] else None


def _require(tx: Connection, record_id: str) -> int:
    """Give the number of a record; what is no id is not found either."""
    found = _FIND(tx, id=record_id) if is_id(record_id) else ()
    if not found:
        raise NotFoundError(f'there is no record {record_id[:64]!r}')
    return int(found[0][0])
