"""Withdrawal: the bytes go, a tombstone stays."""

import pytest

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.records import changes, find_item
from mriqc_webapi.store.withdrawal import withdraw
from tests.factories import NOW, ready_record


def test_a_withdrawn_record_is_found_no_more(store):
    record = ready_record()
    with store.write() as tx:
        insert_batch(tx, [record])
        assert withdraw(tx, id=record.id, rule='asked', now=NOW) == 2
    with store.read() as tx:
        assert find_item(tx, resource='T1w', id=record.id) is None
        assert [(c.seq, c.id) for c in changes(tx, after=0, limit=9)] == [(2, record.id)]


def test_its_private_part_is_erased_too(store):
    record = ready_record(private={'provenance.email': 'jane@example.org'}, key='k')
    with store.write() as tx:
        insert_batch(tx, [record])
        withdraw(tx, id=record.id, rule='asked', now=NOW)
        assert tx.exec_driver_sql('SELECT count(*) FROM private').scalar() == 0


def test_a_record_is_withdrawn_once(store):
    record = ready_record()
    with store.write() as tx:
        insert_batch(tx, [record])
        withdraw(tx, id=record.id, rule='asked', now=NOW)
    with pytest.raises(NotFoundError), store.write() as tx:
        withdraw(tx, id=record.id, rule='asked', now=NOW)


def test_no_byte_of_it_stays_in_the_file(local_store, tmp_path):
    record = ready_record(document={'note': 'PLANTED' * 2000}, private={'e': 'SECRET' * 2000})
    with local_store.write() as tx:
        insert_batch(tx, [record, ready_record()])
    with local_store.write() as tx:
        withdraw(tx, id=record.id, rule='asked', now=NOW)
    with local_store.read() as tx:
        tx.exec_driver_sql('PRAGMA wal_checkpoint(TRUNCATE)')
    raw = b''.join(path.read_bytes() for path in tmp_path.glob('store.sqlite*'))
    assert b'PLANTED' not in raw
    assert b'SECRET' not in raw
