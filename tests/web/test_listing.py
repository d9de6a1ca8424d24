"""Listings give each record once, whatever happens meanwhile; the feed keeps a mirror true."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.withdrawal import withdraw
from tests.live import LiveService
from tests.web.asking import payload, upload

N = 25


def get(live: LiveService, resource: str = 'T1w', **asked: Any) -> requests.Response:
    return requests.get(f'{live.root}/api/v2/{resource}/records', params={**asked}, timeout=30)


def crawl(live: LiveService, **asked: Any) -> Iterator[dict[str, Any]]:
    """Follow a listing to its end, page by page."""
    answer = get(live, **asked).json()
    yield answer
    while answer['next']:
        answer = get(live, **asked, cursor=answer['next']).json()
        yield answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [item['_id'] for item in answer['items']]


def put(live: LiveService, documents: list[dict[str, Any]], **given: Any) -> list[str]:
    answer = upload(live, documents, **given)
    assert answer.status_code == 201, answer.text
    return [r['id'] for r in answer.json()['results']]


def take_back(live: LiveService, *record_ids: str) -> None:
    with Store.open(live.database) as store:
        for id in record_ids:
            with store.write() as tx:
                withdraw(tx, id=id, rule='test', now=1_800_000_000)


def marked(n: int, **members: Any) -> list[dict[str, Any]]:
    """Make documents that a mark of their own tells from all others."""
    return [payload() | {'cjv': (i * 7 % 5) / 10} | members for i in range(n)]


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    """A running service of these tests' own, once on each database."""
    database = None
    if request.param == 'postgresql':
        database = request.getfixturevalue('postgres').create()
    live = LiveService(tmp_path_factory.mktemp('listing'), database=database)
    live.make_token()
    with live:
        yield live


@pytest.fixture
def own(running: LiveService) -> LiveService:
    """The same, emptied of what tests before have left."""
    take_back(running, *(id for page in crawl(running, limit=1000) for id in ids(page)))
    return running


ORDERS = [
    {},
    {'sort': '-_created'},
    {'where': json.dumps({'cjv': {'$gte': 0}})},
    {'sort': 'cjv'},
    {'sort': '-cjv,bids_meta.subject_id'},
    {'sort': '-note', 'where': 'cjv >= 0'},
    {'sort': 'provenance.md5sum', 'view': 'scan'},
]


@pytest.mark.parametrize('asked', ORDERS, ids=str)
def test_a_crawler_sees_each_record_once_while_others_come_and_go(own, asked) -> None:
    notes = [1, 2.5, 'text', None, [1], {'a': 1}, True]
    documents = [d | {'note': random.choice(notes)} for d in marked(N)]
    known = put(own, documents)
    gone = known[3]
    seen: list[str] = []
    for number, page in enumerate(crawl(own, limit=4, **asked)):
        seen += ids(page)
        put(own, marked(2))
        if number == 1:
            take_back(own, gone)
    assert len(seen) == len(set(seen))
    assert set(seen) | {gone} == set(known)


def test_a_sorted_listing_is_in_order_across_pages(own) -> None:
    put(own, marked(N))
    values = [r['cjv'] for page in crawl(own, sort='-cjv', limit=4) for r in page['items']]
    assert values == sorted(values, reverse=True)
    assert len(values) == N


def test_texts_alike_at_their_beginning_are_all_listed(own) -> None:
    documents = [d | {'note': 'x' * 300 + str(i)} for i, d in enumerate(marked(5))]
    known = put(own, documents)
    seen = [id for page in crawl(own, sort='note', limit=2) for id in ids(page)]
    assert sorted(seen) == sorted(known)


def test_items_are_the_records_as_they_are_served(service: LiveService) -> None:
    [id] = put(service, marked(1))
    [item] = get(service, where=f'{{"_id": "{id}"}}').json()['items']
    assert item == requests.get(f'{service.root}/api/v1/T1w/{id}', timeout=30).json() | {
        '_links': {'self': item['_links']['self']}
    }


def test_fields_choose_members(service: LiveService) -> None:
    [id] = put(service, marked(1))
    answer = get(service, where=f'{{"_id": "{id}"}}', fields='cjv, bids_meta.subject_id')
    [item] = answer.json()['items']
    always = {'_id', '_created', '_updated', '_etag', '_links'}
    assert set(item) == {'cjv', 'bids_meta', *always}
    assert item['bids_meta'] == {'subject_id': 'sub'}


@pytest.mark.parametrize('asked', [{}, {'where': 'cjv > -1'}])
def test_the_total_is_told_only_when_asked_for(own, asked) -> None:
    known = put(own, marked(5))
    take_back(own, known[0])
    assert 'total' not in get(own, **asked).json()
    first = get(own, **asked, total='true', limit=2).json()
    put(own, marked(3))
    second = get(own, **asked, total='true', cursor=first['next']).json()
    assert (first['total'], second['total']) == (4, 4)


def test_links_lead_on_and_back(service: LiveService) -> None:
    put(service, marked(3))
    first = get(service, limit=1, where='cjv >= 0', fields='cjv')
    second = requests.get(first.links['next']['url'], timeout=30)
    assert ids(second.json()) == ids(get(service, limit=2, where='cjv >= 0').json())[1:]
    assert ids(requests.get(second.links['first']['url'], timeout=30).json()) == ids(first.json())


def test_the_last_page_has_no_next(own) -> None:
    put(own, marked(2))
    answer = get(own, limit=2)
    assert answer.json()['next'] is None
    assert 'next' not in answer.links


@pytest.mark.parametrize(
    'asked',
    [
        {'cursor': 'nonsense'},
        {'cursor': 'é'},
        {'cursor': 'A' * 40},
        {'limit': 1001},
        {'limit': 0},
        {'where': '{'},
        {'sort': ','},
        {'fields': 'cjv,,snr'},
        {'view': 'none'},
        {'since': 'yesterday'},
        {'since': '2026-01-01', 'where': 'cjv > 0'},
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_a_problem(service: LiveService, asked) -> None:
    answer = get(service, **asked)
    assert (answer.status_code, answer.json()['code']) == (400, 'bad-query')
    assert answer.headers['Content-Type'] == 'application/problem+json'


def test_a_cursor_belongs_to_its_question(service: LiveService) -> None:
    put(service, marked(3))
    cursor = get(service, limit=1, where='cjv >= 0').json()['next']
    assert get(service, cursor=cursor).status_code == 400
    assert get(service, cursor=cursor, where='cjv >= 0', limit=7).status_code == 200


def test_an_unknown_resource_is_a_problem(service: LiveService) -> None:
    assert get(service, 'T3w').json()['code'] == 'not-found'


def test_the_feed_tells_records_and_withdrawals_in_order(own) -> None:
    since = get(own).json()['since']
    known = put(own, marked(3))
    put(own, [payload('bold')], resource='bold')
    take_back(own, known[1])
    [last] = put(own, marked(1))
    answer = get(own, since=since).json()
    told = [i['record']['_id'] if i['type'] == 'record' else i['id'] for i in answer['items']]
    assert told == [known[0], known[2], known[1], last]
    assert answer['items'][2] == {
        'type': 'withdrawn',
        'id': known[1],
        'withdrawn_at': '2027-01-15T08:00:00Z',
    }
    assert answer['more'] is False


def test_a_mirror_that_asks_now_and_then_stays_true(own) -> None:
    mirror: dict[str, Any] = {}
    put(own, marked(7))
    for page in crawl(own, limit=3):
        mirror |= {item['_id']: item for item in page['items']}
        take_back(own, *put(own, marked(2))[:1])
    since = page['since']
    for _ in range(4):
        take_back(own, random.choice(sorted(mirror)))
        put(own, marked(5))
        more = True
        while more:
            answer = get(own, since=since, limit=2).json()
            since, more = answer['next'], answer['more']
            for item in answer['items']:
                if item['type'] == 'record':
                    mirror[item['record']['_id']] = item['record']
                else:
                    mirror.pop(item['id'], None)
    standing = {r['_id']: r for page in crawl(own) for r in page['items']}
    assert mirror == standing


def test_what_came_last_is_told_once(own) -> None:
    put(own, marked(2))
    following = get(own, since='2100-01-01', limit=1000).json()['next']
    assert get(own, since=following).json()['items'] == []
    [new] = put(own, marked(1))
    assert [i['record']['_id'] for i in get(own, since=following).json()['items']] == [new]


def test_a_date_gives_what_was_stored_since(own) -> None:
    known = put(own, marked(2))
    for date in ('2026-01-01', 'Thu, 01 Jan 2026 00:00:00 GMT', '2026-01-01T00:00:00+02:00'):
        answer = get(own, since=date, limit=1000).json()
        told = [i['record']['_id'] for i in answer['items'] if i['type'] == 'record']
        assert told[-2:] == known


def test_what_the_archive_derives_can_be_asked_for_by_name(own) -> None:
    scan = payload(version='22.0.6')
    put(own, [scan, scan])
    [item] = get(own, fields='cjv,epoch,n_group', view='canonical', limit=5).json()['items']
    assert (item['epoch'], item['n_group']) == ('mriqc-22.0', 2)
    whole = get(own, fields='epoch', limit=1).json()
    assert whole['items'][0]['epoch'] == 'mriqc-22.0'
    assert len(get(own, fields='epoch', cursor=whole['next']).json()['items']) == 1
