"""Group commit: many senders, one writer."""

import asyncio
import sqlite3
import threading
from contextlib import contextmanager

import pytest

from mriqc_webapi.errors import (
    DuplicateIdError,
    QueueFullError,
    StoreUnavailableError,
)
from mriqc_webapi.store import numbers, tokens
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.records import count, find_item, head
from mriqc_webapi.store.writer import Writer
from tests.factories import ready_record

_END_THOSE_THAT_WAIT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = '{}' AND wait_event_type = 'Lock'
"""

ID = '0123456789abcdef01234567'


@pytest.fixture
def writer(store):
    writer = Writer(store, queue_size=100)
    yield writer
    assert writer.close(timeout_s=20)


@contextmanager
def blocked(store):
    """Hold what every writer needs; nothing is committed meanwhile."""
    with store.write() as tx:
        numbers.lock(tx)
        yield


def write(writer, *records, **given):
    return writer.submit(records, **given).result(timeout=20)


def count_all(store):
    with store.read() as tx:
        return count(tx, resource='T1w')


def test_a_record_is_there_when_its_sender_hears(store, writer):
    (outcome,) = write(writer, ready_record())
    with store.read() as tx:
        assert find_item(tx, resource='T1w', id=outcome.id).etag == outcome.etag
        assert head(tx) == writer.head == outcome.seq


def test_coroutines_side_by_side_each_hear_of_their_own(store, writer):
    async def send(n):
        record = ready_record(document={'cjv': float(n)})
        (outcome,) = await writer.write([record])
        return outcome.id == record.id

    async def send_all():
        return await asyncio.gather(*(send(n) for n in range(60)))

    assert asyncio.run(send_all()) == [True] * 60
    assert count_all(store) == 60


def test_what_waits_is_committed_together(store):
    heads = []
    writer = Writer(store, queue_size=100, on_commit=heads.append)
    with blocked(store):
        futures = [writer.submit([ready_record()]) for _ in range(50)]
    assert sorted(f.result(timeout=20)[0].seq for f in futures) == list(range(1, 51))
    writer.close()
    assert heads[-1] == 50
    assert len(heads) <= 3


def test_a_full_queue_refuses_at_once_and_takes_again_later(store):
    writer = Writer(store, queue_size=3)
    with blocked(store):
        futures = [writer.submit([ready_record()]) for _ in range(3)]
        with pytest.raises(QueueFullError):
            writer.submit([ready_record()])
        assert writer.n_waiting == 3
    assert all(f.result(timeout=20) for f in futures)
    assert write(writer, ready_record())
    writer.close()
    assert count_all(store) == 4


def test_a_group_larger_than_the_queue_is_taken_when_nothing_waits(store):
    writer = Writer(store, queue_size=2)
    assert len(write(writer, *[ready_record() for _ in range(5)])) == 5
    writer.close()


def test_closing_stores_what_was_accepted_and_takes_no_more(store):
    writer = Writer(store, queue_size=100)
    with blocked(store):
        futures = [writer.submit([ready_record()]) for _ in range(20)]
        assert not writer.close(timeout_s=0.01)
        with pytest.raises(StoreUnavailableError, match='stopping'):
            writer.submit([ready_record()])
    assert writer.close(timeout_s=20)
    assert all(f.done() for f in futures)
    assert count_all(store) == 20


def test_a_request_that_goes_away_is_stored_and_disturbs_nobody(store, writer):
    async def leave():
        with blocked(store):
            gone = asyncio.ensure_future(writer.write([ready_record()]))
            stays = asyncio.ensure_future(writer.write([ready_record()]))
            await asyncio.sleep(0)
            gone.cancel()
        return (await stays)[0].seq

    assert asyncio.run(leave()) is not None
    assert count_all(store) == 2


def test_an_event_loop_that_is_gone_disturbs_nobody(store, writer):
    async def leave():
        left = asyncio.ensure_future(writer.write([ready_record()]))
        await asyncio.sleep(0)
        assert not left.done()

    with blocked(store):
        thread = threading.Thread(target=lambda: asyncio.run(leave()))
        thread.start()
        thread.join()
    write(writer, ready_record())
    assert count_all(store) == 2


def test_a_conflict_is_the_business_of_its_own_sender(store, writer):
    write(writer, ready_record(id=ID))
    with blocked(store):
        refused = writer.submit([ready_record(id=ID)])
        stored = writer.submit([ready_record()])
    assert isinstance(refused.result(timeout=20)[0].refusal, DuplicateIdError)
    assert stored.result(timeout=20)[0].refusal is None


def test_all_or_nothing_raises_the_conflict_and_stores_nothing(store, writer):
    write(writer, ready_record(id=ID))
    with pytest.raises(DuplicateIdError):
        write(writer, ready_record(), ready_record(id=ID), all_or_nothing=True)
    assert count_all(store) == 1


def test_a_record_the_database_cannot_take_does_not_sink_the_others(store, writer):
    bad = ready_record()._replace(created_at=2**70)
    with blocked(store):
        futures = [writer.submit([r]) for r in (ready_record(), bad, ready_record())]
    assert futures[0].result(timeout=20)[0].refusal is None
    with pytest.raises(StoreUnavailableError):
        futures[1].result(timeout=20)
    assert futures[2].result(timeout=20)[0].refusal is None
    assert count_all(store) == 2


def test_an_outage_is_told_to_those_who_wait_and_then_heals(local_store, tmp_path):
    with local_store.write() as tx:
        tx.exec_driver_sql('PRAGMA busy_timeout = 20')
    writer = Writer(local_store, queue_size=100)
    other = sqlite3.connect(tmp_path / 'store.sqlite', isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    with pytest.raises(StoreUnavailableError):
        write(writer, ready_record())
    other.close()
    assert write(writer, ready_record())[0].seq == 1
    writer.close()


def test_postgresql_gone_and_back_heals_without_a_restart(postgres):
    with Store.open(postgres.create()) as store:
        writer = Writer(store, queue_size=100)
        write(writer, ready_record())
        postgres.stop()
        try:
            with pytest.raises(StoreUnavailableError):
                write(writer, ready_record())
        finally:
            postgres.start()
        assert write(writer, ready_record())[0].seq == 2
        writer.close()


def test_a_connection_lost_in_the_middle_stores_nothing_by_half(postgres):
    with Store.open(postgres.create()) as store:
        writer = Writer(store, queue_size=100)
        with blocked(store):
            waiting = writer.submit([ready_record(key='k')])
            while not postgres.execute(_END_THOSE_THAT_WAIT.format(store.url.database)):
                assert not waiting.done()
            with pytest.raises(StoreUnavailableError):
                waiting.result(timeout=20)
        assert write(writer, ready_record(key='k'))[0].seq == 1
        writer.close()
        assert count_all(store) == 1


def test_a_replay_moves_the_head_that_the_writer_knows(store):
    one, other = Writer(store, queue_size=9), Writer(store, queue_size=9)
    write(one, ready_record(key='k'))
    assert write(other, ready_record(key='k'))[0].is_replay
    assert other.head == 1
    one.close()
    other.close()


def test_uses_of_tokens_are_counted_with_the_batches(store, writer):
    with store.write() as tx:
        tokens.create(tx, name='mriqc', scopes=['submit'])
    for _ in range(3):
        writer.count_use('mriqc')
        write(writer, ready_record())
    writer.close()
    with store.read() as tx:
        assert [t.n_used for t in tokens.list_tokens(tx)] == [3]


def test_nothing_to_store_is_no_error(writer):
    assert write(writer) == []


def test_a_follower_that_fails_disturbs_nobody(store):
    def fail(_head):
        raise ZeroDivisionError

    writer = Writer(store, queue_size=9, on_commit=fail)
    assert write(writer, ready_record())
    assert write(writer, ready_record())
    writer.close()
