"""The drift ledger."""

import pytest

from mriqc_webapi.store import drift
from mriqc_webapi.store.insert import Group, insert_groups
from tests.factories import BOLD, NOW, make_note, ready_record

DAY = NOW // 86_400


@pytest.fixture
def note(store):
    ledger = drift.Ledger()

    def note(*records):
        with store.write() as tx:
            insert_groups(tx, [Group(records)], ledger=ledger)

    return note


def read(store, **given):
    with store.read() as tx:
        return drift.read_ledger(tx, **given)


def test_equal_notes_are_summed_up(store, note):
    note(ready_record(notes=(make_note(example='7'),)), ready_record(notes=(make_note(),)))
    note(ready_record(notes=(make_note(example='9'),), now=NOW + 3 * 86_400))
    (row,) = read(store)
    assert row == (
        *('T1w', 'spikes_num', 'unknown', 'no such field', 'integer', 'mriqc', '24.0.2'),
        *(3, DAY, DAY + 3, '7'),
    )


def test_an_older_import_moves_the_first_day(store, note):
    note(ready_record(notes=(make_note(),)))
    note(ready_record(notes=(make_note(),), created_at=86_400))
    assert [(row.first_day, row.last_day) for row in read(store)] == [(1, DAY)]


def test_what_differs_in_any_respect_has_a_row_of_its_own(store, note):
    note(
        ready_record(notes=(make_note(), make_note('other'), make_note(got='string'))),
        ready_record(notes=(make_note(),), version='25'),
        ready_record(BOLD, notes=(make_note(),)),
    )
    assert [row.n for row in read(store)] == [1] * 5
    assert len(read(store, resource='bold')) == 1


def test_notes_of_refused_records_do_not_count(store, note):
    first = ready_record(id='0' * 24, notes=(make_note(),))
    note(first, first)
    assert [row.n for row in read(store)] == [1]


def test_fields_beyond_the_limit_are_summed_up(store, note, monkeypatch):
    monkeypatch.setattr(drift, 'MAX_FIELDS', 3)
    note(ready_record(notes=tuple(make_note(f'a{i}') for i in range(5))))
    note(ready_record(notes=(make_note('b'), make_note('a1'))))
    assert {row.field: row.n for row in read(store)} == {'a0': 1, 'a1': 2, 'a2': 1, '…': 3}


def test_the_limit_holds_across_processes(store, note, monkeypatch):
    monkeypatch.setattr(drift, 'MAX_FIELDS', 3)
    note(ready_record(notes=tuple(make_note(f'a{i}') for i in range(2))))
    with store.write() as tx:
        more = ready_record(notes=(make_note('a9'), make_note('a0')))
        insert_groups(tx, [Group([more])], ledger=drift.Ledger())
    note(ready_record(notes=(make_note('b'), make_note('a9'))))
    assert {row.field: row.n for row in read(store)} == {'a0': 2, 'a1': 1, 'a9': 2, '…': 1}


def test_names_of_any_length_and_letters_are_taken(store, note):
    odd = 'ü\x00\ud800' * 2000
    note(ready_record(notes=(make_note(odd, example=odd),), software=odd, version=odd))
    (row,) = read(store)
    assert len(row.field) == 200
