"""Each rated image has one grade, and it is said how it was found."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriqc_webapi.ratings.consensus import find_consensus
from tests.ratings.rated import rated, ratings_of

IMAGES = [f'{n:032x}' for n in range(12)]


def judge(*values: str):
    """Find the consensus of one image, rated by as many raters as there are values."""
    (image,) = find_consensus(rated(v, IMAGES[0], f'r{i}') for i, v in enumerate(values)).images
    return image


@pytest.fixture(scope='module')
def abide():
    """Return the consensus on ABIDE."""
    return find_consensus(ratings_of('abide'))


def test_the_one_rating_of_an_image_is_its_consensus_without_certainty():
    image = judge('poor')
    assert (image.grade, image.method, image.certainty) == ('poor', 'single', None)


def test_few_images_have_the_median():
    assert (judge('1.0', '3.0', '4.0').grade, judge('1.0', '3.0', '4.0').method) == (
        'acceptable',
        'median',
    )


def test_of_two_middle_grades_the_worse_counts():
    assert judge('poor', 'excellent').grade == 'poor'


def test_scales_are_pooled_by_grade():
    assert judge('good', '3.95', 'excellent').grade == 'excellent'


def test_all_images_of_a_real_study_have_a_grade(abide):
    assert len(abide.images) == 1101
    assert abide.is_converged


def test_images_with_several_ratings_have_a_certainty(abide):
    modelled = [i for i in abide.images if i.n_ratings > 1]
    assert {i.method for i in modelled} == {'dawid-skene'}
    assert all(0.25 <= i.certainty <= 1 for i in modelled)


def test_unanimous_experts_are_certainly_right(abide):
    held = {}
    for rating in ratings_of('abide'):
        held.setdefault(rating.md5sum, []).append(rating.grade)
    unanimous = {m for m, grades in held.items() if grades == ['exclude'] * 3}
    assert {i.grade for i in abide.images if i.md5sum in unanimous} == {'exclude'}


def test_a_grade_that_nobody_gave_is_no_image_s(abide):
    assert {i.grade for i in abide.images} == {'exclude', 'poor', 'acceptable'}
    assert abide.prevalence[3] == 0


def test_each_rater_has_a_confusion_matrix(abide):
    assert [r.rater for r in abide.raters] == ['rater_1', 'rater_2', 'rater_3']
    for rater in abide.raters:
        for row, n in zip(rater.matrix, rater.support, strict=True):
            assert sum(row) == pytest.approx(1 if n > 1e-9 else 0)


def test_raters_of_few_images_share_a_matrix_with_the_anonymous():
    many = [rated('2.5', i, r) for i in IMAGES for r in ('ana', 'bo')]
    few = [rated('2.5', IMAGES[0], 'cy'), rated('2.5', IMAGES[1], '')]
    found = find_consensus(many + few)
    assert [(r.rater, r.n_ratings) for r in found.raters] == [(None, 2), ('ana', 12), ('bo', 12)]


def test_the_newest_rating_of_a_rater_counts():
    (image,) = find_consensus([rated('1.0'), rated('4.0')]).images
    assert (image.grade, image.n_ratings) == ('excellent', 1)


def test_each_anonymous_rating_counts():
    (image,) = find_consensus([rated('1.0', rater=''), rated('1.0', rater='')]).images
    assert image.n_ratings == 2


def test_no_ratings_have_a_consensus_on_nothing():
    assert find_consensus([rated('meh'), rated('2.5', None)]).images == ()


def test_the_order_of_ratings_does_not_matter():
    ratings = ratings_of('abide')
    assert find_consensus(reversed(ratings)) == find_consensus(ratings)


any_rating = st.builds(
    rated,
    st.sampled_from(['1.0', '2.0', '3.05', '4.0', 'meh']),
    st.sampled_from([*IMAGES, None]),
    st.sampled_from(['ana', 'bo', 'cy', '']),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(any_rating, max_size=60))
def test_whatever_the_ratings_the_consensus_is_json_without_nan(ratings):
    json.dumps(asdict(find_consensus(ratings)), allow_nan=False)
