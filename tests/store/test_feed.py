"""The change feed: everything in the order of commits, from a place or from a date on."""

import time

import pytest

from mriqc_webapi.store import feed, numbers
from mriqc_webapi.store.feed import Place, Stored
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.withdrawal import withdraw
from tests.factories import BOLD, T1W, ready_record

START = Place(0, 0)


@pytest.fixture
def put(store):
    """Give a function that stores records and gives their ids."""

    def make(n=1, resource=T1W, **given):
        with store.write() as tx:
            records = [ready_record(resource, **given) for _ in range(n)]
            return [outcome.id for outcome in insert_batch(tx, records)]

    return make


@pytest.fixture
def take_back(store):
    """Give a function that withdraws a record."""

    def withdraw_(id):
        with store.write() as tx:
            withdraw(tx, id=id, rule='test', now=7200)

    return withdraw_


def read_all(store, after=START, *, resource='T1w', limit=3):
    """Follow the feed from a place to the head; give ids with what became of each."""
    told = []
    while True:
        with store.read() as tx:
            found = feed.changes_after(tx, resource=resource, after=after, limit=limit)
        assert len(found.changes) <= limit
        told += [(c.id, isinstance(c, Stored)) for c in found.changes]
        after = found.next
        if found.is_all:
            return told, after


@pytest.mark.parametrize('limit', [1, 2, 3, 100])
def test_changes_come_in_order_whatever_the_limit(store, put, take_back, limit):
    ids = put(4)
    put(2, resource=BOLD)
    take_back(ids[1])
    take_back(ids[3])
    ids += put(2)
    take_back(ids[4])
    told, _ = read_all(store, limit=limit)
    expected = [(0, True), (2, True), (1, False), (3, False), (5, True), (4, False)]
    assert told == [(ids[i], stands) for i, stands in expected]


def test_the_head_is_good_for_later(store, put, take_back):
    first = put(3)
    _, place = read_all(store)
    put(2, resource=BOLD)
    assert read_all(store, place)[0] == []
    take_back(first[0])
    second = put(2)
    assert read_all(store, place)[0] == [(first[0], False), *((id, True) for id in second)]


def test_a_date_before_everything_gives_all(store, put):
    ids = put(3)
    with store.read() as tx:
        place = feed.place_at(tx, resource='T1w', at=0)
    assert [id for id, _ in read_all(store, place)[0]] == ids


def test_a_date_gives_what_was_stored_since_whatever_its_own_date(store, put, monkeypatch):
    now = time.time()
    put(3)
    put(2, resource=BOLD)
    monkeypatch.setattr(numbers.time, 'time', lambda: now + 3600)
    late = put(2, created_at=86_400)
    monkeypatch.setattr(numbers.time, 'time', lambda: now + 7200)
    later = put(1)
    with store.read() as tx:
        one = feed.place_at(tx, resource='T1w', at=int(now) + 3660)
        two = feed.place_at(tx, resource='T1w', at=int(now) + 7260)
    assert [id for id, _ in read_all(store, one)[0]] == [*late, *later]
    assert [id for id, _ in read_all(store, two)[0]] == later


def test_a_date_after_the_last_change_gives_nothing(store, put):
    put(3)
    with store.read() as tx:
        place = feed.place_at(tx, resource='T1w', at=int(time.time()) + 86_400)
    assert read_all(store, place)[0] == []
    ids = put(1)
    assert [id for id, _ in read_all(store, place)[0]] == ids


def test_a_date_gives_what_came_before_any_minute_was_noted(store, put):
    ids = put(3)
    with store.write() as tx:
        tx.exec_driver_sql('UPDATE clock SET seq = 3')
    with store.read() as tx:
        place = feed.place_at(tx, resource='T1w', at=86_400)
    assert [id for id, _ in read_all(store, place)[0]] == ids


def test_a_date_far_ahead_or_behind_is_a_date(store, put):
    put(2)
    for at in (-(10**15), 10**15):
        with store.read() as tx:
            assert feed.place_at(tx, resource='T1w', at=at).seq in {0, 1, 2}


def test_ordinals_are_found_across_holes(store, put, take_back):
    ids = put(9)
    for i in (0, 3, 4, 8):
        take_back(ids[i])
    with store.read() as tx:
        found = [feed._ordinal_at(tx, 'T1w', seq) for seq in range(11)]
    assert found == [0, 0, 2, 3, 3, 3, 6, 7, 8, 8, 8]


def test_a_resource_without_records_has_a_place_too(store, put):
    put(2)
    with store.read() as tx:
        assert feed.head(tx, resource='dwi') == Place(2, 0)
        assert feed.place_at(tx, resource='dwi', at=0) == START
        assert feed.count_until(tx, resource='dwi', until=0) == 0
