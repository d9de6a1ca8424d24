"""The drift ledger: what deviated from the catalogue, summed up per software version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.store.bulk import upsert_rows
from mriqc_webapi.store.record import Record, column_text
from mriqc_webapi.store.statement import Statement
from mriqc_webapi.submissions.submission import Note

Order = Literal['frequent', 'newest']  # by number of uploads, or by the day first seen

MAX_FIELDS = 1_000  # per resource, software and version; what is beyond is summed up
REST = '…'
SECONDS_PER_DAY = 86_400

_MAX_CHARS = {'field': 200, 'term': 50, 'example': 200}
_MAX_GROUPS = 1_000  # remembered by one ledger

_COLUMNS = (
    'resource, field, kind, expected, got, software, version, n, first_day, last_day, example'
)
_CONFLICT = """
    ON CONFLICT (resource, field, kind, expected, got, software, version) DO UPDATE
    SET n = drift.n + excluded.n,
        first_day = CASE WHEN excluded.first_day < drift.first_day
                         THEN excluded.first_day ELSE drift.first_day END,
        last_day = CASE WHEN excluded.last_day > drift.last_day
                        THEN excluded.last_day ELSE drift.last_day END,
        example = CASE WHEN drift.example = '' THEN excluded.example ELSE drift.example END
"""
_FIELDS = Statement("""
    SELECT DISTINCT field FROM drift
     WHERE resource = :resource AND software = :software AND version = :version
""")
_WHICH = """
     WHERE (:resource = '' OR resource = :resource)
       AND (:software = '' OR software = :software) AND (:version = '' OR version = :version)
"""
_TIES = 'resource, software, version, field, kind, expected, got'
_LEDGERS = {
    order: Statement(f'SELECT {_COLUMNS} FROM drift {_WHICH} ORDER BY {sql}, {_TIES} LIMIT :limit')  # noqa: S608 - our own names
    for order, sql in {'frequent': 'n DESC', 'newest': 'first_day DESC, n DESC'}.items()
}
_TOTAL = Statement(f'SELECT count(*) FROM drift {_WHICH}')  # noqa: S608 - our own names

_OF_VERSION = 'WHERE resource = :resource AND software = :software AND version = :version'
_FORGET_FIELDS = Statement(
    f"DELETE FROM drift {_OF_VERSION} AND kind = 'unknown' AND n = 1 AND field IN :fields",  # noqa: S608 - our own names
    lists=['fields'],
)
_FORGET_EXAMPLES = Statement(
    f"UPDATE drift SET example = '' {_OF_VERSION} AND (field IN :fields OR field = :rest)",  # noqa: S608 - our own names
    lists=['fields'],
)


class DriftRow(NamedTuple):
    """One kind of deviation of one field under one software version."""

    resource: str
    field: str
    kind: str
    expected: str
    got: str
    software: str
    version: str
    n: int
    first_day: int  # days since 1970 (UTC)
    last_day: int  # the same
    example: str  # the first value seen, as short JSON text


_Group = tuple[str, str, str]  # resource, software, version
_Key = tuple[str, str, str, str, str, str, str]  # the first seven of DriftRow


class Ledger:
    """Adds notes to the table and remembers which fields are there.

    The memory may lag behind other processes, never the other way round: a field that is not
    remembered is looked up before it counts as new.
    """

    def __init__(self) -> None:
        self._fields: dict[_Group, set[str]] = {}
        self._looked_up: set[_Group] = set()  # within the transaction at hand

    def add(self, tx: Connection, records: Sequence[Record]) -> None:
        """Sum up the notes of some records and add them; call `forget` if that is undone."""
        sums: dict[_Key, _Sum] = {}
        for record in records:
            for note in record.notes:
                _count(sums, record, note)
        self._looked_up.clear()
        rows: dict[_Key, DriftRow] = {}
        for key, found in sums.items():
            row = self._row(tx, key, found)
            rows[row[:7]] = row if row[:7] not in rows else _merge(rows[row[:7]], row)
        upsert_rows(tx, list(rows.values()), table='drift', columns=_COLUMNS, conflict=_CONFLICT)

    def forget(self) -> None:
        """Forget what is remembered: the transaction that wrote it was undone."""
        self._fields.clear()

    def _row(self, tx: Connection, key: _Key, found: '_Sum') -> DriftRow:
        resource, name, kind, expected, got, software, version = key
        field = column_text(name, _MAX_CHARS['field'])
        return DriftRow(
            resource=resource,
            field=field if self._has_room(tx, (resource, software, version), field) else REST,
            kind=kind,
            expected=column_text(expected, _MAX_CHARS['term']),
            got=column_text(got, _MAX_CHARS['term']),
            software=software,
            version=version,
            n=found.n,
            first_day=found.first_at // SECONDS_PER_DAY,
            last_day=found.last_at // SECONDS_PER_DAY,
            example=column_text(found.example, _MAX_CHARS['example']),
        )

    def _has_room(self, tx: Connection, group: _Group, field: str) -> bool:
        fields = self._fields.get(group, set())
        if field not in fields and group not in self._looked_up:
            fields = self._look_up(tx, group)
        if field not in fields and len(fields - {REST}) < MAX_FIELDS:
            fields.add(field)
        return field in fields

    def _look_up(self, tx: Connection, group: _Group) -> set[str]:
        if len(self._fields) >= _MAX_GROUPS:
            self._fields.clear()
        resource, software, version = group
        rows = _FIELDS(tx, resource=resource, software=software, version=version)
        self._fields[group] = {row[0] for row in rows}
        self._looked_up.add(group)
        return self._fields[group]


def read_ledger(
    tx: Connection,
    *,
    resource: str = '',
    software: str = '',
    version: str = '',
    order: Order = 'frequent',
    limit: int = 1_000,
) -> list[DriftRow]:
    """Give the ledger, or what of it concerns a resource, software or version."""
    which = {'resource': resource, 'software': software, 'version': version}
    return [DriftRow._make(row) for row in _LEDGERS[order](tx, **which, limit=limit)]


def count_ledger(
    tx: Connection, *, resource: str = '', software: str = '', version: str = ''
) -> int:
    """Count the rows that `read_ledger` would give without a limit."""
    rows = _TOTAL(tx, resource=resource, software=software, version=version)
    return int(rows[0][0])


@dataclass(slots=True)
class _Sum:
    n: int
    first_at: int
    last_at: int
    example: str


def _count(sums: dict[_Key, _Sum], record: Record, note: Note) -> None:
    terms = note.field, note.kind, note.expected, note.got
    key = record.resource, *terms, record.software, record.version
    found = sums.get(key)
    at = record.created_at
    if found is None:
        sums[key] = _Sum(1, at, at, note.example)
    else:
        found.n += 1
        found.first_at = min(found.first_at, at)
        found.last_at = max(found.last_at, at)


def _merge(row: DriftRow, more: DriftRow) -> DriftRow:
    return row._replace(
        n=row.n + more.n,
        first_day=min(row.first_day, more.first_day),
        last_day=max(row.last_day, more.last_day),
    )
