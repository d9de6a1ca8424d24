"""Which records their holders may take back, and which stay."""

from datetime import UTC, datetime

import pytest

from mriqc_webapi.errors import (
    PublicImageError,
    RatedError,
    RatingStaysError,
    ReceiptError,
    TooLateError,
    WithdrawnError,
)
from mriqc_webapi.store import holders, public_images
from mriqc_webapi.store.agreement import withdrawable_until
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.store.record import Sender, make_record
from tests.factories import MD5, NOW, RATING, T1W, make_rating, make_submission

HERE = Sender('mriqc', 'network-1')
THERE = Sender('mriqc', 'network-2')
YEAR_S = 365 * 86_400


@pytest.fixture
def secrets(store):
    with store.read() as tx:
        return Secrets.read(tx)


def put(store, sender=HERE, *, key=None, **given):
    """Store a record; give its id."""
    record = make_record(make_submission(**given), resource=T1W, now=NOW, sender=sender, key=key)
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [record])
    return outcome.id


def rate(store, sender):
    """Rate the image of the record; give the rating's id."""
    record = make_record(make_rating(), resource=RATING, now=NOW, sender=sender)
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [record])
    return outcome.id


def withdraw(store, secrets, id_, *, now=NOW, receipt=None):
    receipt = receipt or secrets.receipt_for(id_)
    with store.write() as tx:
        return holders.withdraw(tx, secrets, record_id=id_, receipt=receipt, now=now)


def look_up(store, secrets, id_):
    with store.read() as tx:
        return holders.look_up(
            tx, secrets, record_id=id_, receipt=secrets.receipt_for(id_), now=NOW
        )


def private_of(store, id_):
    with store.read() as tx:
        sql = f"SELECT content FROM private WHERE record_id = '{id_}'"
        return tx.exec_driver_sql(sql).scalar()


def test_a_record_is_withdrawn_by_its_receipt(store, secrets):
    id_ = put(store)
    held, is_new = withdraw(store, secrets, id_)
    assert (held.state, held.rule, held.withdrawn_at, is_new) == ('withdrawn', 'holder', NOW, True)


def test_to_withdraw_it_again_changes_nothing(store, secrets):
    id_ = put(store)
    first, _ = withdraw(store, secrets, id_)
    again, is_new = withdraw(store, secrets, id_, now=NOW + 60)
    assert (again, is_new) == (first, False)


def test_a_withdrawn_record_is_shown_to_nobody_but_its_holder(store, secrets):
    id_, other = put(store), put(store)
    withdraw(store, secrets, id_)
    with pytest.raises(ReceiptError):
        withdraw(store, secrets, id_, receipt=secrets.receipt_for(other))


@pytest.mark.parametrize(
    ('sent', 'until'),
    [('2026-11-22', '2027-11-22'), ('2024-02-29', '2025-03-01'), ('2023-12-31', '2024-12-31')],
)
def test_the_term_is_a_year_by_the_calendar(sent, until):
    at, end = (int(datetime.fromisoformat(f'{d}T12:00Z').timestamp()) for d in (sent, until))
    assert datetime.fromtimestamp(withdrawable_until(at), UTC).isoformat()[:10] == until
    assert withdrawable_until(at) == end


def test_after_twelve_months_a_record_stays(store, secrets):
    id_ = put(store)
    end = withdrawable_until(NOW)
    with pytest.raises(TooLateError, match='12 months'):
        withdraw(store, secrets, id_, now=end)
    assert withdraw(store, secrets, id_, now=end - 1)[1]


def test_a_record_of_a_public_image_stays(store, secrets):
    id_ = put(store)
    with store.write() as tx:
        public_images.add(tx, [MD5.upper()], source='OpenNeuro ds000030', now=NOW)
    with pytest.raises(PublicImageError, match='ds000030'):
        withdraw(store, secrets, id_)


def test_a_record_of_an_image_that_others_rated_stays(store, secrets):
    id_ = put(store)
    rate(store, THERE)
    with pytest.raises(RatedError):
        withdraw(store, secrets, id_)
    assert look_up(store, secrets, id_).obstacle.code == 'rated'


def test_ratings_of_ones_own_keep_no_record(store, secrets):
    id_ = put(store)
    rate(store, HERE)
    assert withdraw(store, secrets, id_)[1]


def test_a_correction_counts_as_its_first_rating(store, secrets):
    id_ = put(store)
    submission = make_rating('1')
    submission.document['amends'] = rate(store, HERE)
    with store.write() as tx:
        insert_batch(tx, [make_record(submission, resource=RATING, now=NOW)])
    assert withdraw(store, secrets, id_)[1]


def test_a_rating_stays(store, secrets):
    id_ = rate(store, HERE)
    with pytest.raises(RatingStaysError, match='correct it'):
        withdraw(store, secrets, id_)


def test_a_late_retry_does_not_bring_it_back(store, secrets):
    id_ = put(store, key='k')
    withdraw(store, secrets, id_)
    retry = make_record(make_submission(), resource=T1W, now=NOW, key='k', sender=HERE)
    with store.write() as tx:
        (outcome,) = insert_batch(tx, [retry])
    assert isinstance(outcome.refusal, WithdrawnError)


def test_its_id_is_not_given_again(store, secrets):
    id_ = put(store)
    withdraw(store, secrets, id_)
    with store.write() as tx:
        again = make_record(make_submission(id=id_), resource=T1W, now=NOW)
        (outcome,) = insert_batch(tx, [again])
    assert isinstance(outcome.refusal, WithdrawnError)


@pytest.mark.parametrize(
    ('email', 'left'), [('new@example.org', '{"contact":"new@example.org"}'), (None, '{}')]
)
def test_the_contact_of_a_record_can_be_changed(store, secrets, email, left):
    id_ = put(store, private={'provenance.email': 'old@example.org'})
    with store.write() as tx:
        holders.change_contact(
            tx,
            secrets,
            record_id=id_,
            receipt=secrets.receipt_for(id_),
            email=email,
            now=NOW,
        )
    assert private_of(store, id_) == left


def test_a_change_of_contact_keeps_the_idempotency_key(store, secrets):
    id_ = put(store, key='k')
    with store.write() as tx:
        receipt = secrets.receipt_for(id_)
        holders.change_contact(
            tx, secrets, record_id=id_, receipt=receipt, email='a@example.org', now=NOW
        )
    assert put(store, key='k') == id_


def test_public_images_are_added_once_and_removed(store):
    with store.write() as tx:
        assert public_images.add(tx, ['A' * 32, 'b' * 32, 'a' * 32], source='x', now=NOW) == 2
        assert public_images.add(tx, ['a' * 32], source='y', now=NOW) == 0
        assert public_images.source_of(tx, md5sum='a' * 32) == 'x'
        assert public_images.remove(tx, ['a' * 32, 'c' * 32]) == 1
        assert [image.md5sum for image in public_images.page(tx)] == ['b' * 32]
