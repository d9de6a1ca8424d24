"""Agreement is described for all ratings, for each pair of raters, and by group."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriqc_webapi.ratings import agreement, table
from mriqc_webapi.ratings.agreement import describe_agreement
from mriqc_webapi.ratings.alpha import alpha
from mriqc_webapi.ratings.icc import icc
from tests.ratings.rated import rated, ratings_of, read_table

IMAGES = [f'{n:032x}' for n in range(8)]


@pytest.fixture(scope='module')
def abide():
    """Return the ratings of ABIDE."""
    return ratings_of('abide')


def describe(ratings, **asked):
    return describe_agreement(ratings, **({'n_boot': 50} | asked))


def pair_of(found, *raters):
    return next(p for p in found.overall.pairs if p.raters == raters)


def two_raters(first, second, **members):
    """Let two raters rate as many images as they have values for."""
    ratings = [rated(v, i, 'ana', **members) for i, v in zip(IMAGES, first, strict=False)]
    return ratings + [rated(v, i, 'bo', **members) for i, v in zip(IMAGES, second, strict=False)]


def test_kappa_of_the_raters_of_abide_is_the_published_one(abide):
    pair = pair_of(describe(abide), 'rater_1', 'rater_2')
    assert (pair.n_images, round(pair.kappa.value, 3)) == (99, 0.393)
    assert round(pair.kappa_quadratic.value, 3) == 0.568


def test_kappa_of_exclude_against_the_rest_is_the_published_one(abide):
    pair = pair_of(describe(abide, scale='binary'), 'rater_1', 'rater_2')
    assert round(pair.kappa.value, 3) == 0.526


def test_measures_over_all_raters_are_those_of_the_table(abide):
    found, (_, values) = describe(abide).overall, read_table('abide')
    shared = values[np.sum(~np.isnan(values), axis=1) >= 2]
    assert found.alpha.value == pytest.approx(alpha(values))
    assert found.icc.value == pytest.approx(icc(shared))
    assert (found.n_images, found.n_shared, found.n_raters) == (1101, len(shared), 3)


def test_intervals_hold_their_values(abide):
    found = describe(abide, n_boot=300).overall
    for estimate in (found.alpha, found.alpha_nominal, found.icc, found.percent):
        assert estimate.low < estimate.value < estimate.high


def test_the_same_seed_gives_the_same_answer(abide):
    assert describe(abide, seed=5) == describe(abide, seed=5)


def test_one_expert_agrees_with_nobody_and_the_reason_is_said():
    found = describe(ratings_of('ds030')).overall
    assert (found.n_images, found.n_shared, found.pairs) == (265, 0, ())
    assert (found.alpha.value, found.alpha.reason) == (None, 'one-rater')


def test_no_ratings_have_an_answer():
    found = describe([]).overall
    assert (found.n_ratings, found.alpha.reason) == (0, 'no-overlap')


def test_raters_of_different_images_have_no_overlap():
    ratings = [rated('2.5', IMAGES[0], 'ana'), rated('2.5', IMAGES[1], 'bo')]
    assert describe(ratings).overall.icc.reason == 'no-overlap'


def test_raters_who_always_say_the_same_have_percent_but_no_kappa():
    found = describe(two_raters(['3.0'] * 4, ['3.0'] * 4)).overall
    assert found.percent.value == 1
    assert {found.alpha.reason, found.icc.reason, found.pairs[0].kappa.reason} == {'constant'}


def test_one_image_has_values_without_intervals():
    found = describe(two_raters(['1.0'], ['4.0'])).overall
    assert (found.percent.value, found.percent.low) == (0.0, None)
    assert found.icc.reason == 'no-fit'


def test_scores_have_correlation_and_no_kappa():
    found = describe(two_raters(['1.5', '2.5', '3.9'], ['1.45', '2.55', '4.0']), scale='score')
    assert found.overall.icc.value > 0.9
    assert found.overall.pairs[0].kappa.reason == 'not-categorical'


def test_the_newest_rating_of_a_rater_counts_between_raters():
    ratings = [*two_raters(['1.0', '2.0'], ['3.0', '2.0']), rated('3.0', IMAGES[0], 'ana')]
    assert describe(ratings).overall.percent.value == 1


def test_a_corrected_rating_does_not_count():
    first = rated('1.0', IMAGES[0], 'ana')
    ratings = [first, rated('3.0', IMAGES[0], 'ana', amends=first.id)]
    found = describe(ratings).overall
    assert (found.n_ratings, found.repeats) == (1, ())


def test_a_rater_who_rates_an_image_twice_agrees_with_themselves():
    again = [rated(v, i, 'ana') for i, v in zip(IMAGES, ['1.0', '2.0', '4.0'], strict=False)]
    ratings = two_raters(['1.0', '2.0', '3.0'], []) + again
    (ana,) = describe(ratings).overall.repeats
    assert (ana.rater, ana.n_images, ana.percent.value) == ('ana', 3, 2 / 3)


def test_anonymous_ratings_are_counted_and_compared_with_none():
    ratings = [rated('1.0', IMAGES[0], ''), rated('4.0', IMAGES[0], '')]
    found = describe(ratings).overall
    assert (found.n_anonymous, found.n_raters, found.alpha.value) == (2, 0, None)


def test_unreadable_ratings_are_counted():
    ratings = [rated('meh', IMAGES[0]), rated('2.5', None), rated('2.5', IMAGES[0])]
    assert describe(ratings).overall.n_unreadable == 2


def test_groups_by_modality_are_described_apart():
    t1w = two_raters(['1.0', '3.0'], ['1.0', '3.0'], modality='T1w')
    bold = two_raters(['1.0', '3.0'], ['3.0', '1.0'], modality='bold')
    found = describe(t1w, by='modality').groups + describe(bold, by='modality').groups
    assert [(g.key, g.percent.value) for g in found] == [('T1w', 1.0), ('bold', 0.0)]


def test_groups_are_sorted_and_the_silent_come_last():
    ratings = [rated(modality=m) for m in (None, 'bold', 'T1w')]
    assert [g.key for g in describe(ratings, by='modality').groups] == ['T1w', 'bold', None]


def test_periods_are_years():
    ratings = [rated(created_at=t) for t in (1_534_464_000, 1_700_000_000)]
    assert [g.key for g in describe(ratings, by='period').groups] == ['2018', '2023']


def test_scales_are_groups():
    ratings = [rated('good'), rated('3.05'), rated('meh')]
    keys = [g.key for g in describe(ratings, by='scale').groups]
    assert keys == ['unknown', 'v0', 'v2']


def test_agreement_on_an_artifact_is_on_ticking_it():
    ticks = [(['inu'], ['inu']), (['inu'], []), ([], []), (['inu'], ['inu', 'Zebra'])]
    ratings = []
    for image, both in zip(IMAGES, ticks, strict=False):
        for rater, ticked in zip(('ana', 'bo'), both, strict=True):
            ratings.append(rated('2.5', image, rater, artifacts=ticked))
    inu, zebra = describe(ratings, by='artifact').groups
    assert (inu.key, inu.percent.value, inu.pairs[0].kappa.value) == ('inu', 0.75, 0.5)
    assert (zebra.key, zebra.percent.value) == ('Zebra', 0.75)


def test_raters_of_old_widgets_could_not_tick_artifacts():
    ratings = [rated('2.5', IMAGES[0], 'ana', artifacts=['inu']), rated('good', IMAGES[0], 'bo')]
    (inu,) = describe(ratings, by='artifact').groups
    assert (inu.n_ratings, inu.percent.reason) == (1, 'one-rater')


def test_as_many_pairs_are_listed_as_may_be(monkeypatch):
    monkeypatch.setattr(agreement, 'MAX_PAIRS', 2)
    ratings = [rated('2.5', i, r) for r, n in (('a', 2), ('b', 2), ('c', 1)) for i in IMAGES[:n]]
    found = describe(ratings).overall
    assert (found.n_rater_pairs, [p.raters for p in found.pairs]) == (3, [('a', 'b'), ('a', 'c')])


def test_raters_with_the_fewest_images_are_left_out_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(table, 'MAX_RATERS', 2)
    ratings = [rated('2.5', i, r) for r, n in (('a', 1), ('b', 2), ('c', 3)) for i in IMAGES[:n]]
    found = describe(ratings).overall
    assert (found.n_raters, [p.raters for p in found.pairs]) == (2, [('b', 'c')])


def test_raters_who_repeated_most_come_first():
    twice = [
        rated(v, i, r) for r, n in (('a', 1), ('b', 2)) for i in IMAGES[:n] for v in (1.0, 2.0)
    ]
    assert [r.rater for r in describe(twice).overall.repeats] == ['b', 'a']


few = st.sampled_from
any_rating = st.builds(
    rated,
    few(['1.0', '2.0', '3.05', '4.0', 'good', 'meh']),
    few([*IMAGES[:4], None]),
    few(['ana', 'bo', 'cy', '']),
    artifacts=few([[], ['inu']]),
    modality=few(['T1w', 'bold', None]),
)


@settings(max_examples=60, deadline=None)
@given(
    ratings=st.lists(any_rating, max_size=14),
    scale=few(['grade', 'binary', 'score']),
    by=few([None, 'modality', 'artifact', 'period', 'scale']),
)
def test_whatever_the_ratings_the_answer_is_json_without_nan_or_warning(ratings, scale, by):
    found = describe(ratings, scale=scale, by=by, n_boot=20)
    json.dumps(asdict(found), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(ratings=st.lists(any_rating, max_size=14), scale=few(['grade', 'binary', 'score']))
def test_a_measure_has_a_value_or_a_reason(ratings, scale):
    found = describe(ratings, scale=scale, n_boot=0).overall
    for estimate in (found.percent, found.alpha, found.alpha_nominal, found.icc):
        assert (estimate.value is None) == (estimate.reason is not None)
