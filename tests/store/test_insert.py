"""Storing batches: numbers and conflicts."""

import pytest

from mriqc_webapi.errors import ChangedSubmissionError, DuplicateIdError, WithdrawnError
from mriqc_webapi.store.drift import Ledger
from mriqc_webapi.store.insert import Group, insert_batch, insert_groups
from mriqc_webapi.store.records import changes, count, find_item, head, page
from mriqc_webapi.store.withdrawal import withdraw
from tests.factories import BOLD, T1W, ready_record

ID = '0123456789abcdef01234567'


def put(store, *records):
    with store.write() as tx:
        return insert_batch(tx, records)


def put_groups(store, *groups):
    with store.write() as tx:
        return insert_groups(tx, groups, ledger=Ledger())


def test_numbers_are_dense_in_the_order_given(store):
    assert [o.seq for o in put(store, ready_record(), ready_record(BOLD))] == [1, 2]
    assert [o.seq for o in put(store, ready_record(), ready_record())] == [3, 4]


def test_an_outcome_names_the_stored_record(store):
    record = ready_record()
    (outcome,) = put(store, record)
    assert (outcome.id, outcome.etag, outcome.created_at) == (
        record.id,
        record.etag,
        record.created_at,
    )
    assert outcome.refusal is None
    assert not outcome.is_replay


@pytest.mark.parametrize('n', [0, 1, 5, 33, 256, 257, 600])
def test_batches_of_any_size_are_stored_whole_and_in_order(store, n):
    records = [ready_record() for _ in range(n)]
    put(store, *records)
    with store.read() as tx:
        stored = page(tx, resource='T1w', offset=0, limit=1000)
        assert [doc.id for doc in stored] == [record.id for record in records]
        assert count(tx, resource='T1w') == n


def test_a_transaction_undone_gives_its_numbers_back(store):
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        insert_batch(tx, [ready_record()])
        raise ZeroDivisionError
    assert [o.seq for o in put(store, ready_record())] == [1]
    with store.read() as tx:
        assert count(tx, resource='T1w') == 1


def test_a_given_id_is_kept(store):
    assert put(store, ready_record(id=ID))[0].id == ID


def test_an_id_that_is_there_is_refused_and_the_others_are_stored(store):
    put(store, ready_record(id=ID))
    refused, stored = put(store, ready_record(BOLD, id=ID), ready_record())
    assert isinstance(refused.refusal, DuplicateIdError)
    assert (refused.seq, stored.seq) == (None, 2)


def test_an_id_given_twice_in_one_batch_is_refused_once(store):
    first, second = put(store, ready_record(id=ID), ready_record(id=ID))
    assert first.seq == 1
    assert isinstance(second.refusal, DuplicateIdError)


def test_the_id_of_a_withdrawn_record_is_refused(store):
    put(store, ready_record(id=ID))
    with store.write() as tx:
        withdraw(tx, id=ID, rule='asked', now=0)
    assert isinstance(put(store, ready_record(id=ID))[0].refusal, WithdrawnError)


def test_a_key_that_comes_again_with_the_same_document_is_the_earlier_record(store):
    (first,) = put(store, ready_record(key='k'))
    (again,) = put(store, ready_record(key='k'))
    assert again == first._replace(is_replay=True)
    with store.read() as tx:
        assert head(tx) == 1


def test_a_key_given_twice_in_one_batch_is_one_record(store):
    first, again = put(store, ready_record(key='k'), ready_record(key='k'))
    assert again == first._replace(is_replay=True)


def test_a_key_that_comes_again_with_another_document_is_refused(store):
    put(store, ready_record(key='k'))
    (refused,) = put(store, ready_record(key='k', document={'cjv': 0.7}))
    assert isinstance(refused.refusal, ChangedSubmissionError)


def test_one_conflict_refuses_a_whole_group_and_no_other(store):
    put(store, ready_record(id=ID))
    whole = Group([ready_record(key='k'), ready_record(id=ID)], all_or_nothing=True)
    refused, stored = put_groups(store, whole, Group([ready_record(key='k')]))
    assert all(isinstance(o.refusal, DuplicateIdError) for o in refused)
    assert [o.seq for o in stored] == [2]
    assert not stored[0].is_replay


def test_a_group_without_conflict_is_stored_whole(store):
    group = Group([ready_record(), ready_record()], all_or_nothing=True)
    assert [o.seq for o in put_groups(store, group)[0]] == [1, 2]


def test_texts_that_a_column_cannot_hold_are_stored_all_the_same(store):
    odd = 'a\x00\ud800' + 'ü' * 10_000
    record = ready_record(T1W, md5sum=odd, software=odd, version=odd, data_hash=odd)
    put(store, record)
    with store.read() as tx:
        assert find_item(tx, resource='T1w', id=record.id).doc == record.doc


def test_changes_carry_the_served_bytes(store):
    record = ready_record(data_hash='abc')
    put(store, record)
    with store.read() as tx:
        (change,) = changes(tx, after=0, limit=10)
    assert change[:8] == (
        *(1, record.id, 'T1w', record.created_at, record.md5sum, 'abc', record.etag, record.doc),
    )
