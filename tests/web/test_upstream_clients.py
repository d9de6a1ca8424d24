"""The exact requests of released software, over a real socket."""

import http.client
import json
from urllib.parse import urlsplit
from urllib.request import urlopen

import requests

from tests.live import TOKEN, LiveService
from tests.web.asking import payload


def send_as_mriqc_does(service: LiveService, document: dict) -> requests.Response:
    """Post as ``mriqc.interfaces.webapi.upload_qc_metrics`` does."""
    modality = document['bids_meta']['modality']
    return requests.post(
        f'{service.root}/api/v1/{modality}',
        headers={'Authorization': TOKEN, 'Content-Type': 'application/json'},
        data=json.dumps(document),
        timeout=15,
    )


def test_mriqcs_uploader_gets_its_201_and_an_id(service: LiveService) -> None:
    for name in ('T1w', 'T2w', 'bold'):
        answer = send_as_mriqc_does(service, payload(name))
        assert answer.status_code == 201
        assert len(answer.json()['_id']) == 24


def test_mriqcs_uploader_sends_an_email_that_nobody_gets_to_see(service: LiveService) -> None:
    document = payload(email='jane.doe@example.org')
    id = send_as_mriqc_does(service, document).json()['_id']
    served = requests.get(f'{service.root}/api/v1/T1w/{id}', timeout=15)
    assert 'jane.doe' not in served.text
    assert served.json()['provenance']['md5sum'] == document['provenance']['md5sum']


def test_a_nan_that_orjson_wrote_as_null_loses_no_record(service: LiveService) -> None:
    answer = send_as_mriqc_does(service, payload() | {'qi_2': None})
    assert answer.status_code == 201


def test_the_notebook_pages_with_raw_braces_until_next_is_gone(service: LiveService) -> None:
    md5sum = payload()['provenance']['md5sum']
    sent = {send_as_mriqc_does(service, payload(md5sum=md5sum)).json()['_id'] for _ in range(7)}
    seen: list[str] = []
    page = 1
    while True:
        where = f'{{"provenance.md5sum":"{md5sum}"}}'
        url = f'{service.root}/api/v1/T1w?max_results=3&where={where}&page={page}'
        with urlopen(url, timeout=15) as answer:
            data = json.load(answer)
        seen += [item['_id'] for item in data['_items']]
        if 'next' not in data['_links']:
            break
        page += 1
    assert page == 3
    assert len(seen) == 7
    assert set(seen) == sent


def test_the_widget_of_a_report_on_disk_posts_and_reads_the_counts(service: LiveService) -> None:
    md5sum = payload()['provenance']['md5sum']
    where = urlsplit(service.root)
    connection = http.client.HTTPConnection(where.hostname or '', where.port, timeout=15)
    preflight = {
        'Origin': 'null',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type',
    }
    connection.request('OPTIONS', '/api/v1/rating', headers=preflight)
    asked = connection.getresponse()
    asked.read()
    assert asked.status == 200
    assert asked.headers['Access-Control-Allow-Origin'] == 'null'
    body = json.dumps(
        {'rating': '2.55', 'md5sum': md5sum, 'name': '', 'comment': '["head-motion"]'}
    )
    headers = {
        'Origin': 'null',
        'Authorization': TOKEN,
        'Content-Type': 'application/json;charset=UTF-8',
    }
    connection.request('POST', '/api/v1/rating', body, headers)
    posted = connection.getresponse()
    posted.read()
    connection.close()
    assert posted.status == 201
    assert posted.headers['Access-Control-Allow-Origin'] == 'null'
    counts = requests.get(
        f'{service.root}/api/v1/rating_counts',
        params={'aggregate': json.dumps({'$value': md5sum})},
        timeout=15,
    )
    assert [(i['_id'], i['count']) for i in counts.json()['_items']] == [('2.55', 1)]


def test_ratings_without_an_image_are_kept_and_counted_for_none(service: LiveService) -> None:
    rating = {'rating': '1.00', 'md5sum': 'unspecified', 'name': '', 'comment': '[]'}
    posted = requests.post(
        f'{service.root}/api/v1/rating',
        headers={'Authorization': TOKEN},
        json=rating,
        timeout=15,
    )
    served = requests.get(
        f'{service.root}/api/v1/rating/{posted.json()["_id"]}', timeout=15
    ).json()
    assert served['md5sum'] == 'unspecified'
    counts = requests.get(
        f'{service.root}/api/v1/rating_counts',
        params={'aggregate': '{"$value":"unspecified"}'},
        timeout=15,
    )
    assert counts.json()['_items'] == []


def test_resources_that_eve_never_had_speak_the_same_language(service: LiveService) -> None:
    listed = requests.get(f'{service.root}/api/v1/dwi', timeout=15)
    assert listed.json()['_meta'] == {'page': 1, 'max_results': 25, 'total': 0}
    refused = requests.post(
        f'{service.root}/api/v1/dwi', headers={'Authorization': TOKEN}, json={}, timeout=15
    )
    assert refused.status_code == 422
    assert refused.json()['_issues']['ndc'] == 'required field'
