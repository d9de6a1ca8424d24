"""Brings a copy up to the store: what was stored is inserted, what was withdrawn deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import duckdb
import orjson
import pyarrow as pa

from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import quoted
from mriqc_webapi.archive.copy import Copy, transaction
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.records import Change

READ_ROWS: Final = 1_000  # laid out as columns at once; more would wear out the processor's cache
MAX_BATCH_ROWS: Final = 30_000  # in one transaction; few large ones write a row once, not twice


@dataclass
class _Batch:
    """Changes that enter the copy together."""

    inserted: dict[str, list[pa.Table]] = field(default_factory=dict)
    withdrawn: dict[str, list[Change]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # resource → last change
    n_rows: int = 0
    last: int = 0

    def add(self, changes: Sequence[Change], copy: Copy) -> None:
        """Take in changes; those of resources that the catalogue lacks only move the mark."""
        stored: dict[str, list[Change]] = {}
        for change in changes:
            if change.resource in copy.layouts:
                kind = self.withdrawn if change.doc is None else stored
                kind.setdefault(change.resource, []).append(change)
                self.changed[change.resource] = change.seq
        for name, rows in stored.items():
            table = arrow_table(copy.layouts[name], rows, copy.profiles[name])
            self.inserted.setdefault(name, []).append(table)
        self.n_rows += len(changes)
        self.last = changes[-1].seq


def follow(copy: Copy, store: Store, *, max_rows: int = MAX_BATCH_ROWS) -> int:
    """Copy the changes next to the mark in one transaction; return how many there were."""
    batch = _Batch(last=copy.mark)
    while batch.n_rows < max_rows:
        with store.read() as tx:
            changes = records.changes(tx, after=batch.last, limit=min(READ_ROWS, max_rows))
        if not changes:
            break
        batch.add(changes, copy)
    if batch.n_rows:
        _write(batch, copy)
    return batch.n_rows


def _write(batch: _Batch, copy: Copy) -> None:
    with transaction(copy.writer) as tx:
        for name, tables in batch.inserted.items():
            rows = pa.concat_tables(tables)
            _with_table(tx, rows, f'INSERT INTO {copy.layouts[name].table} BY NAME FROM given')
        # after the inserts: a record may have been withdrawn between two reads of this batch
        for name, changes in batch.withdrawn.items():
            _delete(tx, copy.layouts[name].table, changes)
        for name, seq in batch.changed.items():
            tx.execute('UPDATE state.changed SET seq = ? WHERE resource = ?', [seq, name])
        _save_profiles(tx, copy)
        tx.execute('UPDATE state.mark SET seq = ?', [batch.last])
    for profile in copy.profiles.values():
        profile.unsaved.clear()
    copy.mark = batch.last


def _delete(tx: duckdb.DuckDBPyConnection, table: str, withdrawn: Sequence[Change]) -> None:
    gone = pa.table({'id': [c.id for c in withdrawn], 'seq': [c.seq for c in withdrawn]})
    row_id, row_seq = f'{table}.{quoted("_id")}', f'{table}.seq'
    same = f'{row_id} = given.id AND {row_seq} < given.seq'
    _with_table(tx, gone, f'DELETE FROM {table} USING given WHERE {same}')  # noqa: S608 - quoted


def _save_profiles(tx: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    new = [
        {'resource': name, 'path': orjson.dumps(path).decode(), 'kind': kind}
        for name, profile in copy.profiles.items()
        for path, kind in profile.unsaved
    ]
    if new:
        _with_table(
            tx, pa.Table.from_pylist(new), 'INSERT INTO state.residual_path BY NAME FROM given'
        )


def _with_table(tx: duckdb.DuckDBPyConnection, rows: pa.Table, sql: str) -> None:
    tx.register('given', rows)
    try:
        tx.execute(sql)
    finally:
        tx.unregister('given')
