"""Outliers, against the rule that the answer states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive.statistics.outliers import Outliers
from mriqc_webapi.errors import QueryError
from tests.archive.statistics.conftest import FEW, Laboratory


def documents_of(values: list, maker: str = 'A') -> list[dict]:
    return [{'cjv': v, 'bids_meta': {'Manufacturer': maker}} for v in values]


@pytest.mark.parametrize('k', [1.0, 3.5])
def test_the_records_beyond_the_robust_limits_are_found(bold, k):
    documents, laboratory = bold
    values = np.array([d['fd_mean'] for d in documents])
    median = np.median(values)
    scale = 1.4826 * np.median(np.abs(values - median))
    z = (values - median) / scale
    told = laboratory.ask(Outliers(iqm='fd_mean', k=k, limit=1000))
    expected = sorted(z[np.abs(z) > k], key=abs, reverse=True)
    assert [one['z'] for one in told['outliers']] == pytest.approx(expected, rel=1e-9)
    assert told['n_outliers'] == len(expected) > 0
    assert told['rule']['k'] == k


numbers = st.integers(-50, 50).map(float)


@FEW
@given(st.lists(st.tuples(numbers, st.sampled_from('AB')), min_size=1, max_size=50))
def test_each_record_is_held_against_its_own_group(pairs):
    documents = [{'cjv': v, 'bids_meta': {'Manufacturer': m}} for v, m in pairs]
    laboratory = Laboratory(documents)
    field = 'bids_meta.Manufacturer'
    told = laboratory.ask(Outliers(iqm='cjv', by=(field,), k=2, min_group=3, limit=1000))
    laboratory.connection.close()
    expected = set()
    for maker in 'AB':
        own = [v for v, m in pairs if m == maker]
        mad = np.median(np.abs(np.array(own) - np.median(own))) if len(own) >= 3 else 0
        for i, (value, m) in enumerate(pairs):
            if m == maker and mad and abs(value - np.median(own)) > 2 * 1.4826 * mad:
                expected.add(f'{i:024x}')
    assert {one['_id'] for one in told['outliers']} == expected
    assert told['n_outliers'] == len(expected)


def test_given_limits_hold_for_all_groups(lab):
    documents = documents_of([0, 1, 2, 3]) + documents_of([-1], 'B')
    told = lab(documents).ask(
        Outliers(iqm='cjv', low=0.0, high=2.0, by=('bids_meta.Manufacturer',))
    )
    assert [one['value'] for one in told['outliers']] == [3, -1]
    assert told['rule'] == {'kind': 'range', 'low': 0, 'high': 2}
    assert [g['n_outliers'] for g in told['groups']] == [1, 1]


def test_one_limit_will_do(lab):
    told = lab(documents_of([0, 1, 2, 3])).ask(Outliers(iqm='cjv', high=1.0))
    assert [one['value'] for one in told['outliers']] == [3, 2]


def test_groups_that_are_small_or_flat_are_not_judged(lab):
    documents = documents_of([0.0] * 20 + [9.0]) + documents_of([1, 2, 30], 'B')
    told = lab(documents).ask(Outliers(iqm='cjv', by=('bids_meta.Manufacturer',)))
    assert (told['n_outliers'], told['n_used'], told['n_missing']) == (0, 0, 24)
    (flat,) = told['groups']
    assert (flat['low'], flat['n_unjudged']) == (None, 21)
    assert (told['other']['n_groups'], told['other']['n_unjudged']) == (1, 3)


def test_a_median_of_zero_is_a_median(lab):
    told = lab(documents_of([-1.0, -1.0, 0.0, 1.0, 1.0, 99.0, -1.0])).ask(Outliers(iqm='cjv'))
    assert [one['value'] for one in told['outliers']] == [99.0]


def test_outliers_come_page_by_page(lab):
    laboratory = lab(documents_of([0, 10, 20, 30, 40]))
    pages = [
        laboratory.ask(Outliers(iqm='cjv', high=5.0, limit=2, offset=o))['outliers']
        for o in (0, 2, 4)
    ]
    assert [[one['value'] for one in page] for page in pages] == [[40, 30], [20, 10], []]


def test_a_record_is_told_with_its_scan_and_time(lab):
    documents = [{'cjv': 1.0, 'provenance': {'md5sum': 'm'}}]
    (one,) = lab(documents).ask(Outliers(iqm='cjv', high=0.0))['outliers']
    assert one['md5sum'] == 'm'
    assert one['_created'] == '1970-01-01T00:00:00+00:00'
    assert one['group'] == {}


def test_the_farthest_of_groups_that_spread_differently_come_first(lab):
    # 60 is 6 of its group's scales away, 15 is 10 of its own
    wide = [-20.0, -10.0, 0.0, 10.0, 20.0, 60.0]
    narrow = [-2.0, -1.0, 0.0, 1.0, 2.0, 15.0]
    documents = documents_of(wide) + documents_of(narrow, 'B')
    field = 'bids_meta.Manufacturer'
    told = lab(documents).ask(Outliers(iqm='cjv', by=(field,), k=2, min_group=3))
    assert [one['value'] for one in told['outliers']] == [15, 60]
    assert [one['group'][field] for one in told['outliers']] == ['B', 'A']
    assert told['outliers'][0]['z'] > told['outliers'][1]['z']


def test_equally_far_ones_come_in_the_order_of_their_arrival(lab):
    told = lab(documents_of([3, -2, 3, 4, -2])).ask(Outliers(iqm='cjv', low=0.0, high=1.0))
    assert [int(one['_id'], 16) for one in told['outliers']] == [3, 0, 1, 2, 4]


def test_given_limits_may_be_one_number(lab):
    told = lab(documents_of([0, 1, 2])).ask(Outliers(iqm='cjv', low=1.0, high=1.0))
    assert [one['value'] for one in told['outliers']] == [0, 2]


def test_without_groups_none_is_too_small(lab):
    told = lab(documents_of([-1, 0, 1, 99])).ask(Outliers(iqm='cjv', min_group=10))
    assert [one['value'] for one in told['outliers']] == [99]
    assert 'min_group' not in told['rule']
    by_maker = Outliers(iqm='cjv', by=('bids_meta.Manufacturer',), min_group=3)
    assert lab([]).ask(by_maker)['rule']['min_group'] == 3


def test_others_are_told_only_where_there_are_any(lab):
    by_maker = Outliers(iqm='cjv', by=('bids_meta.Manufacturer',), min_group=2)
    laboratory = lab(documents_of([0, 1, 2]))
    assert laboratory.ask(by_maker)['other'] is None
    assert laboratory.ask(Outliers(iqm='cjv'))['other'] is None


def test_limits_beyond_all_doubles_are_none(lab):
    told = lab(documents_of([-1.7e308, 0.0, 1.7e308, 1e308])).ask(Outliers(iqm='cjv'))
    assert told['outliers'] == []


def test_no_records_have_no_outliers(lab):
    told = lab([]).ask(Outliers(iqm='cjv', by=('bids_meta.Manufacturer',)))
    assert (told['groups'], told['outliers'], told['n_used']) == ([], [], 0)


@pytest.mark.parametrize(
    'given',
    [
        {'k': 0.0},
        {'low': float('nan')},
        {'low': 2.0, 'high': 1.0},
        {'limit': 0},
        {'offset': -1},
        {'limit': 1001},
    ],
)
def test_questions_without_an_answer_are_refused(given):
    with pytest.raises(QueryError):
        Outliers(iqm='cjv', **given)
