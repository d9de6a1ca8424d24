"""The store as one object: what it lends, and how it fails and heals."""

import sqlite3
import threading

import pytest
from sqlalchemy import exc

from mriqc_webapi.errors import StoreUnavailableError
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.records import count, head
from tests.factories import ready_record

resource = pytest.importorskip('resource')  # limits on file sizes: not on Windows


def put(store, *records):
    with store.write() as tx:
        return insert_batch(tx, records)


def read_head(store):
    with store.read() as tx:
        return head(tx)


def test_sqlite_is_durable_and_does_not_block_readers(local_store):
    with local_store.write() as tx:
        found = {
            name: tx.exec_driver_sql(f'PRAGMA {name}').scalar()
            for name in ('journal_mode', 'synchronous', 'page_size', 'secure_delete')
        }
    assert found == {
        'journal_mode': 'wal',
        'synchronous': 2,
        'page_size': 8192,
        'secure_delete': 1,
    }


def test_readers_go_on_while_somebody_writes(store):
    put(store, ready_record())
    with store.write() as tx:
        insert_batch(tx, [ready_record()])
        assert read_head(store) == 1
    assert read_head(store) == 2


def test_a_reader_cannot_write_on_sqlite(local_store):
    with pytest.raises(StoreUnavailableError, match='read-only'), local_store.read() as tx:
        tx.exec_driver_sql('DELETE FROM record')


def test_reads_nest(store):
    with store.read() as outer, store.read() as inner:
        assert head(outer) == head(inner) == 0


def test_threads_read_at_the_same_time(store):
    put(store, ready_record())
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(read_head(store) for _ in range(50)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 400


def test_a_mistake_in_a_statement_is_not_taken_for_an_outage(store):
    with pytest.raises(exc.SQLAlchemyError), store.read() as tx:
        tx.exec_driver_sql('SELECT nonsense FROM nowhere')
    assert read_head(store) == 0


def test_other_errors_pass_through_a_read(store):
    with pytest.raises(ZeroDivisionError), store.read():
        raise ZeroDivisionError
    assert read_head(store) == 0


def test_a_database_locked_for_too_long_is_an_outage_that_heals(local_store, tmp_path):
    with local_store.write() as tx:
        tx.exec_driver_sql('PRAGMA busy_timeout = 20')
    other = sqlite3.connect(tmp_path / 'store.sqlite', isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    with pytest.raises(StoreUnavailableError, match='locked') as caught:
        put(local_store, ready_record())
    assert caught.value.retry_after_s > 0
    other.close()
    assert put(local_store, ready_record())[0].seq == 1


def test_a_full_database_is_an_outage_that_heals(local_store):
    def allow(n_pages):
        with local_store.write() as tx:
            tx.exec_driver_sql(f'PRAGMA max_page_count = {n_pages}')

    put(local_store, ready_record())
    allow(40)
    with pytest.raises(StoreUnavailableError, match='full'):
        put(local_store, *[ready_record(document={'x': 'x' * 5000}) for _ in range(100)])
    assert read_head(local_store) == 1
    allow(100_000)
    assert put(local_store, ready_record())[0].seq == 2


def test_a_disk_that_takes_no_more_is_an_outage_that_heals(local_store, tmp_path):
    put(local_store, ready_record())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / 'store.sqlite-wal').stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, hard))
    try:
        with pytest.raises(StoreUnavailableError, match='disk'):
            put(local_store, *[ready_record(document={'x': 'x' * 5000}) for _ in range(100)])
        assert read_head(local_store) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert put(local_store, ready_record())[0].seq == 2
    with local_store.read() as tx:
        assert count(tx, resource='T1w') == 2
        assert tx.exec_driver_sql('PRAGMA integrity_check').scalar() == 'ok'


def test_postgresql_gone_and_back_heals_by_itself(postgres):
    with Store.open(postgres.create()) as store:
        put(store, ready_record())
        postgres.stop()
        try:
            with pytest.raises(StoreUnavailableError):
                put(store, ready_record())
            with pytest.raises(StoreUnavailableError):
                read_head(store)
        finally:
            postgres.start()
        assert put(store, ready_record())[0].seq == 2
        assert read_head(store) == 2


def test_postgresql_restarted_between_two_reads_is_not_noticed(postgres):
    with Store.open(postgres.create()) as store:
        read_head(store)
        postgres.stop()
        postgres.start()
        assert read_head(store) == 0


def test_a_read_only_postgresql_is_an_outage(postgres):
    with Store.open(postgres.create()) as store:
        with pytest.raises(StoreUnavailableError, match='read-only'), store.write() as tx:
            tx.exec_driver_sql('SET TRANSACTION READ ONLY')
            insert_batch(tx, [ready_record(key='k')])
        assert put(store, ready_record())[0].seq == 1


def test_a_closed_store_lets_go_of_its_file(tmp_path):
    store = Store.open(f'sqlite:///{tmp_path / "store.sqlite"}')
    put(store, ready_record())
    read_head(store)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ['store.sqlite']
