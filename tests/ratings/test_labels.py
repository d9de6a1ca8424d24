"""Each rated image is one row, with every rater's label and the consensus."""

from mriqc_webapi.ratings.labels import labels
from tests.ratings.rated import rated, ratings_of

OTHER = 'f' * 32


def label(*ratings):
    (row,) = labels(ratings)
    return row


def test_a_row_holds_each_rater_s_own_label():
    row = label(rated('good', rater='bo'), rated('3.05', rater='ana'))
    assert [(r.rater, r.scale, r.label, r.grade) for r in row.ratings] == [
        ('ana', 'v2', 'acceptable', 'acceptable'),
        ('bo', 'v0', 'good', 'excellent'),
    ]
    assert row.scales == ('v0', 'v2')


def test_a_row_holds_mean_and_spread_of_scores():
    row = label(rated('2.0', rater='ana'), rated('3.0', rater='bo'))
    assert (row.score_mean, round(row.score_sd, 4)) == (2.5, 0.7071)


def test_one_score_has_no_spread():
    assert label(rated('2.0')).score_sd is None


def test_a_row_counts_ratings_and_raters():
    row = label(rated('2.0'), rated('2.5'), rated('2.5', rater=''), rated('meh', rater='bo'))
    assert (row.n_ratings, row.n_raters, row.n_unreadable) == (2, 1, 1)


def test_an_image_with_unreadable_ratings_only_has_a_row_without_consensus():
    row = label(rated('meh'))
    assert (row.consensus, row.method, row.score_mean, row.n_unreadable) == (None, None, None, 1)


def test_a_row_s_modality_is_what_most_ratings_say():
    ratings = [rated(rater=r, modality=m) for r, m in (('a', 'T1w'), ('b', 'T1w'), ('c', 'T2w'))]
    assert label(*ratings, rated(rater='d')).modality == 'T1w'


def test_the_artifact_that_most_raters_tick_comes_first():
    row = label(
        rated(rater='a', artifacts=['inu', 'wrap-around']),
        rated(rater='b', artifacts=['wrap-around']),
    )
    assert row.artifacts == ('wrap-around', 'inu')


def test_rows_are_sorted_and_unlinked_ratings_have_none():
    rows = labels([rated(md5sum=OTHER), rated(), rated(md5sum=None)])
    assert [r.md5sum for r in rows] == sorted(r.md5sum for r in rows)
    assert len(rows) == 2


def test_a_real_study_has_a_row_per_image():
    rows = labels(ratings_of('ds030'))
    assert (len(rows), {r.method for r in rows}) == (265, {'single'})
