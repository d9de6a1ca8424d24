"""Receipts: who has one may correct or take back a record, and nobody else."""

import time

import pytest

from mriqc_webapi.errors import NoReceiptError, NotFoundError, ReceiptError
from mriqc_webapi.store import receipts
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.receipts import FETCHED_WITHIN_S, Secrets
from mriqc_webapi.store.record import Sender, make_record
from tests.factories import NOW, RATING, T1W, make_rating, make_submission, ready_record

HERE = Sender('mriqc', 'network-1')


@pytest.fixture
def secrets(store):
    with store.read() as tx:
        return Secrets.read(tx)


def put(store, *senders, resource=T1W):
    """Store a record per sender in one batch; give their ids."""
    made = [
        make_record(make_submission(resource), resource=resource, now=NOW, sender=sender)
        for sender in senders
    ]
    with store.write() as tx:
        return [outcome.id for outcome in insert_batch(tx, made)]


def correct(store, first_id):
    """Store a correction of a rating; give its id."""
    submission = make_rating()
    submission.document['amends'] = first_id
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [make_record(submission, resource=RATING, now=NOW)])
    return outcome.id


def fetch(store, secrets, record_id, sender=HERE, **given):
    with store.read() as tx:
        return receipts.fetch(tx, secrets, record_id=record_id, sender=sender, **given)


def test_a_receipt_is_always_the_same_and_says_what_it_is(store, secrets):
    (record_id,) = put(store, HERE)
    receipt = fetch(store, secrets, record_id)
    assert receipt == fetch(store, secrets, record_id) == secrets.receipt_for(record_id)
    assert receipt.startswith('mrq_')
    assert len(receipt) == 44  # 160 bits


def test_its_receipt_opens_a_record_and_no_other_one_does(store, secrets):
    one, other = put(store, HERE, HERE)
    with store.read() as tx:
        receipts.verify(tx, secrets, record_id=one, receipt=secrets.receipt_for(one))
        for wrong in (secrets.receipt_for(other), '', None, 'mrq_', '\N{SNOWMAN}' * 44):
            with pytest.raises(ReceiptError):
                receipts.verify(tx, secrets, record_id=one, receipt=wrong)


def test_the_receipt_of_the_first_rating_opens_its_corrections(store, secrets):
    (first,) = put(store, HERE, resource=RATING)
    second = correct(store, first)
    assert fetch(store, secrets, first) == secrets.receipt_for(first)
    with store.read() as tx:
        receipts.verify(tx, secrets, record_id=second, receipt=secrets.receipt_for(first))
        with pytest.raises(ReceiptError):
            receipts.verify(tx, secrets, record_id=second, receipt=secrets.receipt_for(second))


def test_each_of_a_batch_is_known_by_its_own_sender(store, secrets):
    there = Sender('other', 'network-2')
    ids = put(store, HERE, HERE, there, None, HERE)
    for record_id, sender in zip(ids, (HERE, HERE, there, None, HERE), strict=True):
        if sender is not None:
            assert fetch(store, secrets, record_id, sender) == secrets.receipt_for(record_id)
    with pytest.raises(ReceiptError, match='another token'):
        fetch(store, secrets, ids[2], HERE)
    with pytest.raises(NoReceiptError, match='imported'):
        fetch(store, secrets, ids[3])


def test_a_shared_token_does_not_open_what_came_from_elsewhere(store, secrets):
    (record_id,) = put(store, HERE)
    with pytest.raises(ReceiptError, match='another network'):
        fetch(store, secrets, record_id, Sender(HERE.token, 'network-2'))


def test_a_receipt_can_be_fetched_for_a_day(store, secrets):
    (record_id,) = put(store, HERE)
    almost = int(time.time()) + FETCHED_WITHIN_S - 60
    assert fetch(store, secrets, record_id, now=almost)
    with pytest.raises(NoReceiptError, match='a day'):
        fetch(store, secrets, record_id, now=almost + 300)


def test_nothing_has_a_receipt_that_is_not_there(store, secrets):
    with pytest.raises(NotFoundError):
        fetch(store, secrets, '0' * 24)


def test_records_after_the_last_known_sender_have_no_receipt(store, secrets):
    put(store, HERE)
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [ready_record()])
    with pytest.raises(NoReceiptError):
        fetch(store, secrets, outcome.id)


def test_another_store_gives_other_receipts(tmp_path):
    found = set()
    for name in 'ab':
        with Store.open(f'sqlite:///{tmp_path / name}.sqlite') as store, store.read() as tx:
            found.add(Secrets.read(tx).receipt_for('0' * 24))
    assert len(found) == 2


def test_secrets_do_not_show_when_they_are_printed(store, secrets):
    assert repr(secrets) == 'Secrets()'
