"""Ids, dates and tags of documents that were served before."""

import pytest

from mriqc_webapi.errors import InvalidDocumentError
from mriqc_webapi.submissions.identity import parse_date

ID = '599f6767265d2000079e86c5'
ETAG = '902c2492036ed5cdd7afa9d9aee48855ea8609a5'
SECONDS = 1503618919  # Thu, 24 Aug 2017 23:55:19 GMT


@pytest.fixture
def take(checkers):
    def check(given, *, keep_identity=False):
        document = {'rating': '1', 'md5sum': 'x', **given}
        return checkers['rating'](document, keep_identity=keep_identity)

    return check


@pytest.mark.parametrize('keep', [True, False])
@pytest.mark.parametrize('sent', [ID, ID.upper()])
def test_an_id_is_honoured_in_lower_case(take, sent, keep):
    assert take({'_id': sent}, keep_identity=keep).id == ID


@pytest.mark.parametrize('sent', ['', '123', ID + '0', 'g' * 24, 5, [ID], {'$oid': ID}, True])
def test_another_id_is_refused(take, sent):
    with pytest.raises(InvalidDocumentError) as caught:
        take({'_id': sent})
    assert caught.value.issues == {'_id': 'must be of objectid type'}


def test_a_null_id_is_refused(take):
    with pytest.raises(InvalidDocumentError) as caught:
        take({'_id': None})
    assert caught.value.issues == {'_id': 'null value not allowed'}


def test_a_served_record_can_be_posted(take):
    served = {
        '_id': ID,
        '_created': 'Thu, 24 Aug 2017 23:55:19 GMT',
        '_updated': 'whatever',
        '_etag': 'x',
        '_links': {'self': {'title': 'Rating', 'href': f'rating/{ID}'}},
    }
    submission = take(served)
    assert submission.document == {'rating': '1', 'md5sum': 'x'}
    assert (submission.id, submission.created_at, submission.etag) == (ID, None, None)
    assert submission.notes == ()


def test_an_import_keeps_date_and_tag(take):
    submission = take(
        {'_created': 'Thu, 24 Aug 2017 23:55:19 GMT', '_etag': ETAG}, keep_identity=True
    )
    assert (submission.created_at, submission.etag) == (SECONDS, ETAG)


@pytest.mark.parametrize('etag', ['x', None, ETAG.upper(), 5])
def test_a_tag_that_is_none_is_made_anew(take, etag):
    assert take({'_etag': etag}, keep_identity=True).etag is None


@pytest.mark.parametrize('date', ['yesterday', None, -1, True, [], 1e300, float('nan'), ''])
def test_an_import_refuses_a_date_that_is_none(take, date):
    with pytest.raises(InvalidDocumentError) as caught:
        take({'_created': date}, keep_identity=True)
    assert caught.value.issues == {'_created': 'must be of datetime type'}


@pytest.mark.parametrize('name', ['_foo', '_', '__class__'])
def test_other_names_of_the_server_are_refused(take, name):
    with pytest.raises(InvalidDocumentError) as caught:
        take({name: 1})
    assert caught.value.issues == {name: 'unknown field'}


@pytest.mark.parametrize(
    'date',
    [
        'Thu, 24 Aug 2017 23:55:19 GMT',
        'Thu, 24 Aug 2017 23:55:19 +0000',
        'Fri, 25 Aug 2017 01:55:19 +0200',
        '2017-08-24T23:55:19Z',
        '2017-08-24T23:55:19.999+00:00',
        '2017-08-25T01:55:19+02:00',
        '2017-08-24 23:55:19',
        SECONDS,
        float(SECONDS) + 0.5,
        SECONDS * 1000,
    ],
)
def test_dates_are_read_in_many_shapes(date):
    assert parse_date(date) == SECONDS


def test_a_day_alone_is_its_midnight():
    assert parse_date('2017-08-24') == SECONDS - (23 * 3600 + 55 * 60 + 19)


@pytest.mark.parametrize(
    'date',
    ['Thu, 32 Aug 2017 23:55:19 GMT', 'Thu, 24 Aug 2017 23:55:1x GMT', '1969-12-31', '2200-01-01'],
)
def test_impossible_dates_are_none(date):
    assert parse_date(date) is None
