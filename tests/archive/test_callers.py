"""What nobody waits for any more is stopped."""

import threading

import pytest

from mriqc_webapi.archive.callers import Caller, current_caller, working_for
from mriqc_webapi.errors import ClientGoneError
from tests.archive.conftest import EVERYTHING, put, seqs_of

SLOW_SQL = 'SELECT count(*) FROM range(9000000) a(x), range(9000000) b(y) WHERE x * y % 7 = 3'


def test_a_query_is_stopped_when_its_caller_leaves(archive, local_store):
    put(local_store, {'cjv': 1.0})
    seqs_of(archive)
    caller = Caller()
    leaving = threading.Timer(0.2, caller.leave)
    leaving.start()
    with pytest.raises(ClientGoneError), working_for(caller), archive.reading('T1w') as reading:
        reading.cursor.execute(SLOW_SQL)
    leaving.join()


def test_a_query_of_a_caller_who_has_left_does_not_run(archive, local_store):
    put(local_store, {'cjv': 1.0})
    seqs_of(archive)
    caller = Caller()
    caller.leave()
    with pytest.raises(ClientGoneError), working_for(caller), archive.reading('T1w') as reading:
        reading.cursor.execute(SLOW_SQL)


def test_others_go_on_when_somebody_leaves(archive, local_store):
    put(local_store, {'cjv': 1.0})
    seqs_of(archive)
    with working_for(Caller()):
        somebody = Caller()
        with working_for(somebody):
            somebody.leave()
        assert archive.count('T1w', where=EVERYTHING) == 1


def test_work_outside_the_database_hears_of_it_too():
    caller = Caller()
    with working_for(caller):
        current_caller().require_waiting()
        caller.leave()
        with pytest.raises(ClientGoneError):
            current_caller().require_waiting()


def test_who_works_for_nobody_works_on():
    current_caller().leave()
    current_caller().require_waiting()
