"""Rows written into a statement are the rows that are lent to it as a table."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import Layout
from mriqc_webapi.archive.registering import FEW_ROWS, insert, lent
from mriqc_webapi.archive.residual import Profile
from tests.archive.conftest import make_row
from tests.archive.repeats import make_measured

LAYOUT = Layout(make_measured(), 'T1w')
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
documents = st.fixed_dictionaries(
    {},
    optional={
        'cjv': numbers,
        'efc': numbers,
        'size_x': st.integers(-(2**63), 2**63 - 1) | st.integers(2**63, 2**64 - 1),
        'bids_meta': st.dictionaries(st.just('Manufacturer'), st.text(max_size=5)),
        'provenance': st.fixed_dictionaries(
            {'md5sum': st.text(max_size=3), 'settings': st.just({'testing': True})}
        ),
        'mine': st.lists(st.integers(0, 9), max_size=2),
    },
)


def rows_of(batches):
    """Insert batches into an empty table; give all that it holds then."""
    with duckdb.connect() as connection:
        connection.execute(LAYOUT.ddl)
        for batch in batches:
            insert(connection, LAYOUT.table, arrow_table(LAYOUT, batch, Profile()))
        return connection.execute(f'SELECT * FROM {LAYOUT.table} ORDER BY seq').fetchall()


@given(st.lists(documents, min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_records_that_enter_one_by_one_are_those_that_enter_together(sent):
    rows = [make_row(i, document) for i, document in enumerate(sent)]
    assert rows_of([[row] for row in rows]) == rows_of([rows])


@pytest.mark.parametrize('n', [1, 2, FEW_ROWS, FEW_ROWS + 1])
def test_a_table_that_is_lent_is_read_whole_and_typed(n):
    one = {'a "name"': None, 'flag': True, 'x': float('inf'), 'text': "it's \0 ü", 'k': 2**40}
    rows = [one | {'n': i, 'x': None if i % 2 else one['x']} for i in range(n)]
    with (
        duckdb.connect() as connection,
        lent(connection, 'given', pa.Table.from_pylist(rows)) as (source, values),
    ):
        found = connection.execute(f'SELECT * FROM {source} ORDER BY n', values).fetchall()
    assert found == [tuple(row.values()) for row in rows]
