"""A value's scale is told from what came with it, and its grade is the same on every scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.ratings.scales import (
    GRADES,
    Evidence,
    Reading,
    grade_of_score,
    read_value,
)

BEFORE_V1 = 1_534_400_000  # 16 August 2018
SLIDER = [f'{n / 20:g}' for n in range(20, 81)]  # every stop of v2's


def read(value: str, **evidence) -> Reading:
    return read_value(value, Evidence(**evidence))


@pytest.mark.parametrize(
    ('score', 'grade'),
    [
        (1.0, 'exclude'),
        (1.45, 'exclude'),
        (1.5, 'poor'),
        (2.45, 'poor'),
        (2.5, 'acceptable'),
        (3.5, 'acceptable'),
        (3.55, 'excellent'),
        (4.0, 'excellent'),
    ],
)
def test_borders_of_grades_are_those_of_the_slider(score, grade):
    assert grade_of_score(score) == grade


@pytest.mark.parametrize(
    ('value', 'label', 'score', 'grade'),
    [
        ('0', 'invalid', 1.0, 'exclude'),
        ('1', 'exclude', 1.0, 'exclude'),
        ('2', 'usable', 3.0, 'acceptable'),
        ('3', 'good', 4.0, 'excellent'),
    ],
)
def test_numbers_of_the_first_widget_have_common_grades_and_their_own_labels(
    value, label, score, grade
):
    assert read(value, scale='v0') == Reading(scale='v0', score=score, grade=grade, label=label)


@pytest.mark.parametrize(('value', 'grade'), list(zip('1234', GRADES, strict=True)))
def test_numbers_of_the_second_widget_are_scores(value, grade):
    assert read(value, scale='v1') == Reading(
        scale='v1', score=float(value), grade=grade, label=grade
    )


@pytest.mark.parametrize(
    ('version', 'scale'),
    [
        ('0.9.10', 'unknown'),
        ('0.9.11', 'v0'),
        ('0.13.1', 'v0'),
        ('0.14.0', 'v1'),
        ('22.0.1', 'v1'),
        ('22.0.2', 'v2'),
        ('25.0.0rc0', 'v2'),
        ('no version', 'unknown'),
    ],
)
def test_the_version_of_mriqc_tells_the_widget(version, scale):
    assert read('2', software='mriqc', version=version).scale == scale


def test_the_version_of_other_software_tells_nothing():
    assert read('2', software='fmriprep', version='22.0.2').scale == 'unknown'


def test_a_value_that_the_version_lacks_is_told_by_itself():
    assert read('2.55', software='mriqc', version='0.15.0').scale == 'v2'


@pytest.mark.parametrize('label', ['invalid', 'usable', 'good', 'Good'])
def test_labels_of_the_first_widget_alone_tell_it(label):
    assert read(label).scale == 'v0'


@pytest.mark.parametrize('label', GRADES)
def test_labels_of_the_second_widget_tell_it(label):
    assert read(label) == Reading(
        scale='v1', score=1.0 + GRADES.index(label), grade=label, label=label
    )


@pytest.mark.parametrize('value', [v for v in SLIDER if '.' in v] + ['3.0', '1.00'])
def test_a_fraction_tells_the_slider(value):
    assert read(value).scale == 'v2'


@pytest.mark.parametrize('value', '1234')
def test_a_list_of_artifacts_tells_the_slider(value):
    assert read(value, lists_artifacts=True).scale == 'v2'


def test_zero_tells_the_first_widget():
    assert read('0').scale == 'v0'


def test_four_without_artifacts_tells_the_second_widget():
    assert read('4').scale == 'v1'


def test_numbers_from_before_the_second_widget_are_of_the_first():
    assert read('3', created_at=BEFORE_V1) == read('3', scale='v0')


@pytest.mark.parametrize('value', '123')
def test_a_number_that_several_scales_have_is_of_an_unknown_one(value):
    assert read(value, created_at=BEFORE_V1 + 1_000_000) == Reading(scale='unknown')


@pytest.mark.parametrize(
    ('value', 'scale'),
    [('4', 'v0'), ('0', 'v1'), ('1.5', 'v1'), ('0.95', 'v2'), ('4.05', 'v2'), ('2', 'v9')],
)
def test_a_value_that_its_stated_scale_lacks_is_of_an_unknown_one(value, scale):
    assert read(value, scale=scale) == Reading(scale='unknown')


@pytest.mark.parametrize(
    'value', ['', 'meh', '5', '-1', 'nan', 'inf', '1e0', '٣', '1_0', '.', '9' * 99]
)
def test_what_no_scale_has_is_of_an_unknown_one(value):
    assert read(value).scale == 'unknown'


@given(st.text(), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_a_scale_gives_a_score_a_grade_and_a_label_or_none_of_them(value, scale, version):
    reading = read(value, scale=scale, version=version)
    is_unknown = reading.scale == 'unknown'
    assert [v is None for v in (reading.score, reading.grade, reading.label)] == [is_unknown] * 3


@given(st.floats(1.0, 4.0))
def test_a_better_score_never_has_a_worse_grade(score):
    better = min(score + 0.05, 4.0)
    assert GRADES.index(grade_of_score(better)) >= GRADES.index(grade_of_score(score))
