"""What a token with the scope `relay` may say of a record, and others may not."""

import uuid

import pytest
import requests

from tests.web.asking import payload
from tests.web.relay.conftest import RELAY_TOKEN


def send(upstream, document: dict, resource: str = 'T1w') -> requests.Response:
    return requests.post(
        f'{upstream.root}/api/v2/{resource}/records',
        json=document,
        headers={'Authorization': RELAY_TOKEN},
        timeout=15,
    )


def rating(**members: str) -> dict:
    return {'rating': '2', 'md5sum': uuid.uuid4().hex, 'name': '', 'comment': ''} | members


def test_a_past_date_is_kept(upstream):
    answer = send(upstream, payload() | {'_created': 'Tue, 03 Mar 2020 10:00:00 GMT'})
    assert answer.json()['results'][0]['created_at'] == '2020-03-03T10:00:00Z'


def test_a_date_in_the_future_becomes_now(upstream):
    answer = send(upstream, payload() | {'_created': 'Sun, 03 Mar 2099 10:00:00 GMT'})
    assert answer.json()['results'][0]['created_at'] < '2099'


def test_a_tag_is_made_anew(upstream):
    answer = send(upstream, payload() | {'_etag': 'a' * 40})
    assert answer.json()['results'][0]['etag'] != 'a' * 40


@pytest.mark.parametrize('amends', ['f' * 24, 'nothing'])
def test_a_correction_of_what_is_not_there_is_refused(upstream, amends):
    answer = send(upstream, rating(amends=amends), 'rating')
    assert (answer.status_code, list(answer.json()['issues'])) == (422, ['amends'])


def test_a_correction_has_the_receipt_of_what_it_corrects(upstream):
    first = send(upstream, rating(), 'rating').json()['results'][0]
    second = send(upstream, rating(amends=first['id']), 'rating').json()['results'][0]
    assert second['receipt'] == first['receipt']


def test_without_the_scope_nobody_says_what_a_rating_corrects(service):
    answer = requests.post(
        f'{service.root}/api/v2/rating/records',
        json=rating(amends='f' * 24),
        headers={'Authorization': '<secret_token>'},
        timeout=15,
    )
    assert answer.json()['issues'] == {'amends': 'is set by the service'}
