"""The scales of a policy are those of the records, and the first are those of the demo."""

import numpy as np
import pytest

from mriqc_webapi.archive import freezing
from mriqc_webapi.archive.policy import first_policy, policy_at, policy_of
from mriqc_webapi.archive.scales import corpus_scales
from mriqc_webapi.errors import ConflictError, NotFoundError
from mriqc_webapi.store import policies
from tests.archive.conftest import in_the_end, make_catalogue, put
from tests.archive.repeats import make_measured, make_record


@pytest.fixture
def archive(local_store, open_archive):
    """An archive of an empty store; it knows resources whose metrics are required."""
    catalogue = make_catalogue(make_measured(), make_measured('bold'))
    return open_archive(local_store, catalogue=catalogue)


def scales_of(archive, resource='T1w'):
    """Measure the scales."""
    in_the_end(archive.require_ready)
    with archive.reading(resource) as reading:
        return corpus_scales(reading)


def test_a_scale_is_the_interquartile_range_of_distinct_complete_vectors(archive, local_store):
    values = [0.1, 0.2, 0.4, 0.8, 1.6]
    often = [make_record(0.1, 1 + 2 * 0.1) for _ in range(7)]
    distinct = [make_record(v, 1 + 2 * v) for v in values]
    put(local_store, *often, *distinct, make_record(99.0, None))
    low, high = np.percentile(values, [25, 75])
    found = scales_of(archive)
    assert found['cjv'] == pytest.approx(high - low, rel=1e-9)
    assert found['efc'] == pytest.approx(2 * (high - low), rel=1e-9)


def test_where_it_is_zero_it_is_that_of_the_values_that_are_not(archive, local_store):
    mostly_zero = [0.0] * 9 + [1.0, 2.0]
    put(local_store, *(make_record(v / 99, 1.0, q) for v, q in enumerate(mostly_zero)))
    assert scales_of(archive)['qi_1'] == pytest.approx(0.5)


def test_where_that_is_zero_too_there_is_none(archive, local_store):
    put(local_store, make_record(0.1), make_record(0.2))
    assert scales_of(archive) == {'cjv': pytest.approx(0.05), 'efc': None, 'qi_1': None}


def test_without_a_complete_vector_there_are_none(archive, local_store):
    put(local_store, make_record(None))
    assert scales_of(archive) == {}


def test_freezing_makes_the_next_version_of_the_records_at_hand(archive, local_store):
    put(local_store, make_record(0.1), make_record(0.2))
    put(local_store, make_record(0.1))  # as the first
    in_the_end(archive.require_ready)
    made = freezing.freeze(archive)
    assert (made.version, made.scales['T1w']) == (2, scales_of(archive))
    assert made.scales['bold'] == first_policy().scales['bold']
    with local_store.read() as tx:
        assert policy_at(tx) == made
    assert made.n_vectors == {'T1w': 2}
    in_the_end(archive.require_ready)
    again = freezing.freeze(archive)
    assert (again.version, again.n_vectors) == (3, made.n_vectors)
    with local_store.read() as tx:
        assert [policy_of(tx, n) for n in (1, 2, 3)] == [first_policy(), made, again]
        for unknown in (0, 4, 10**20):
            with pytest.raises(NotFoundError, match=f'no version {unknown}'):
                policy_of(tx, unknown)


def test_a_resource_without_required_metrics_is_not_measured(local_store, open_archive):
    archive = open_archive(local_store)  # its metrics may all be absent
    put(local_store, {'cjv': 0.5}, {'cjv': 0.6})
    in_the_end(archive.require_ready)
    with pytest.raises(ConflictError, match='nothing to measure'):
        freezing.freeze(archive)


def test_nothing_is_frozen_where_nothing_was_measured(archive, local_store):
    put(local_store, make_record(None))
    in_the_end(archive.require_ready)
    with pytest.raises(ConflictError, match='nothing to measure'):
        freezing.freeze(archive)
    with local_store.read() as tx:
        assert policy_at(tx) == first_policy()


def test_of_two_that_freeze_at_once_one_is_refused(store):
    with store.write() as tx:
        policies.freeze(tx, version=2, content='{}', now=3600)
    with pytest.raises(ConflictError, match='is 3, not 2'), store.write() as tx:
        policies.freeze(tx, version=2, content='{}', now=3600)


def test_a_frozen_policy_is_found(store):
    with store.write() as tx:
        assert policies.find(tx) is None
        seq = policies.freeze(tx, version=2, content='{"a":1}', now=3600)
        assert policies.find(tx, seq=seq - 1) is None
    with store.read() as tx:
        assert policies.find(tx) == (2, seq, 3600, '{"a":1}')
