"""Short answers are told apart by their ETag, and come compressed to who takes that."""

import gzip
import uuid

import orjson
import pytest
import requests
import zstandard

from tests.live import LiveService
from tests.web.asking import payload, upload

ANSWERS = [
    *('/api/v2/T1w/summary', '/api/v2/T1w/distribution?iqm=cjv', '/api/v2/counts', '/docs'),
    *('/releases/index.json', '/releases/withdrawn.tsv', '/api/v2/T1w/coverage'),
    '/api/v2/T1w/percentiles.csv',
]


def get(service: LiveService, path: str, **headers: str) -> requests.Response:
    named = {k.replace('_', '-'): v for k, v in headers.items()}
    return requests.get(service.root + path, headers=named, timeout=60)


@pytest.fixture(autouse=True)
def one(service: LiveService) -> None:
    """There is a record to tell of."""
    assert upload(service, payload()).status_code == 201


@pytest.mark.parametrize('path', ANSWERS)
def test_who_has_the_answer_already_is_told_so(service: LiveService, path: str) -> None:
    first = get(service, path)
    assert first.headers['Cache-Control'] == 'no-cache'
    tag = first.headers['ETag']
    for named in (tag, f'"other", {tag}', '*', tag.removeprefix('W/')):
        again = get(service, path, If_None_Match=named)
        assert (again.status_code, again.content, again.headers['ETag']) == (304, b'', tag)
    assert get(service, path, If_None_Match='W/"other"').content == first.content


def test_a_new_record_makes_another_answer(service: LiveService) -> None:
    tag = get(service, '/api/v2/counts').headers['ETag']
    assert upload(service, payload()).status_code == 201
    assert get(service, '/api/v2/counts', If_None_Match=tag).status_code == 200


def test_what_has_gone_wrong_has_no_tag(service: LiveService) -> None:
    assert 'ETag' not in get(service, '/api/v2/T1w/summary?a=b').headers


def read(service: LiveService, path: str, coding: str) -> tuple[requests.Response, bytes]:
    """Read an answer as it came, still compressed."""
    headers = {'Accept-Encoding': coding}
    answer = requests.get(service.root + path, headers=headers, stream=True, timeout=60)
    return answer, answer.raw.read(decode_content=False)


@pytest.mark.parametrize('path', ['/api/v2/T1w/summary', '/docs', '/openapi.json'])
def test_an_answer_comes_compressed_to_who_takes_that(service: LiveService, path: str) -> None:
    plain, whole = read(service, path, 'identity')
    assert 'Content-Encoding' not in plain.headers
    small, packed = read(service, path, 'gzip, deflate')
    assert (small.headers['Content-Encoding'], gzip.decompress(packed)) == ('gzip', whole)
    other, frame = read(service, path, 'gzip, br, zstd')
    unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(frame)
    assert (other.headers['Content-Encoding'], unpacked) == ('zstd', whole)
    assert len(packed) < len(whole) / 2
    for answer, body in ((plain, whole), (small, packed), (other, frame)):
        assert 'Accept-Encoding' in answer.headers['Vary']
        assert int(answer.headers['Content-Length']) == len(body)
        assert answer.headers['ETag'] == plain.headers['ETag']


def test_a_few_bytes_are_not_compressed(service: LiveService) -> None:
    answer, body = read(service, '/healthz', 'gzip')
    assert ('Content-Encoding' in answer.headers, orjson.loads(body)) == (False, {'status': 'ok'})


def test_lists_of_records_go_as_they_are(service: LiveService) -> None:
    answer, body = read(service, '/api/v2/T1w/records?limit=9', 'gzip')
    assert 'items' in orjson.loads(body)
    assert not {'Content-Encoding', 'ETag'} & set(answer.headers)


def test_answers_about_receipts_are_kept_nowhere(service: LiveService) -> None:
    answer = get(service, '/withdraw?id=' + uuid.uuid4().hex[:24], Accept='text/html')
    assert (answer.headers['Cache-Control'], 'ETag' in answer.headers) == ('no-store', False)
