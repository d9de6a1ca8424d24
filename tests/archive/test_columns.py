"""Documents part into columns and a residual, and come together again."""

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive.batches import arrow_table
from mriqc_webapi.archive.columns import Layout, fingerprint, layouts
from mriqc_webapi.archive.residual import Profile
from tests.archive.conftest import Row, make_catalogue, make_resource, make_row
from tests.archive.test_compile import documents

LAYOUT = Layout(make_resource(), 'T1w')
NAMES = {c.name for c in LAYOUT.columns.values()}


@given(documents)
def test_columns_and_residual_are_the_document(document):
    assert LAYOUT.join(*LAYOUT.split(document)) == document


@given(st.lists(documents, max_size=5))
def test_many_documents_at_once_part_as_each_alone(found):
    rows = [make_row(i, d) for i, d in enumerate(found)]
    table = arrow_table(LAYOUT, rows, Profile()).to_pylist()
    for document, row in zip(found, table, strict=True):
        values, residual = LAYOUT.split(document)
        text = row.pop('residual')
        assert {k: v for k, v in row.items() if v is not None and k in NAMES} == values
        assert (None if text is None else orjson.loads(text)) == residual


@pytest.mark.parametrize(
    'document',
    [
        {'cjv': None},
        {'cjv': '0.5'},
        {'cjv': True},
        {'cjv': 2**53 + 1},
        {'cjv': [0.5]},
        {'size_x': 1.5},
        {'size_x': 2**63},
        {'size_x': True},
        {'bids_meta': {}},
        {'bids_meta': [{'EchoTime': 1.0}]},
        {'bids_meta': {'Manufacturer': 3}},
        {'bids_meta.EchoTime': 1.0},
        {'CJV': 0.5},
    ],
)
def test_what_fits_no_column_stays_in_the_residual(document):
    assert LAYOUT.split(document) == ({}, document)


@pytest.mark.parametrize(
    ('document', 'values'),
    [
        ({'cjv': 1}, {'cjv': 1.0}),
        ({'size_x': 4.0}, {'size_x': 4}),
        ({'bids_meta': {'EchoTime': 0.5}}, {'bids_meta.EchoTime': 0.5}),
        ({'provenance': {'settings': {'testing': False}}}, {'provenance.settings.testing': False}),
    ],
)
def test_what_fits_its_column_leaves_no_residual(document, values):
    assert LAYOUT.split(document) == (values, None)


def test_of_names_that_differ_in_case_the_first_has_the_column():
    layout = Layout(make_resource(fields={'Modality': 'string', 'modality': 'string'}), 'T1w')
    assert layout.split({'Modality': 'a', 'modality': 'b'}) == (
        {'Modality': 'a'},
        {'modality': 'b'},
    )


@pytest.mark.parametrize('name', ['seq', 'Residual', '_ID', 'a.b.c'])
def test_names_that_are_taken_have_no_column(name):
    layout = Layout(make_resource(fields={'a.b': 'float', name: 'float'}), 'T1w')
    assert [c.name for c in layout.columns.values()] == ['a.b']


def test_tables_whose_names_differ_in_case_only_are_two():
    found = layouts(make_catalogue(make_resource('T1w'), make_resource('t1w')))
    assert len({layout.table.casefold() for layout in found.values()}) == 2


def test_another_field_gives_another_fingerprint():
    one = fingerprint([LAYOUT])
    assert one == fingerprint([Layout(make_resource(), 'T1w')])
    assert one != fingerprint([Layout(make_resource(fields={'cjv': 'float'}), 'T1w')])


def test_an_empty_document_is_a_row_of_nulls():
    row = Row(1, '0' * 24, 0, 'e', '{"_id":"000000000000000000000000","_etag":"e"}')
    table = arrow_table(LAYOUT, [row], Profile())
    assert table.column('residual').to_pylist() == [None]
    assert not NAMES.intersection(table.column_names)


def test_half_a_character_does_not_stop_the_copy():
    row = Row(1, '0' * 24, 0, 'e', '{"a":"x\\ud800y","_id":"000000000000000000000000"}')
    table = arrow_table(LAYOUT, [row], Profile())
    assert table.column('residual').to_pylist() == ['{"a":"x?y"}']


def test_dates_before_1970_are_kept():
    row = Row(1, '0' * 24, -86_400, 'e', '{"_id":""}')
    created = arrow_table(LAYOUT, [row], Profile()).column('_created')
    assert created.type == pa.timestamp('us')
    assert str(created[0]) == '1969-12-31 00:00:00'
