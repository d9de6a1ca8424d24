"""What an answer says of itself, and how long it is kept."""

import time

import orjson
import pytest

from mriqc_webapi.archive.statistics import frame
from mriqc_webapi.archive.statistics.distribution import Distribution
from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.archive.statistics.sample import Population
from mriqc_webapi.archive.statistics.summary import Summary
from mriqc_webapi.errors import NotFoundError, QueryTimeoutError
from mriqc_webapi.query.where import parse_where
from tests.archive.conftest import in_the_end, make_resource, put, take_back

RAW = Population(view='raw')
QUESTION = Distribution(iqm='cjv')


@pytest.fixture
def ask(local_store, archive):
    """Put a question to an archive of an empty store."""
    statistics = Statistics(archive, timeout_s=20)
    t1w = make_resource()

    def put_question(question=QUESTION, population=RAW):
        return orjson.loads(in_the_end(lambda: statistics.ask(t1w, question, population)))

    return put_question


def test_an_answer_names_its_resource_view_numbers_and_version(ask, local_store):
    put(local_store, {'cjv': 0.5}, {'snr': 1.0})
    told = ask()
    assert told['data_version'] == 2
    assert (told['resource'], told['view']) == ('T1w', 'raw')
    assert (told['n_used'], told['n_missing']) == (1, 1)


def test_an_answer_knows_all_that_was_stored_and_withdrawn_before(ask, local_store):
    first, *_ = put(local_store, {'cjv': 0.5})
    assert ask()['n_used'] == 1
    put(local_store, {'cjv': 0.6})
    assert ask()['n_used'] == 2
    take_back(local_store, first)
    assert ask()['n_used'] == 1


def test_the_same_question_is_computed_once_while_nothing_changes(ask, local_store, monkeypatch):
    computed = []
    compute = frame.framed
    monkeypatch.setattr(frame, 'framed', lambda *a: computed.append(a) or compute(*a))
    put(local_store, {'cjv': 0.5})
    assert ask() == ask()
    assert len(computed) == 1
    ask(population=Population(view='scan'))
    ask(Distribution(iqm='cjv', bins=3))
    ask(population=Population(view='raw', where=parse_where('{"cjv": 1}')))
    assert len(computed) == 4


def test_changes_of_another_resource_leave_an_answer_but_not_its_version(ask, local_store):
    put(local_store, {'cjv': 0.5})
    before = ask()
    put(local_store, {'cjv': 0.5}, resource='bold')
    after = ask()
    assert after.pop('data_version') == before.pop('data_version') + 1
    assert after == before


def test_repeats_count_once_in_the_canonical_view(ask, local_store):
    document = {'cjv': 0.5, 'snr': 1.0, 'provenance': {'md5sum': 'm', 'version': '1.0'}}
    put(local_store, document, document)
    assert ask()['n_used'] == 2
    assert ask(population=Population(view='scan'))['n_used'] == 1


def test_an_unknown_resource_is_not_found(archive):
    with pytest.raises(NotFoundError):
        in_the_end(
            lambda: Statistics(archive, timeout_s=20).ask(make_resource('x'), QUESTION, RAW)
        )


def test_work_outside_the_database_is_stopped_in_time_too(bold):
    _, laboratory = bold
    with pytest.raises(QueryTimeoutError):
        Summary().answer(laboratory.sample(deadline=time.monotonic() - 1))
