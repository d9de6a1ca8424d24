"""An image's records are found together: by its file's MD5, or by its voxels."""

import json
import uuid
from typing import Any

import pytest
import requests

from tests.live import TOKEN, LiveService
from tests.web.asking import payload, upload


@pytest.fixture
def md5sum() -> str:
    return uuid.uuid4().hex


def get(service: LiveService, path: str, **asked: Any) -> requests.Response:
    return requests.get(f'{service.root}/api/v2/scans{path}', params=asked, timeout=30)


def put(service: LiveService, resource: str, *documents: dict[str, Any]) -> None:
    answer = upload(service, list(documents), resource=resource)
    assert answer.status_code == 201, answer.text


def rate(service: LiveService, md5sum: str, rating: str = 'good') -> None:
    body = json.dumps({'md5sum': md5sum, 'rating': rating})
    headers = {'Authorization': TOKEN, 'Content-Type': 'application/json'}
    answer = requests.post(f'{service.root}/api/v1/rating', data=body, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text


def test_all_versions_and_resources_of_an_image_come_together(service, md5sum) -> None:
    put(service, 'T1w', payload(md5sum=md5sum, version='22.0.6'), payload(md5sum=md5sum))
    put(service, 'bold', payload('bold', md5sum=md5sum, version='23.1.0'))
    rate(service, md5sum)
    found = get(service, f'/{md5sum}').json()
    told = [(i['resource'], i['record']['provenance']['md5sum']) for i in found['items']]
    assert told == [('T1w', md5sum), ('T1w', md5sum), ('bold', md5sum)]
    assert [r['rating'] for r in found['ratings']] == ['good']
    counts = {(c['resource'], c['version']): c['n'] for c in found['counts']}
    assert counts['T1w', '22.0.6'] == counts['bold', '23.1.0'] == 1
    assert sum(counts.values()) == 4
    assert found['next'] is None


def test_records_of_a_much_repeated_image_come_page_by_page(service, md5sum) -> None:
    put(service, 'bold', *(payload('bold', md5sum=md5sum) for _ in range(3)))
    put(service, 'T1w', *(payload(md5sum=md5sum) for _ in range(4)))
    seen: list[str] = []
    cursor = ''
    while cursor is not None:
        page = get(service, f'/{md5sum}', limit=2, cursor=cursor).json()
        seen += [i['record']['_id'] for i in page['items']]
        cursor = page['next']
    assert len(seen) == len(set(seen)) == 7


def test_an_image_that_is_only_rated_is_known(service, md5sum) -> None:
    rate(service, md5sum, 'bad')
    found = get(service, f'/{md5sum}').json()
    assert (found['items'], len(found['ratings'])) == ([], 1)


@pytest.mark.parametrize('unknown', ['0' * 32, 'no-md5', '%00', '\N{SNOWMAN}' * 300])
def test_an_image_that_nothing_knows_is_a_problem(service, unknown) -> None:
    answer = get(service, f'/{unknown}')
    assert (answer.status_code, answer.json()['code']) == (404, 'not-found')


def test_the_same_voxels_in_other_files_are_found(service) -> None:
    hash_, files = uuid.uuid4().hex, [uuid.uuid4().hex for _ in range(2)]
    put(service, 'T1w', *(payload(md5sum=f, data_hash=hash_) for f in files))
    found = get(service, '', data_hash=hash_).json()
    assert found['md5sums'] == sorted(files)
    assert [i['record']['provenance']['md5sum'] for i in found['items']] == files
    assert get(service, f'/{files[0]}').json()['data_hashes'] == [hash_]


def test_voxels_that_nothing_has_give_an_empty_answer(service) -> None:
    found = get(service, '', data_hash='unheard of').json()
    assert (found['items'], found['md5sums'], found['next']) == ([], [], None)


@pytest.mark.parametrize('asked', [{}, {'data_hash': ''}, {'data_hash': 'x', 'cursor': 'y'}])
def test_a_search_without_its_hash_or_with_a_wrong_cursor_is_a_problem(service, asked) -> None:
    assert get(service, '', **asked).json()['code'] == 'bad-query'
