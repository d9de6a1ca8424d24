"""Keeps the views of a table true: says of its rows which one stands for a scan or a group.

The rows of the scans that a batch has touched are judged anew, in the batch's own transaction;
after a rebuild, or under another policy, all are, some scans at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.groups import (
    CANONICAL,
    MEMBER,
    STATES,
    Facts,
    Fetch,
    Flags,
    Floats,
    Ints,
    Keys,
    Places,
    Verdicts,
    first_of_scans,
    judge,
)
from mriqc_webapi.archive.policy import Policy
from mriqc_webapi.archive.registering import lent, registered
from mriqc_webapi.archive.views import FIRST, View

PART_ROWS: Final = 1_000_000  # judged at once; bounds the memory that a rebuild takes
FETCHED_ROWS: Final = 20_000  # vectors brought in at once
RECALLED_ROWS: Final = 200  # vectors that cost less to read from documents than column by column
Touched: TypeAlias = 'set[tuple[int, int]]'  # keys of the scan and the group of rows
# given numbers of records, gives their metric vectors by another way; None if it has not all
Recall: TypeAlias = Callable[[list[int]], 'Floats | None']

_FACTS: Final = pa.schema(
    {
        'rowid': pa.int64(),
        '_scan': pa.uint64(),
        '_group': pa.uint64(),
        '_version': pa.string(),
        'epoch_us(_created)': pa.int64(),
        '_id': pa.string(),
        '_vector': pa.uint64(),
        '_geometry': pa.uint64(),
        'in_scan': pa.bool_(),
        'group_state': pa.string(),
        'n_group': pa.int64(),
        'diameter': pa.float64(),
        '_first': pa.uint8(),
        'seq': pa.int64(),
    }
)
_FACTS_SQL: Final = ', '.join(_FACTS.names)
_SETS: Final = """
    in_scan = given.in_scan, group_state = given.group_state, n_group = given.n_group,
    diameter = given.diameter, _first = given._first
"""
_STATE_NAMES: Final = pa.array(STATES)


def regroup_scans(
    tx: duckdb.DuckDBPyConnection,
    layout: Layout,
    policy: Policy,
    touched: Touched,
    recall: Recall = lambda _: None,
) -> None:
    """Judge the scans and groups anew that rows have entered or left."""
    facts = _facts_of_scans(tx, layout, {scan for scan, _ in touched})
    fetch = partial(_recalled_vectors, tx, layout, facts, recall)
    _regroup(tx, layout, policy, facts, fetch, {group for _, group in touched})


def regroup_all(tx: duckdb.DuckDBPyConnection, layout: Layout, policy: Policy) -> None:
    """Judge every row anew."""
    ((n_rows,),) = tx.execute(f'SELECT count(*) FROM {layout.table}').fetchall()  # noqa: S608 - quoted
    n_parts = 1 + n_rows // PART_ROWS
    for part in range(n_parts):
        within = f'FROM {layout.table} WHERE _scan % {n_parts} = {part}'
        facts = tx.sql(f'SELECT {_FACTS_SQL} {within}').to_arrow_table()
        _regroup(tx, layout, policy, facts, partial(_vectors, tx, layout, facts))


def _facts_of_scans(tx: duckdb.DuckDBPyConnection, layout: Layout, scans: set[int]) -> pa.Table:
    rows = f'SELECT {_FACTS_SQL} FROM {layout.table} WHERE _scan'  # noqa: S608 - quoted
    if len(scans) == 1:  # most often; a plain comparison of few rows costs half
        found = tx.execute(f'{rows} = ?', list(scans)).fetchall()
        told = (dict(zip(_FACTS.names, row, strict=True)) for row in found)
        return pa.Table.from_pylist(list(told), schema=_FACTS)
    with registered(tx, 'scans', pa.table({'scan': pa.array(scans, pa.uint64())})):
        return tx.sql(f'{rows} IN (SELECT scan FROM scans)').to_arrow_table()  # noqa: S608 - quoted


def _regroup(
    tx: duckdb.DuckDBPyConnection,
    layout: Layout,
    policy: Policy,
    facts: pa.Table,
    fetch: Fetch,
    groups: set[int] | None = None,
) -> None:
    known = _facts(facts)
    verdicts = judge(known, policy.scales_of(layout), fetch, groups)
    changed = _changed(facts, _told(facts, known, verdicts))
    if changed.num_rows:
        same = f'{layout.table}.rowid = given.row'
        with lent(tx, 'given', changed) as (given, values):
            sql = f'UPDATE {layout.table} SET {_SETS} FROM {given} WHERE {same}'  # noqa: S608 - quoted
            tx.execute(sql, values)


def _facts(table: pa.Table) -> Facts:
    return Facts(
        scan=_numbers(table['_scan']),
        group=_numbers(table['_group']),
        version=_ranks(table['_version']),
        created=_numbers(table['epoch_us(_created)']),
        id=_id_numbers(table['_id']),
        vector=_numbers(pc.fill_null(table['_vector'], 0)),
        is_complete=_numbers(pc.is_valid(table['_vector'])),
        geometry=_numbers(table['_geometry']),
    )


def _told(facts: pa.Table, known: Facts, verdicts: Verdicts) -> pa.Table:
    """Give the columns that follow from the verdicts; groups that were not judged keep theirs."""
    is_judged = pa.array(verdicts.is_judged)
    of_group = {
        'group_state': _STATE_NAMES.take(pa.array(verdicts.state)),
        'n_group': pa.array(verdicts.n_group),
        'diameter': pa.array(verdicts.diameter, mask=np.isnan(verdicts.diameter)),
    }
    told = {n: pc.if_else(is_judged, v, facts[n]) for n, v in of_group.items()}
    return pa.table(
        {
            'row': facts['rowid'],
            'in_scan': pa.array(verdicts.in_scan),
            **told,
            '_first': pa.array(_firsts(known, told['group_state'])),
        }
    )


def _firsts(known: Facts, states: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    """Say of each record in which views it is the first of its scan, as bits."""
    among: dict[View, Flags] = {
        'raw': np.ones(len(known), np.bool_),
        'canonical': _numbers(pc.equal(states, STATES[CANONICAL])),
        'canonical+quarantined': _numbers(pc.not_equal(states, STATES[MEMBER])),
    }
    bits = np.zeros(len(known), np.uint8)
    for view, is_first in zip(among, first_of_scans(known, list(among.values())), strict=True):
        bits |= is_first * np.uint8(FIRST[view])
    return bits


def _changed(facts: pa.Table, new: pa.Table) -> pa.Table:
    """Give the rows in which anything differs from what stands there."""
    differs = np.zeros(len(facts), np.bool_)
    for name in new.column_names[1:]:
        same = pc.equal(facts[name], new[name])
        both_null = pc.and_(pc.is_null(facts[name]), pc.is_null(new[name]))
        differs |= ~_numbers(pc.if_else(both_null, True, pc.fill_null(same, False)))
    return new.filter(pa.array(differs))


def _recalled_vectors(
    tx: duckdb.DuckDBPyConnection, layout: Layout, facts: pa.Table, recall: Recall, rows: Places
) -> Iterable[Floats]:
    """Give the metric vectors of some rows, in the order asked for; few are recalled."""
    if 0 < len(rows) <= RECALLED_ROWS:
        recalled = recall(facts['seq'].take(pa.array(rows)).to_pylist())
        if recalled is not None:
            return [recalled]
    return _vectors(tx, layout, facts, rows)


def _vectors(
    tx: duckdb.DuckDBPyConnection, layout: Layout, facts: pa.Table, rows: Places
) -> Iterator[Floats]:
    """Fetch the metric vectors of some rows, in the order asked for."""
    if not len(rows):
        return
    metrics = comparison_of(layout).metrics
    wanted = pa.table(
        {'row': facts['rowid'].take(pa.array(rows)), 'place': pa.array(range(len(rows)))}
    )
    numbers = ', '.join(f'{c.sql}::DOUBLE' for c in metrics)
    joined = f'FROM {layout.table} JOIN wanted ON {layout.table}.rowid = wanted.row'
    with registered(tx, 'wanted', wanted):
        found = tx.sql(f'SELECT {numbers} {joined} ORDER BY wanted.place').to_arrow_reader(
            FETCHED_ROWS
        )
        for batch in found:
            yield np.column_stack([c.to_numpy(zero_copy_only=False) for c in batch.columns])


def _ranks(texts: pa.ChunkedArray) -> Ints:
    """Number texts in the order of the alphabet of their characters."""
    encoded = texts.combine_chunks().dictionary_encode()
    known = encoded.dictionary.to_pylist()
    rank = {text: place for place, text in enumerate(sorted(known))}
    of_code = np.array([rank[text] for text in known], np.int64)
    ranks: Ints = of_code[encoded.indices.to_numpy()]
    return ranks


def _id_numbers(ids: pa.ChunkedArray) -> Keys:
    """Write ids as numbers in the same order, three to each."""
    raw = np.array(ids.to_pylist(), dtype='S24') if len(ids) else np.zeros(0, 'S24')
    return raw.view('>u8').reshape(len(ids), 3).astype(np.uint64)


def _numbers(values: pa.ChunkedArray) -> Any:
    return values.combine_chunks().to_numpy(zero_copy_only=False)
