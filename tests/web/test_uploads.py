"""Uploads to the current API: one, many, streams, repeats, and what is refused."""

import gzip
import json
import socket
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.live import TOKEN, LiveService
from tests.web.asking import AUTHORIZATION, count_of, payload, upload, upload_lines


def test_one_document_is_created_and_readable(service: LiveService) -> None:
    answer = upload(service, payload())
    assert answer.status_code == 201
    (result,) = answer.json()['results']
    assert result['status'] == 'created'
    record = requests.get(f'{service.root}/api/v2/T1w/records/{result["id"]}', timeout=15)
    assert record.json()['_id'] == result['id']
    assert record.headers['ETag'] == f'"{result["etag"]}"'


def test_what_was_odd_is_noted_in_the_answer(service: LiveService) -> None:
    answer = upload(service, payload() | {'spikes': 3, 'qi_2': None})
    notes = {(n['field'], n['kind']) for n in answer.json()['results'][0]['notes']}
    assert {('spikes', 'unknown'), ('qi_2', 'null')} <= notes


def test_notes_add_up_in_the_drift_ledger(service: LiveService) -> None:
    version = f'99.{uuid.uuid4().hex[:6]}'
    for value in (1.5, 2.5):
        upload(service, payload(version=version) | {'new_iqm': value})
    ledger = requests.get(
        f'{service.root}/api/v2/drift?resource=T1w&version={version}', timeout=15
    ).json()
    (row,) = [r for r in ledger if r['version'] == version and r['field'] == 'new_iqm']
    assert (row['n'], row['kind'], row['example']) == (2, 'unknown', '1.5')
    assert row['first_day'] == row['last_day'] == time.strftime('%Y-%m-%d', time.gmtime())


def test_each_document_of_an_array_is_taken_or_refused_by_itself(service: LiveService) -> None:
    good = payload()
    bad = {k: v for k, v in payload().items() if k != 'cjv'}
    answer = upload(service, [good, bad, payload()])
    assert answer.status_code == 207
    assert [r['status'] for r in answer.json()['results']] == ['created', 'refused', 'created']
    assert answer.json()['results'][1]['problem']['issues'] == {'cjv': 'required field'}
    assert count_of(service, good['provenance']['md5sum']) == 1


def test_a_refused_document_is_told_as_a_problem(service: LiveService) -> None:
    answer = upload(service, payload() | {'cjv': 'abc'})
    assert answer.status_code == 422
    assert answer.headers['Content-Type'] == 'application/problem+json'
    assert answer.json()['code'] == 'invalid-document'
    assert answer.json()['issues'] == {'cjv': 'must be of float type'}


def test_a_stream_has_a_result_per_line(service: LiveService) -> None:
    lines = [json.dumps(payload()).encode() for _ in range(450)]
    lines[7] = b'{"broken'
    lines[301] = json.dumps({'cjv': 1}).encode()
    results = upload_lines(service, lines)
    assert [r['index'] for r in results] == list(range(450))
    refused = {r['index']: r['problem']['code'] for r in results if r['status'] == 'refused'}
    assert refused == {7: 'broken-body', 301: 'invalid-document'}


def test_a_repeated_upload_is_stored_once(service: LiveService) -> None:
    document, key = payload(), uuid.uuid4().hex
    first = upload(service, document, Idempotency_Key=key).json()['results'][0]
    again = upload(service, document, Idempotency_Key=key).json()['results'][0]
    assert again == first | {'status': 'replayed'}
    assert count_of(service, document['provenance']['md5sum']) == 1


def test_a_repeated_stream_goes_on_where_it_broke(service: LiveService) -> None:
    lines, key = [json.dumps(payload()).encode() for _ in range(5)], uuid.uuid4().hex
    upload_lines(service, lines[:2], Idempotency_Key=key)
    results = upload_lines(service, lines, Idempotency_Key=key)
    assert [r['status'] for r in results] == ['replayed'] * 2 + ['created'] * 3


def test_a_key_with_another_document_is_a_conflict(service: LiveService) -> None:
    key = uuid.uuid4().hex
    upload(service, payload(), Idempotency_Key=key)
    answer = upload(service, payload(), Idempotency_Key=key)
    assert answer.status_code == 409
    assert answer.json()['code'] == 'changed-submission'


@pytest.mark.parametrize(
    ('authorization', 'status'),
    [({}, 401), ({'Authorization': 'Bearer nope'}, 401), (AUTHORIZATION, 201)],
)
def test_uploads_need_a_good_token(
    service: LiveService, authorization: dict[str, str], status: int
) -> None:
    answer = requests.post(
        f'{service.root}/api/v2/T1w/records',
        headers=authorization,
        json=payload(),
        timeout=15,
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ('body', 'status', 'code'),
    [
        (b'', 400, 'broken-body'),
        (b'{', 400, 'broken-body'),
        (b'\xff\xfe', 400, 'broken-body'),
        (b'"\\ud800"', 400, 'broken-body'),
        (b'[]', 400, 'broken-body'),
        (b'[' * 5000 + b']' * 5000, 422, 'limit-exceeded'),
        (b'[' + b'{},' * 1500 + b'{}]', 422, 'limit-exceeded'),
        (b'{"x": "' + b'a' * 70_000 + b'"}', 422, 'limit-exceeded'),
        (b'{"' + b'k' * 300 + b'": 1}', 422, 'limit-exceeded'),
        (b'[' + b' ' * (17 * 2**20) + b']', 413, 'body-too-large'),
    ],
)
def test_what_breaks_a_limit_is_told_and_changes_nothing(
    service: LiveService, body: bytes, status: int, code: str
) -> None:
    answer = upload(service, body)
    assert (answer.status_code, answer.json()['code']) == (status, code)


def test_a_compressed_body_is_refused_in_words(service: LiveService) -> None:
    body = gzip.compress(json.dumps(payload()).encode())
    assert upload(service, body, Content_Encoding='gzip').status_code == 400


def test_a_slow_body_times_out(tmp_path: Path) -> None:
    live = LiveService(tmp_path, body_timeout_s=0.3)
    live.make_token()
    with live:
        where = urlsplit(live.root)
        with socket.create_connection((where.hostname, where.port), timeout=15) as connection:
            head = f'POST /api/v1/T1w HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n'
            head += 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'
            connection.sendall(head.encode())
            assert connection.recv(4096).startswith(b'HTTP/1.1 408')


def test_numbers_beyond_double_range_become_null(service: LiveService) -> None:
    body = json.dumps(payload()).replace('"cjv": 0.38345367902512617', '"cjv": 1e999')
    id = upload(service, body.encode()).json()['results'][0]['id']
    record = requests.get(f'{service.root}/api/v2/T1w/records/{id}', timeout=15).json()
    assert record['cjv'] is None


def test_an_unknown_resource_is_not_found(service: LiveService) -> None:
    answer = upload(service, payload(), resource='T3w')
    assert (answer.status_code, answer.json()['code']) == (404, 'not-found')
