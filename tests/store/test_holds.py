"""Held records: out of every answer, and back as they were."""

import pytest

from mriqc_webapi.errors import NotFoundError, WithdrawnError
from mriqc_webapi.store import feed, holders, holds, receipts, withdrawal
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.store.record import Sender, make_record
from mriqc_webapi.store.records import count, find_item, page
from tests.factories import NOW, T1W, make_submission

HERE, THERE = Sender('mriqc', 'network-1'), Sender('mriqc', 'network-2')
OTHER = Sender('other', 'network-1')


def put(store, *senders, email=None, key=None):
    private = {'provenance.email': email} if email else {}
    made = [
        make_record(
            make_submission(private=private), resource=T1W, now=NOW, sender=sender, key=key
        )
        for sender in senders
    ]
    with store.write() as tx:
        return [outcome.id for outcome in insert_batch(tx, made)]


def hold(store, *ids):
    with store.write() as tx:
        holds.hold(tx, ids, now=NOW)


def release(store, *ids):
    with store.write() as tx:
        holds.release(tx, ids)


def listed(store):
    with store.read() as tx:
        rows = page(tx, resource='T1w', offset=0, limit=9)
        assert len(rows) == count(tx, resource='T1w')
    return [row.id for row in rows]


def test_a_held_record_is_found_no_more_and_comes_back_last(store):
    ids = put(store, HERE, HERE, HERE)
    with store.read() as tx:
        before = find_item(tx, resource='T1w', id=ids[0])
    hold(store, ids[0])
    assert listed(store) == ids[1:]
    release(store, ids[0])
    assert listed(store) == [*ids[1:], ids[0]]
    with store.read() as tx:
        assert find_item(tx, resource='T1w', id=ids[0]) == before


def test_a_held_record_is_not_said_to_be_withdrawn(store):
    (id_,) = put(store, HERE)
    hold(store, id_)
    with store.write() as tx:
        assert withdrawal.withdrawn_at(tx, resource='T1w', id=id_) is None
        withdrawal.withdraw(tx, id=id_, rule='test', now=NOW)
        assert withdrawal.withdrawn_at(tx, resource='T1w', id=id_) == NOW


def test_a_record_can_be_held_again(store):
    (id_,) = put(store, HERE)
    for _ in range(2):
        hold(store, id_)
        release(store, id_)
    assert listed(store) == [id_]


def test_the_feed_tells_of_both(store):
    (id_,) = put(store, HERE)
    hold(store, id_)
    release(store, id_)
    with store.read() as tx:
        found = feed.changes_after(tx, resource='T1w', after=feed.Place(1, 1), limit=9)
    assert [(c.seq, c.id, hasattr(c, 'doc')) for c in found.changes] == [
        (2, id_, False),
        (3, id_, True),
    ]


def test_what_is_not_there_cannot_be_held_or_released(store):
    (id_,) = put(store, HERE)
    with pytest.raises(NotFoundError):
        hold(store, '0' * 24)
    with pytest.raises(NotFoundError):
        release(store, id_)


def test_a_retry_does_not_store_a_held_record_again(store):
    (id_,) = put(store, HERE, key='k')
    hold(store, id_)
    retry = make_record(make_submission(), resource=T1W, now=NOW, key='k', sender=HERE)
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [retry])
    assert isinstance(outcome.refusal, WithdrawnError)
    release(store, id_)
    assert put(store, HERE, key='k') == [id_]


def test_a_released_record_is_still_its_senders(store):
    (id_,) = put(store, HERE)
    hold(store, id_)
    release(store, id_)
    with store.read() as tx:
        secrets = Secrets.read(tx)
        assert receipts.fetch(tx, secrets, record_id=id_, sender=HERE)


def test_submitters_are_told_apart_by_token_network_and_address(store):
    here, there, other = put(store, HERE, THERE, OTHER)
    (mailed,) = put(store, None, email='Jane_1@example.org')
    put(store, None, email='janex1@example.org')
    with store.read() as tx:
        assert holds.ids_of_token(tx, token='mriqc', held=False) == [here, there]
        assert holds.ids_like(tx, record_id=there, held=False) == [there]
        assert holds.ids_of_email(tx, email='jane_1@example.org', held=False) == [mailed]
        with pytest.raises(NotFoundError):
            holds.ids_like(tx, record_id=mailed, held=False)
    hold(store, here, mailed)
    with store.read() as tx:
        assert holds.ids_like(tx, record_id=here, held=True) == [here]
        assert holds.ids_of_email(tx, email='jane_1@example.org', held=True) == [mailed]
        assert {one.id for one in holds.held_records(tx)} == {here, mailed}
    assert other in listed(store)


def test_a_held_record_can_be_withdrawn_by_its_holder(store):
    (id_,) = put(store, HERE)
    hold(store, id_)
    with store.write() as tx:
        secrets = Secrets.read(tx)
        given = {'record_id': id_, 'receipt': secrets.receipt_for(id_), 'now': NOW}
        assert holders.look_up(tx, secrets, **given).state == 'held'
        held, _ = holders.withdraw(tx, secrets, **given)
        assert (held.state, held.rule) == ('withdrawn', 'holder')
        assert holds.held_records(tx) == []
