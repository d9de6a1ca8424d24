"""Brings a copy up to the store: what was stored is inserted, what was withdrawn deleted.

The views are brought up to date in the same transaction, but for a copy that is far behind its
store: then once, when it has caught up, since to judge all scans is quicker than many in turn.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import duckdb
import orjson
import pyarrow as pa

from mriqc_webapi.archive.batches import arrow_table, metric_vectors
from mriqc_webapi.archive.columns import Layout, quoted
from mriqc_webapi.archive.copy import Copy, transaction
from mriqc_webapi.archive.groups import Floats
from mriqc_webapi.archive.policy import Policy, policy_at
from mriqc_webapi.archive.rated import judge_chains
from mriqc_webapi.archive.registering import insert, registered
from mriqc_webapi.archive.regrouping import Touched, regroup_all, regroup_scans
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.records import Change

log = logging.getLogger(__name__)

READ_ROWS: Final = 1_000  # laid out as columns at once; more would wear out the processor's cache
MAX_BATCH_ROWS: Final = 30_000  # in one transaction; few large ones write a row once, not twice


@dataclass
class _Batch:
    """Changes that enter the copy together."""

    inserted: dict[str, list[pa.Table]] = field(default_factory=dict)
    withdrawn: dict[str, list[Change]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # resource → last change
    policy: Policy | None = None  # that comes into force
    n_rows: int = 0
    last: int = 0

    @property
    def is_far_behind(self) -> bool:
        """Whether there is so much to copy that the views are better left for later."""
        return self.n_rows >= MAX_BATCH_ROWS

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

    def heed(self, changes: Sequence[Change], copy: Copy, store: Store) -> None:
        """Take in a new policy, which changes every resource that has views."""
        seqs = [change.seq for change in changes if change.resource == records.POLICY]
        if seqs:
            with store.read() as tx:
                self.policy = policy_at(tx, seqs[-1])
            viewed = (name for name, layout in copy.layouts.items() if layout.has_views)
            self.changed |= {n: max(self.changed.get(n, 0), seqs[-1]) for n in viewed}


def follow(copy: Copy, store: Store, *, max_rows: int = MAX_BATCH_ROWS) -> int:
    """Copy the changes next to the mark in one transaction; return how many there were.

    One more, if the views were brought up to date after changes that came before.
    """
    batch = _Batch(last=copy.mark)
    while batch.n_rows < max_rows:
        with store.read() as tx:
            changes = records.changes(tx, after=batch.last, limit=min(READ_ROWS, max_rows))
        if not changes:
            break
        batch.add(changes, copy)
        batch.heed(changes, copy, store)
    if batch.n_rows:
        _write(batch, copy, store)
    if copy.unjudged and not batch.is_far_behind and batch.policy is None:
        _judge_rest(copy)
        return batch.n_rows + 1
    return batch.n_rows


def _write(batch: _Batch, copy: Copy, store: Store) -> None:
    n_erased = copy.n_erased
    with transaction(copy.writer) as tx:
        touched, n_deleted = _write_rows(batch, copy, tx)
        if n_deleted:
            n_erased += n_deleted
            tx.execute('UPDATE state.erased SET n = ?', [n_erased])
        unjudged = copy.unjudged | (copy.judge_by(tx, batch.policy) if batch.policy else set())
        if batch.is_far_behind:
            unjudged |= touched.keys()
        for name in touched.keys() - unjudged:
            layout = copy.layouts[name]
            regroup_scans(tx, layout, copy.policy, touched[name], partial(_recall, store, layout))
        copy.save_unjudged(tx, unjudged)
        for name, seq in batch.changed.items():
            tx.execute('UPDATE state.changed SET seq = ? WHERE resource = ?', [seq, name])
        _save_profiles(tx, copy)
        tx.execute('UPDATE state.mark SET seq = ?', [batch.last])
    for profile in copy.profiles.values():
        profile.unsaved.clear()
    copy.policy = batch.policy or copy.policy
    copy.unjudged = unjudged
    copy.n_erased = n_erased
    copy.mark = batch.last


def _recall(store: Store, layout: Layout, seqs: list[int]) -> Floats | None:
    """Read metric vectors from the store, where a record lies in one place, not in sixty."""
    with store.read() as tx:
        docs = [stored.doc for stored in records.documents(tx, seqs=seqs)]
    return metric_vectors(layout, docs) if len(docs) == len(seqs) else None  # else: withdrawn


def _write_rows(
    batch: _Batch, copy: Copy, tx: duckdb.DuckDBPyConnection
) -> tuple[dict[str, Touched], int]:
    """Insert and delete; return what that touches, by resource that has views, and deletions."""
    n_deleted = 0
    touched: dict[str, Touched] = {n: set() for n, at in copy.layouts.items() if at.has_views}
    chains: dict[str, set[str]] = {n: set() for n, at in copy.layouts.items() if at.rates}
    for name, tables in batch.inserted.items():
        rows = pa.concat_tables(tables, promote_options='default')  # not all have all columns
        insert(tx, copy.layouts[name].table, rows)
        if name in touched:
            keys = (rows[key].to_pylist() for key in ('_scan', '_group'))
            touched[name].update(zip(*keys, strict=True))
        elif name in chains:
            chains[name].update(rows['chain'].to_pylist())
    # after the inserts: a record may have been withdrawn between two reads of this batch
    for name, changes in batch.withdrawn.items():
        gone, n = _delete(tx, copy.layouts[name], changes)
        n_deleted += n
        touched.get(name, set()).update(gone)
        chains.get(name, set()).update(str(chain) for chain, _ in gone)
    for name, some in chains.items():
        judge_chains(tx, copy.layouts[name], some)
    return {name: scans for name, scans in touched.items() if scans}, n_deleted


def _delete(
    tx: duckdb.DuckDBPyConnection, layout: Layout, withdrawn: Sequence[Change]
) -> tuple[Touched, int]:
    """Delete rows; return what that touches, and how many there were."""
    gone = pa.table({'id': [c.id for c in withdrawn], 'seq': [c.seq for c in withdrawn]})
    table = layout.table
    same = f'{table}.{quoted("_id")} = given.id AND {table}.seq < given.seq'
    keys = '_scan, _group' if layout.has_views else 'chain, NULL' if layout.rates else 'NULL, NULL'
    with registered(tx, 'given', gone):
        found = tx.execute(
            f'SELECT {table}.rowid, {keys} FROM {table} JOIN given ON {same}'  # noqa: S608 - quoted
        ).fetchall()
    if found:
        rows = ', '.join(str(row) for row, *_ in found)
        tx.execute(f'DELETE FROM {table} WHERE rowid IN ({rows})')  # noqa: S608 - numbers
    return {(scan, group) for _, scan, group in found}, len(found)


def _judge_rest(copy: Copy) -> None:
    """Bring the views up to date that were left for later."""
    started_at = time.monotonic()
    with transaction(copy.writer) as tx:
        for name in copy.unjudged:
            regroup_all(tx, copy.layouts[name], copy.policy)
        copy.save_unjudged(tx, set())
    log.info('all duplicates were judged in %.1f s', time.monotonic() - started_at)
    copy.unjudged = set()


def _save_profiles(tx: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    new = [
        {'resource': name, 'path': orjson.dumps(path).decode(), 'kind': kind}
        for name, profile in copy.profiles.items()
        for path, kind in profile.unsaved
    ]
    if new:
        with registered(tx, 'given', pa.Table.from_pylist(new)):
            tx.execute('INSERT INTO state.residual_path BY NAME FROM given')
