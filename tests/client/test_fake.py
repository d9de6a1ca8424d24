"""The fake that other people's tests use."""

import asyncio

import httpx2
import pytest

from mriqc_webapi.client import Patience
from mriqc_webapi.client.testing import FakeArchive
from mriqc_webapi.errors import NotFoundError, QueryError, UnreachableError

MD5 = 'a' * 32
SENT = {
    'T1w': [
        {'cjv': 0.4, 'provenance': {'md5sum': MD5, 'software': 'mriqc', 'version': '23.1.0'}},
        {'cjv': 0.6, 'provenance': {'md5sum': MD5, 'software': 'mriqc', 'version': '24.0.2'}},
        {'cjv': 0.8, 'new': {'deep': [1, 2]}},
    ],
    'rating': [{'rating': '3.05', 'md5sum': MD5, 'name': 'me', 'comment': ''}],
}


@pytest.fixture
def fake() -> FakeArchive:
    return FakeArchive(SENT)


def test_a_fake_answers_for_records(fake):
    archive = fake.archive()
    assert archive.iqms('T1w', {'cjv': {'$lt': 0.7}})['cjv'].tolist() == [0.4, 0.6]
    assert archive.iqms('T1w', 'new.deep == 2')['cjv'].tolist() == [0.8]
    assert archive.iqms('T1w', view='scan')['cjv'].tolist() == [0.6, 0.8]
    [record] = archive.records('T1w', sort='-cjv', limit=1)
    assert record['new'] == {'deep': [1, 2]}
    assert archive.record('T1w', record['_id']) == record
    assert len(archive.scan(MD5)['items']) == 2


def test_a_fake_answers_for_many_records(fake):
    archive = fake.archive()
    assert archive.growth().n_used == 3
    assert archive.distribution('T1w', 'cjv', bins=2, range=(0, 1)).frame['n'].tolist() == [1, 2]
    assert archive.outliers('T1w', 'cjv', high=0.7).frame['value'].tolist() == [0.8]


def test_a_fake_answers_for_ratings(fake):
    archive = fake.archive()
    assert archive.ratings()['grade'].tolist() == ['acceptable']
    assert archive.labels('T1w')['consensus'].tolist() == ['acceptable']


def test_a_fake_writes_down_what_was_asked(fake):
    fake.archive().summary('T1w', where='cjv < 1')
    assert [request.url.path for request in fake.asked] == ['/api/v2/T1w/summary']
    assert fake.asked[0].url.params['where'] == 'cjv < 1'


def test_a_fake_refuses_as_a_service_does(fake):
    archive = fake.archive()
    with pytest.raises(NotFoundError):
        archive.iqms('T9w')
    with pytest.raises(QueryError):
        archive.summary('T1w', where='cjv ==')


def test_a_fake_fails_on_demand(fake):
    archive = fake.archive(patience=Patience(first_s=0.001))
    fake.answer_next(httpx2.Response(503), httpx2.ConnectError('no'))
    assert archive.growth().n_used == 3
    fake.answer_next(*[httpx2.ConnectError('no network')] * 6)
    with pytest.raises(UnreachableError, match='no network'):
        archive.growth()


def test_a_fake_is_awaited_too(fake):
    async def ask():
        async with fake.async_archive() as archive:
            return await archive.iqms('T1w')

    assert asyncio.run(ask())['cjv'].tolist() == [0.4, 0.6, 0.8]


def test_a_fake_can_be_mirrored_and_changes(fake, tmp_path):
    archive = fake.archive()
    archive.mirror(tmp_path)
    gone = archive.records('T1w', 'cjv == 0.8')[0]['_id']
    fake.withdraw('T1w', gone)
    fake.add('T1w', {'cjv': 0.1})
    done = archive.mirror(tmp_path)
    changed = {told.name: (told.n_added, told.n_withdrawn) for told in done.resources}
    assert changed == {'T1w': (1, 1), 'rating': (0, 0)}
    from mriqc_webapi import Archive

    assert sorted(Archive(tmp_path, cache=False).iqms('T1w')['cjv']) == [0.1, 0.4, 0.6]


def test_what_is_kept_of_a_fake_is_confirmed(fake, tmp_path):
    archive = fake.archive(cache=tmp_path)
    archive.iqms('T1w')
    fake.asked.clear()
    archive.iqms('T1w')
    assert fake.asked[0].headers['if-none-match']
    fake.add('T1w', {'cjv': 0.9})
    assert len(archive.iqms('T1w')) == 4
