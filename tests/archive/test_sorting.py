"""Records come in MongoDB's order of values and types."""

import itertools

import pytest

from mriqc_webapi.query.expression import SortKey

# missing and null, numbers, texts, objects, lists, booleans
MIXED = [None, -1.5, 2, 3.5, '', 'B', 'a', 'é', {'b': 1}, [1], False, True]


@pytest.mark.parametrize('path', [('snr',), ('size_x',), ('other',), ('bids_meta', 'other')])
def test_types_come_in_mongodb_s_order(table_of, path):
    documents = []
    for value in MIXED:
        document = value
        for segment in reversed(path):
            document = {segment: document}
        documents.append(document)
    table = table_of(*documents)
    assert table.ordered(SortKey(path)) == list(range(len(MIXED)))
    assert table.ordered(SortKey(path, descending=True)) == list(range(len(MIXED)))[::-1]


@pytest.mark.parametrize('descending', [False, True])
def test_ties_keep_the_order_of_insertion(table_of, descending):
    table = table_of({'cjv': 1.0}, {'cjv': 1.0}, {'cjv': 1.0})
    assert table.ordered(SortKey(('cjv',), descending)) == [0, 1, 2]


@pytest.mark.parametrize('descending', [False, True])
def test_an_unknown_field_keeps_the_order_of_insertion(table_of, descending):
    table = table_of({'cjv': 3.0}, {'cjv': 2.0}, {'cjv': 1.0})
    assert table.ordered(SortKey(('nothing', 'here'), descending)) == [0, 1, 2]


def test_missing_and_null_tie(table_of):
    table = table_of({'cjv': None}, {}, {'cjv': 0.5}, {'cjv': None})
    assert table.ordered(SortKey(('cjv',))) == [0, 1, 3, 2]
    assert table.ordered(SortKey(('cjv',), descending=True)) == [2, 0, 1, 3]


def test_a_second_key_orders_what_ties_in_the_first(table_of):
    table = table_of({'cjv': 1.0, 'x': 2}, {'cjv': 0.0, 'x': 1}, {'cjv': 1.0, 'x': 1})
    assert table.ordered(SortKey(('cjv',), descending=True), SortKey(('x',))) == [2, 0, 1]


def test_dates_and_ids_can_be_sorted_by(table_of):
    table = table_of({}, {}, {})
    for name in ('_id', '_created', '_updated', '_etag'):
        assert table.ordered(SortKey((name,), descending=True)) == [2, 1, 0]


def test_an_object_with_members_in_columns_sorts_above_text(table_of):
    table = table_of({'bids_meta': {'EchoTime': 1.0}}, {'bids_meta': 'text'}, {})
    assert table.ordered(SortKey(('bids_meta',))) == [2, 1, 0]


def test_of_a_list_on_the_way_the_first_element_counts(table_of):
    table = table_of({'a': [{'b': 2}, {'b': 0}]}, {'a': {'b': 1}}, {'a': [{'b': 3}]})
    assert table.ordered(SortKey(('a', 'b'))) == [1, 0, 2]


def test_a_deep_path_is_no_burden(table_of):
    table = table_of({'a': [{'b': 2}]}, {'a': {'b': 1}})
    path = ('a', *itertools.repeat('b', 63))
    assert table.ordered(SortKey(path)) == [0, 1]
