"""What no route takes is told as everything else is, and says where to go."""

import pytest
import requests

from tests.live import LiveService


def problem_of(answer: requests.Response) -> tuple[int, str, int, str]:
    told = answer.json()
    kind = answer.headers['Content-Type']
    return answer.status_code, kind, told['status'], told['code']


@pytest.mark.parametrize(
    'path',
    ['/nope', '/api', '/api/v2/nosuch', '/api/v2/T1w/nothing', '/api/v2/T1w/', '/static/nope.js'],
)
def test_an_address_that_nothing_serves_is_a_problem(service: LiveService, path: str) -> None:
    answer = requests.get(service.root + path, timeout=15, allow_redirects=False)
    assert problem_of(answer) == (404, 'application/problem+json', 404, 'not-found')
    assert '/api/v2' in answer.json()['detail']


def test_an_unknown_address_of_the_frozen_api_is_told_in_eves_words(service: LiveService) -> None:
    answer = requests.get(f'{service.root}/api/v1/T1w/x/y', timeout=15)
    assert answer.json()['_error']['code'] == answer.status_code == 404


@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_who_puts_v2_in_a_v1_address_is_told_where_the_records_are(
    service: LiveService, method: str
) -> None:
    told = requests.request(method, f'{service.root}/api/v2/T1w', timeout=15)
    assert told.status_code == 404
    assert told.headers['Content-Type'] == 'application/json'  # as the old service had it
    assert '/api/v2/T1w/records' in told.json()['_error']['message']


@pytest.mark.parametrize(
    ('method', 'path', 'allowed'),
    [
        ('DELETE', '/api/v2/T1w/summary', 'GET, HEAD'),
        ('PUT', '/api/v2/T1w/records', 'GET, HEAD, POST'),
        ('GET', '/api/v2/withdrawals', 'POST'),
        ('HEAD', '/api/v2/withdrawals', 'POST'),
        ('DELETE', '/releases/0001/manifest.json', 'GET, HEAD'),
        ('POST', '/docs', 'GET, HEAD'),
        ('POST', '/static/style.css', 'GET, HEAD'),
    ],
)
def test_a_method_that_an_address_lacks_is_a_problem_that_names_the_others(
    service: LiveService, method: str, path: str, allowed: str
) -> None:
    answer = requests.request(method, service.root + path, timeout=15)
    assert (answer.status_code, answer.headers['Allow']) == (405, allowed)
    if method != 'HEAD':
        known = (405, 'application/problem+json', 405, 'method-not-allowed')
        assert problem_of(answer) == known
        assert allowed in answer.json()['detail']


def test_an_index_leads_to_every_address_of_the_api(service: LiveService) -> None:
    index = requests.get(f'{service.root}/api/v2', timeout=15).json()
    paths = requests.get(f'{service.root}/openapi.json', timeout=15).json()['paths']
    known = {path for path in paths if path.startswith('/api/v2')}
    assert {route['path'] for route in index['routes']} == known
    for resource in index['resources']:
        answer = requests.get(f'{service.root}{resource["records"]}?limit=1', timeout=15)
        assert 'items' in answer.json()
    for place in (index['documentation'], index['openapi']):
        assert requests.get(service.root + place, timeout=15).status_code == 200


def test_people_are_shown_a_page_with_the_methods_too(service: LiveService) -> None:
    browser = {'Accept': 'text/html,*/*;q=0.8'}
    answer = requests.post(f'{service.root}/docs', headers=browser, timeout=15)
    assert answer.headers['Content-Type'].startswith('text/html')
    assert (answer.status_code, answer.headers['Allow']) == (405, 'GET, HEAD')
