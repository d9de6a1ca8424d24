"""What the drift ledger shows of a withdrawn record goes with it."""

from mriqc_webapi.store import drift
from mriqc_webapi.store.insert import Group, insert_groups
from mriqc_webapi.store.withdrawal import withdraw
from tests.factories import NOW, make_note, ready_record


def put(store, *records):
    with store.write() as tx:
        insert_groups(tx, [Group(records)], ledger=drift.Ledger())


def rows(store):
    with store.read() as tx:
        return {row.field: (row.n, row.example) for row in drift.read_ledger(tx)}


def test_a_name_and_a_value_that_only_one_record_had_are_forgotten(store):
    record = ready_record(document={'secret': 'x'}, notes=(make_note('secret', example='"x"'),))
    put(store, record)
    with store.write() as tx:
        withdraw(tx, id=record.id, rule='holder', now=NOW)
    assert rows(store) == {}


def test_a_name_that_others_have_stays_without_a_value(store):
    noted = {'notes': (make_note('bids_meta.Odd', example='7'),)}
    one = ready_record(document={'bids_meta': {'Odd': 7}}, **noted)
    put(store, one, ready_record(document={'bids_meta': {'Odd': 8}}, **noted))
    with store.write() as tx:
        withdraw(tx, id=one.id, rule='holder', now=NOW)
    assert rows(store) == {'bids_meta.Odd': (2, '')}


def test_fields_that_it_lacks_keep_their_values(store):
    one, other = ready_record(), ready_record(notes=(make_note('else', example='7'),))
    put(store, one, other)
    with store.write() as tx:
        withdraw(tx, id=one.id, rule='holder', now=NOW)
    assert rows(store) == {'else': (1, '7')}
