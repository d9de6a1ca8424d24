"""Ratings as every generation of the widget posts them."""

import pytest

from mriqc_webapi.errors import InvalidDocumentError

MD5 = '57cd35190da3c813a3c3dadccd8a4ad7'


@pytest.fixture
def rate(checkers):
    def check(**given):
        return checkers['rating']({'rating': '3.05', 'md5sum': MD5, **given})

    return check


@pytest.mark.parametrize(
    ('sent', 'stored'),
    [
        ('good', 'good'),
        ('3.05', '3.05'),
        (3, '3'),
        (3.0, '3'),
        (2.55, '2.55'),
        (0, '0'),
        (-1, '-1'),
        (10**30, '1e+30'),
    ],
)
def test_a_rating_may_be_text_or_number_and_is_stored_as_text(rate, sent, stored):
    submission = rate(rating=sent)
    assert submission.document['rating'] == stored
    assert submission.notes == ()


@pytest.mark.parametrize(
    ('sent', 'issue'),
    [
        (None, 'null value not allowed'),
        (float('nan'), 'null value not allowed'),
        (True, 'must be of string type'),
        ([3], 'must be of string type'),
    ],
)
def test_a_rating_says_something(rate, sent, issue):
    with pytest.raises(InvalidDocumentError) as caught:
        rate(rating=sent)
    assert caught.value.issues == {'rating': issue}


@pytest.mark.parametrize('sent', ['unspecified', 'Unspecified', ' UNSPECIFIED ', ''])
def test_a_rating_of_no_image_is_unlinked_and_keeps_what_was_sent(rate, sent):
    submission = rate(md5sum=sent)
    assert submission.md5sum is None
    assert submission.document['md5sum'] == sent


def test_a_rating_of_an_image_names_it(rate):
    assert rate().md5sum == MD5


def test_a_rater_may_stay_unnamed(rate):
    submission = rate(name=None, comment=None)
    assert submission.document['name'] is None
    assert {n.kind for n in submission.notes} == {'null'}


def test_unknown_members_are_kept_and_noted(rate):
    submission = rate(mood='fine', seconds=12.5)
    assert submission.document['mood'] == 'fine'
    assert [(n.field, n.kind) for n in submission.notes] == [
        ('mood', 'unknown'),
        ('seconds', 'unknown'),
    ]


def test_what_the_current_widget_posts_has_no_notes(rate):
    more = {
        'scale': 'v2',
        'artifacts': ['head-motion', 'inu'],
        'confidence': 3,
        'time_s': 12.5,
        'modality': 'T1w',
        'software': 'mriqc',
        'version': '25.0.0',
        'report': 'sub-01_T1w.html',
        'session': 'monday',
        'defaced': False,
    }
    submission = rate(**more)
    assert submission.notes == ()
    assert {name: submission.document[name] for name in more} == more


@pytest.mark.parametrize('name', ['amends', 'rater'])
def test_nobody_says_for_the_service_whom_a_rating_corrects_or_who_gave_it(rate, name):
    with pytest.raises(InvalidDocumentError) as caught:
        rate(**{name: 'a' * 24})
    assert caught.value.issues == {name: 'is set by the service'}


def test_an_import_keeps_whom_a_rating_corrects(checkers):
    document = {'rating': '3', 'md5sum': MD5, 'amends': 'a' * 24, 'rater': 'rater-1'}
    assert checkers['rating'](document, keep_identity=True).document == document


def test_what_the_widget_of_today_posts_has_no_notes(rate):
    submission = rate(rating='2.55', md5sum='unspecified', name='', comment='["head-motion"]')
    assert submission.notes == ()
    assert submission.document['comment'] == '["head-motion"]'


def test_artifacts_may_come_as_a_list(rate):
    submission = rate(comment=['head-motion'])
    assert submission.document['comment'] == ['head-motion']
    assert submission.notes[0].kind == 'type'
