"""Storing a batch: numbers, conflicts, and all rows of it in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.errors import (
    ChangedSubmissionError,
    ConflictError,
    DuplicateIdError,
    WithdrawnError,
)
from mriqc_webapi.store import drift, numbers
from mriqc_webapi.store.bulk import insert_rows
from mriqc_webapi.store.record import Record, ascii_json
from mriqc_webapi.store.statement import Statement

_RECORD_COLUMNS = (
    'seq, id, resource, ordinal, created_at, md5sum, data_hash, software, version, etag, doc'
)
_PRIVATE_COLUMNS = 'record_id, content, key_hash, digest'
_SENDER_COLUMNS = 'first_seq, last_seq, token, network'

_KNOWN_IDS = Statement(
    """
    SELECT id, 0 FROM record WHERE id IN :ids
     UNION ALL
    SELECT id, 1 FROM tombstone WHERE id IN :ids
    """,
    lists=['ids'],
)
_KNOWN_KEYS = Statement(
    """
    SELECT p.key_hash, p.digest, r.id, r.etag, r.created_at, r.seq
      FROM private AS p JOIN record AS r ON r.id = p.record_id
     WHERE p.key_hash IN :keys
    """,
    lists=['keys'],
)
_WITHDRAWN_KEYS = Statement(
    'SELECT key_hash FROM tombstone WHERE key_hash IN :keys', lists=['keys']
)


class Outcome(NamedTuple):
    """What became of one record."""

    id: str
    etag: str
    created_at: int  # seconds since 1970 (UTC)
    seq: int | None = None  # None: refused
    is_replay: bool = False  # the key came before with the same document; this is that record
    refusal: ConflictError | None = None


# Decided before numbers are taken: a place among the accepted records, or what is known already.
_Decision = int | Outcome


@dataclass(frozen=True, slots=True)
class Group:
    """Records that came together; if one is refused, then all may be."""

    records: Sequence[Record]
    all_or_nothing: bool = False


def insert_batch(tx: Connection, records: Sequence[Record]) -> list[Outcome]:
    """Store records; a conflict of one does not touch the others."""
    return insert_groups(tx, [Group(records)], ledger=drift.Ledger())[0]


def insert_groups(
    tx: Connection, groups: Sequence[Group], *, ledger: drift.Ledger
) -> list[list[Outcome]]:
    """Store groups of records within the transaction at hand, in the order given.

    Each record takes the next ``seq`` and the next ordinal of its resource; both are dense, and
    other writers wait until this transaction ends.
    """
    numbers.lock(tx)
    plan = _Plan(tx, groups)
    decisions = [plan.decide(group) for group in groups]
    first = _store(tx, plan.accepted) if plan.accepted else 0
    ledger.add(tx, plan.accepted)
    return [
        [
            _outcome(decision, record, plan.accepted, first)
            for decision, record in zip(found, group.records, strict=True)
        ]
        for found, group in zip(decisions, groups, strict=True)
    ]


class _Plan:
    """Which records of a batch are new, as far as the database and the batch itself tell."""

    def __init__(self, tx: Connection, groups: Sequence[Group]) -> None:
        records = [record for group in groups for record in group.records]
        ids = [record.id for record in records if record.has_given_id]
        keys = list({record.key_hash for record in records if record.key_hash})
        self.accepted: list[Record] = []
        known = _KNOWN_IDS(tx, ids=ids) if ids else ()
        self._ids = {id_ for id_, is_withdrawn in known if not is_withdrawn}
        self._withdrawn_ids = {id_ for id_, is_withdrawn in known if is_withdrawn}
        withdrawn = _WITHDRAWN_KEYS(tx, keys=keys) if keys else ()
        self._withdrawn_keys = {row[0] for row in withdrawn}
        self._keys: dict[str, tuple[str | None, _Decision]] = {}
        for key, digest, id_, etag, created_at, seq in _KNOWN_KEYS(tx, keys=keys) if keys else ():
            self._keys[key] = digest, Outcome(id_, etag, created_at, seq, is_replay=True)

    def decide(self, group: Group) -> list[_Decision]:
        n_accepted = len(self.accepted)
        decisions = [self._decide_one(record) for record in group.records]
        if not group.all_or_nothing:
            return decisions
        refusal = next(
            (d.refusal for d in decisions if isinstance(d, Outcome) and d.refusal), None
        )
        if refusal is None:
            return decisions
        self._forget(n_accepted)
        return [_refused(record, refusal) for record in group.records]

    def _decide_one(self, record: Record) -> _Decision:
        if record.key_hash in self._keys:
            digest, earlier = self._keys[record.key_hash]
            if digest == record.digest:
                return earlier
            message = 'this idempotency key came before, with another document'
            return _refused(record, ChangedSubmissionError(message))
        if record.id in self._ids:
            message = f'a record with the id {record.id} is there already'
            return _refused(record, DuplicateIdError(message))
        if record.key_hash in self._withdrawn_keys or record.id in self._withdrawn_ids:
            message = 'this record was withdrawn: send it as a new one if it is to come back'
            return _refused(record, WithdrawnError(message))
        return self._accept(record)

    def _accept(self, record: Record) -> int:
        place = len(self.accepted)
        self.accepted.append(record)
        self._ids.add(record.id)
        if record.key_hash:
            self._keys[record.key_hash] = record.digest, place
        return place

    def _forget(self, n_accepted: int) -> None:
        for record in self.accepted[n_accepted:]:
            self._ids.discard(record.id)
            if record.key_hash:
                del self._keys[record.key_hash]
        del self.accepted[n_accepted:]


def _refused(record: Record, refusal: ConflictError) -> Outcome:
    return Outcome(record.id, record.etag, record.created_at, refusal=refusal)


def _store(tx: Connection, records: Sequence[Record]) -> int:
    """Number the records and insert them; gives the first number."""
    wanted = Counter(numbers.ordinal_of(record.resource) for record in records)
    given = numbers.take(tx, {numbers.SEQ: len(records), **wanted})
    rows = []
    for i, record in enumerate(records):
        counter = numbers.ordinal_of(record.resource)
        rows.append(_row(record, seq=given[numbers.SEQ] + i, ordinal=given[counter]))
        given[counter] += 1
    insert_rows(tx, rows, table='record', columns=_RECORD_COLUMNS)
    private = [_private_row(record) for record in records if record.private or record.key_hash]
    insert_rows(tx, private, table='private', columns=_PRIVATE_COLUMNS)
    insert_rows(tx, _sender_rows(records, rows), table='sender', columns=_SENDER_COLUMNS)
    corrections = [(record.id, record.amends) for record in records if record.amends]
    insert_rows(tx, corrections, table='amendment', columns='record_id, first_id')
    return given[numbers.SEQ]


def _row(record: Record, *, seq: int, ordinal: int) -> tuple[int | str | None, ...]:
    return (
        seq,
        record.id,
        record.resource,
        ordinal,
        record.created_at,
        record.md5sum,
        record.data_hash,
        record.software,
        record.version,
        record.etag,
        record.doc,
    )


def _private_row(record: Record) -> tuple[str | None, ...]:
    return record.id, ascii_json(record.private), record.key_hash, record.digest


def _sender_rows(
    records: Sequence[Record], rows: Sequence[tuple[int | str | None, ...]]
) -> list[tuple[int | str | None, ...]]:
    """Say once who sent records that follow one another."""
    found = []
    numbered = zip(records, rows, strict=True)
    for sender, group in groupby(numbered, key=lambda pair: pair[0].sender):
        if sender is not None:
            seqs = [row[0] for _, row in group]
            found.append((seqs[0], seqs[-1], *sender))
    return found


def _outcome(
    decision: _Decision, record: Record, accepted: Sequence[Record], first: int
) -> Outcome:
    if isinstance(decision, Outcome):
        return decision
    stored = accepted[decision]
    is_replay = stored is not record
    return Outcome(stored.id, stored.etag, stored.created_at, first + decision, is_replay)
