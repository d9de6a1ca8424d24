"""What is passed on: each record gets one state, and moves only where it may."""

import pytest

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import passing, records, withdrawal
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record
from mriqc_webapi.submissions.submission import Submission

NOW = 1_700_000_000
T1W = load_catalogue(None)['T1w']


@pytest.fixture
def add(store):
    """Store some records; give their ids."""

    def add(n: int = 1) -> list[str]:
        made = [
            make_record(Submission(resource='T1w', document={'i': i}), resource=T1W, now=NOW)
            for i in range(n)
        ]
        with store.write() as tx:
            insert_batch(tx, made)
        return [record.id for record in made]

    return add


@pytest.fixture
def follow(store):
    """Give all that is new a state."""

    def follow(state: str = 'pending') -> None:
        with store.write() as tx:
            after = passing.mark(tx)
            changes = records.changes(tx, after=after, limit=1000)
            states = [state for change in changes if change.doc]
            passing.take_in(tx, changes, states, after=after, now=NOW)

    return follow


def due(store) -> list[str]:
    with store.read() as tx:
        return [one.id for one in passing.due(tx, now=NOW, limit=100)]


def states(store) -> dict[str, int]:
    with store.read() as tx:
        return {state: n for state, n in passing.summarise(tx).counts.items() if n}


def test_what_is_pending_is_due_in_the_order_of_the_store(store, add, follow):
    ids = add(3)
    follow()
    assert due(store) == ids


def test_changes_that_somebody_else_took_in_are_not_taken_in_again(store, add, follow):
    add()
    with store.read() as tx:
        changes = records.changes(tx, after=0, limit=10)
    follow('held')
    with store.write() as tx:
        passing.take_in(tx, changes, ['pending'], after=0, now=NOW)
    assert states(store) == {'held': 1}


def test_who_starts_with_what_is_new_leaves_the_old_alone(store, add, follow):
    add()
    with store.write() as tx:
        passing.begin(tx, with_what_is_there=False)
    (new,) = add()
    follow()
    assert due(store) == [new]


def test_starting_again_does_not_move_the_mark(store, add):
    with store.write() as tx:
        passing.begin(tx, with_what_is_there=True)
    add()
    with store.write() as tx:
        passing.begin(tx, with_what_is_there=False)
        assert passing.mark(tx) == 0


def test_what_failed_waits_until_it_is_due_again(store, add, follow):
    (id,) = add()
    follow()
    with store.write() as tx:
        passing.postpone(tx, id=id, due_at=NOW + 5, problem='away')
    assert due(store) == []
    with store.read() as tx:
        assert passing.due(tx, now=NOW + 6, limit=10)[0].n_failed == 1
        assert passing.summarise(tx).problem == 'away'


def test_approval_lets_go_what_is_held_and_leaves_the_rest(store, add, follow):
    _, second = add(2)
    follow('held')
    with store.write() as tx:
        moved = passing.move(tx, to='pending', among=('held',), ids=[second, 'x'], now=NOW)
    assert moved == [second]
    assert due(store) == [second]


def test_a_record_that_was_withdrawn_before_it_went_never_goes(store, add, follow):
    (id,) = add()
    follow()
    with store.write() as tx:
        withdrawal.withdraw(tx, id=id, rule='holder', now=NOW)
    follow()
    assert (due(store), states(store)) == ([], {'withdrawn': 1})


def test_a_record_that_was_withdrawn_after_it_went_is_due_with_its_receipt(store, add, follow):
    (id,) = add()
    follow()
    with store.write() as tx:
        passing.settle(tx, id=id, state='sent', receipt='mrq_1', now=NOW)
        withdrawal.withdraw(tx, id=id, rule='holder', now=NOW)
    follow()
    with store.read() as tx:
        (one,) = passing.due(tx, now=NOW, limit=10)
    assert (one.state, one.receipt, one.doc) == ('leaving', 'mrq_1', None)


def test_reasons_of_refusals_are_counted(store, add, follow):
    ids = add(2)
    follow()
    with store.write() as tx:
        for id in ids:
            passing.settle(tx, id=id, state='refused', problem='no cjv', now=NOW)
    with store.read() as tx:
        assert passing.summarise(tx).reasons == {'no cjv': 2}


def test_what_an_operator_holds_back_waits_and_is_due_again_when_released(store, add, follow):
    from mriqc_webapi.store import holds

    (id,) = add()
    follow()
    with store.write() as tx:
        holds.hold(tx, [id], now=NOW)
    follow()
    assert (due(store), states(store)) == ([], {'pending': 1})
    with store.write() as tx:
        holds.release(tx, [id])
    follow()
    assert due(store) == [id]
