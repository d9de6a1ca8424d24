"""Each rule of the policy on duplicates by itself, and all of them in any order of arrival."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriqc_webapi.archive.groups import medoids
from mriqc_webapi.archive.policy import (
    FUNCTIONAL_LIMIT,
    STRUCTURAL_LIMIT,
    TEXT,
    Policy,
    first_policy,
)
from tests.archive.conftest import Row, make_row
from tests.archive.repeats import (
    METRICS,
    Views,
    judged,
    make_record,
    plainly_first,
    plainly_judged,
    states,
)


def test_a_record_without_a_repeat_stands_for_itself():
    assert judged(make_record()) == [(True, 'canonical', 1, 0.0)]


def test_of_equal_records_that_of_the_lowest_id_is_canonical():
    assert judged(make_record(), make_record(), make_record()) == [
        (False, 'canonical', 3, 0.0),
        (False, 'member', 3, 0.0),
        (True, 'member', 3, 0.0),
    ]


@pytest.mark.parametrize(
    'other',
    [
        {'md5sum': 'b'},
        {'version': '0.16.2'},
        {'software': 'qap'},
        {'testing': True},
        {'testing': False},
    ],
)
def test_records_of_another_image_software_version_or_setting_are_another_group(other):
    assert states(make_record(0.1), make_record(9.0, **other)) == ['canonical', 'canonical']


def test_settings_of_other_modalities_do_not_part_groups():
    assert states(make_record(), make_record(fd_thres=0.2)) == ['canonical', 'member']
    assert states(make_record(), make_record(testing=True), name='bold') == ['canonical', 'member']


@pytest.mark.parametrize('setting', [{'fd_thres': 0.5}, {'hmc_fsl': True}])
def test_functional_records_are_parted_by_the_settings_of_head_motion(setting):
    told = {'fd_thres': 0.2, 'hmc_fsl': False}
    found = states(make_record(**told), make_record(**(told | setting)), name='bold')
    assert found == ['canonical', 'canonical']


def test_one_missing_value_quarantines_the_group():
    found = judged(make_record(), make_record(efc=None))
    assert [row[1:] for row in found] == [('quarantined', 2, None)] * 2


def test_a_single_record_with_a_missing_value_is_quarantined():
    assert judged(make_record(cjv=None)) == [(True, 'quarantined', 1, None)]


def test_a_missing_value_outside_the_metric_vector_does_not_matter():
    record = make_record() | {'summary_bg_k': None, 'spacing_tr': None}
    assert states(record) == ['canonical']


@pytest.mark.parametrize('other', [{'size_x': 65}, {'spacing_tr': 2.0}])
def test_groups_whose_sizes_or_spacings_differ_are_quarantined(other):
    found = judged(make_record(), make_record() | other)
    assert [row[1:] for row in found] == [('quarantined', 2, 0.0)] * 2


@pytest.mark.parametrize(
    ('name', 'spread', 'state'),
    [
        ('T1w', 0.049, 'member'),
        ('T1w', 0.051, 'quarantined'),
        ('bold', 4.9e-7, 'member'),
        ('bold', 5.1e-7, 'quarantined'),
    ],
)
def test_the_diameter_decides(name, spread, state):
    *_, (_, found, _, diameter) = judged(make_record(1.0), make_record(1.0 + spread), name=name)
    assert (found, diameter) == (state, pytest.approx(spread / METRICS['cjv'], rel=1e-6))


def test_a_diameter_of_just_the_limit_is_admitted():
    assert judged(make_record(0.0), make_record(0.05))[1] == (True, 'member', 2, 0.1)


@pytest.mark.parametrize(
    ('scale', 'spread', 'state'),
    [
        (0.83, 0.083, 'member'),  # 0.083 · (1 / 0.83) is above 0.1
        (0.7, 0.07, 'quarantined'),  # 0.07 · (1 / 0.7) is not
    ],
)
def test_the_spread_is_divided_by_the_scale_to_the_last_digit(scale, spread, state):
    views = Views(policy=Policy(version=1, scales={'T1w': METRICS | {'cjv': scale}}))
    views.add([make_row(i, make_record(v)) for i, v in enumerate((0.0, spread))])
    _, last = views.rows().values()
    views.close()
    assert last == (True, state, 2, spread / scale)


def test_the_diameter_is_the_largest_over_the_metrics():
    *_, (*_, diameter) = judged(make_record(1.0, 1.0), make_record(1.01, 1.1))
    assert diameter == pytest.approx(0.1 / METRICS['efc'])


def test_any_difference_in_a_metric_without_a_scale_is_infinite():
    found = judged(make_record(qi_1=0.0), make_record(qi_1=1e-300))
    assert [row[1:] for row in found] == [('quarantined', 2, math.inf)] * 2


def test_no_difference_in_a_metric_without_a_scale_is_none():
    assert states(make_record(qi_1=7.0), make_record(qi_1=7.0)) == ['canonical', 'member']


def test_zero_and_minus_zero_are_the_same():
    assert states(make_record(qi_1=0.0), make_record(qi_1=-0.0)) == ['canonical', 'member']


def test_the_medoid_is_canonical():
    found = states(make_record(0.50), make_record(0.53), make_record(0.51))
    assert found == ['member', 'member', 'canonical']


def test_the_medoid_is_that_of_the_distinct_vectors():
    # by records, 0.50 would be in the middle
    often = [make_record(0.50) for _ in range(5)]
    found = states(*often, make_record(0.51), make_record(0.53))
    assert found == ['member'] * 5 + ['canonical', 'member']


def test_of_records_with_the_medoid_vector_that_of_the_lowest_id_is_canonical():
    found = states(make_record(0.50), make_record(0.51), make_record(0.51), make_record(0.53))
    assert found == ['member', 'canonical', 'member', 'member']


def test_of_equally_near_vectors_that_of_the_lowest_id_is_canonical():
    assert states(make_record(0.51), make_record(0.50)) == ['canonical', 'member']
    found = states(*(make_record(v) for v in (0.53, 0.52, 0.50, 0.51)))
    assert found == ['member', 'canonical', 'member', 'member']


def test_sums_that_differ_by_rounding_alone_are_equal():
    # 0.2 and 0.3 are equally far from the others, but not in doubles
    assert medoids(np.array([[[0.1], [0.2], [0.3], [0.7]]])).tolist() == [1]


def test_a_sum_that_is_less_by_a_ten_millionth_is_less():
    # the one in the middle is nearer to the others by a ten millionth of their distance
    found = states(make_record(0.50), make_record(0.50 + 4e-9), make_record(0.54))
    assert found == ['member', 'canonical', 'member']


@pytest.mark.parametrize(
    ('versions', 'newest'),
    [
        (('0.9.7', '0.16.1', '0.15.2'), 1),
        (('23.1.0', '23.1.0rc1', '22.0.6'), 0),
        (('3f2a91c', '0.9.6', ''), 1),
    ],
)
def test_the_newest_version_of_a_scan_is_in_its_view(versions, newest):
    found = judged(*(make_record(version=v) for v in versions))
    assert [row[0] for row in found] == [place == newest for place in range(3)]


def test_of_one_version_the_newest_record_of_a_scan_is_in_its_view():
    views = Views()
    rows = [make_row(i, make_record(version=v)) for i, v in enumerate(['22.0', '22.0.0', '22.0'])]
    old, new, _ = (row.created_at for row in rows)
    dated = [_dated(row, at) for row, at in zip(rows, [old, new, old], strict=True)]
    views.add(dated)
    assert [row[0] for row in views.rows().values()] == [False, True, False]
    views.close()


def test_of_records_of_one_version_and_time_that_of_the_highest_id_is_in_its_scan_view():
    views = Views()
    views.add([_dated(make_row(i, make_record()), 1) for i in (1, 2, 0)])
    assert [row[0] for row in views.rows().values()] == [False, False, True]
    views.close()


def test_records_without_an_md5_are_scans_of_their_own():
    record = make_record()
    del record['provenance']['md5sum']
    assert judged(record, record) == [(True, 'canonical', 1, 0.0)] * 2


def _dated(row: Row, created_at: int) -> Row:
    return Row(row.seq, row.id, created_at, row.etag, row.doc)


values = st.sampled_from([0.5, 0.51, 0.52, 0.53, 0.56, None])
records = st.builds(
    make_record,
    cjv=values,
    efc=st.sampled_from([1.0, 1.1, 1.5]),
    qi_1=st.sampled_from([0.0, 0.0, 0.0, 1.0]),
    md5sum=st.sampled_from(['a', 'b']),
    version=st.sampled_from(['0.16.1', '22.0.6']),
    size_x=st.sampled_from([64, 64, 64, 65]),
)


@given(st.lists(records, max_size=12), st.randoms(use_true_random=False), st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_of_arrival_gives_the_same_views(documents, random, data):
    dates = data.draw(st.lists(st.integers(1, 4), min_size=12, max_size=12))
    numbered = [
        (_dated(make_row(i, d), at), d)
        for i, (d, at) in enumerate(zip(documents, dates, strict=False))
    ]
    withdrawn = (
        data.draw(st.lists(st.sampled_from(numbered), unique_by=_id, max_size=4))
        if numbered
        else []
    )
    views = Views()
    arriving = random.sample(numbered, len(numbered))
    while arriving:
        n = random.randint(1, 3)
        views.add([row for row, _ in arriving[:n]])
        arriving = arriving[n:]
    for row, _ in withdrawn:
        views.withdraw(row)
    kept = [pair for pair in numbered if pair not in withdrawn]
    at_once = Views()
    if kept:
        at_once.insert([row for row, _ in kept])
    at_once.judge_all()
    assert views.rows() == at_once.rows()
    plainly = plainly_judged(kept)
    assert at_once.rows() == _approximately(plainly)
    assert views.firsts() == at_once.firsts() == plainly_first(kept, plainly)
    views.close()
    at_once.close()


@given(st.lists(records, min_size=1, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_a_vector_that_cannot_be_recalled_is_looked_up(documents, data):
    rows = [make_row(i, d) for i, d in enumerate(documents)]
    recalls, looks_up = Views(), Views()
    for row in rows:
        looks_up.documents.clear()
        recalls.add([row])
        looks_up.add([row])
        if data.draw(st.booleans()):
            recalls.documents.pop(row.seq)
    assert recalls.rows() == looks_up.rows()
    recalls.close()
    looks_up.close()


def _id(pair: tuple[Row, Any]) -> str:
    return pair[0].id


def _approximately(rows: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {k: (*row[:3], row[3] and pytest.approx(row[3])) for k, row in rows.items()}


@given(st.lists(st.tuples(st.floats(0.5, 0.549), st.floats(1.0, 1.19)), min_size=3, max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_medoid_is_that_of_the_plainest_computation(pairs):
    numbered = [(make_row(i, d), d) for i, d in enumerate(make_record(*p) for p in pairs)]
    views = Views()
    views.add([row for row, _ in numbered])
    assert views.rows() == _approximately(plainly_judged(numbered))
    views.close()


def test_the_text_says_the_limits():
    assert f'at most {STRUCTURAL_LIMIT} (1e-6 for bold)' in TEXT
    assert FUNCTIONAL_LIMIT == 1e-6


def test_the_first_version_has_a_scale_for_every_metric_of_the_resources_it_knows():
    assert all(scale for scales in first_policy().scales.values() for scale in scales.values())
    assert set(first_policy().scales) == {'T1w', 'T2w', 'bold'}
