"""Parameters that cannot be meant as written are refused, in words that help."""

import uuid

import pytest
import requests

from tests.live import LiveService
from tests.web.asking import payload
from tests.web.test_listing import put, take_back


def refusal(service: LiveService, path: str) -> str:
    answer = requests.get(f'{service.root}/api/v2/{path}', timeout=30)
    assert (answer.status_code, answer.json()['code']) == (400, 'bad-query'), answer.text
    detail: str = answer.json()['detail']
    return detail


@pytest.mark.parametrize(
    ('path', 'words'),
    [
        ('T1w/records?foo=1', "'foo' is no parameter here; there are where, fields, sort, view,"),
        ('T1w/export.csv?foo=1', "'foo' is no parameter here; there are where, fields, view"),
        ('scans?data_hash=x&foo=1', "'foo' is no parameter here; there are limit, cursor, data_h"),
        ('T1w/records?limit=x', "limit takes an integer, not 'x'"),
        ('scans?data_hash=x&limit=x', "limit takes an integer, not 'x'"),
        ('scans/x?limit=0', "limit takes at least 1, not '0'"),
        ('T1w/records?limit=1001', "limit takes at most 1000, not '1001'"),
        ('T1w/records?total=perhaps', "total takes true or false, not 'perhaps'"),
        ('T1w/export.csv?view=none', "view takes 'raw', 'scan'"),
        ('scans', 'data_hash is missing'),
        ('scans?data_hash=', 'data_hash takes at least 1 character(s)'),
    ],
)
def test_a_wrong_parameter_is_named_with_what_would_be_right(service, path, words) -> None:
    assert refusal(service, path).startswith(words)


@pytest.mark.parametrize(
    'path',
    [
        'T1w/records?where=cjv>0&where=cjv>1',
        'T1w/records?since=2026-01-01&since=2026-01-02',
        'T1w/export.csv?fields=cjv&fields=efc',
        'T1w/export?view=raw&view=raw',
        'T1w/summary?where=cjv>0&where=cjv>1',
        'scans?data_hash=x&data_hash=y',
        'ratings?limit=1&limit=2',
        'labels.csv?modality=T1w&modality=bold',
        'dictionary?resource=T1w&resource=bold',
    ],
)
def test_a_parameter_given_twice_is_refused(service, path) -> None:
    assert refusal(service, path).endswith('is given twice')


@pytest.mark.parametrize('since', ['', '%20', '+'])
def test_an_empty_cursor_of_the_feed_gives_no_listing(service, since) -> None:
    assert '`since`' in refusal(service, f'T1w/records?since={since}')


@pytest.mark.parametrize('fields', ['bids_meta.', '.cjv', 'cjv,bids_meta..x', 'cjv,', ','])
@pytest.mark.parametrize('where', ['records', 'export.csv'])
def test_a_name_with_an_empty_part_is_no_field(service, where, fields) -> None:
    assert 'is no field name' in refusal(service, f'T1w/{where}?fields={fields}')


def test_fields_are_at_most_so_many(service) -> None:
    many = ','.join(f'a{n}' for n in range(501))
    assert refusal(service, f'T1w/records?fields={many}') == 'at most 500 fields, not 501'


def test_a_withdrawn_record_s_address_says_so(service) -> None:
    [gone] = put(service, [payload()])
    take_back(service, gone)
    answer = requests.get(f'{service.root}/api/v2/T1w/records/{gone}', timeout=30)
    assert answer.status_code == 404
    assert f'the record {gone} of T1w was withdrawn on 20' in answer.json()['detail']
    other = requests.get(f'{service.root}/api/v2/bold/records/{gone}', timeout=30)
    assert other.json()['detail'] == f"bold has no record '{gone}'"
    short = requests.get(f'{service.root}/api/v2/T1w/records/{gone[:9]}', timeout=30)
    assert short.json()['detail'].endswith('an id has 24 hex digits')


@pytest.mark.parametrize('upper', ['asked', 'stored'])
def test_an_md5_may_be_written_in_upper_case(service, upper) -> None:
    md5sum = uuid.uuid4().hex
    stored = md5sum.upper() if upper == 'stored' else md5sum
    [id_] = put(service, [payload(md5sum=stored)])
    for name in (md5sum, md5sum.upper()):
        answer = requests.get(f'{service.root}/api/v2/scans/{name}', timeout=30).json()
        assert ([i['record']['_id'] for i in answer['items']], answer['md5sum']) == ([id_], stored)
        told = requests.get(f'{service.root}/api/v2/scans/{name}/ratings', timeout=30).json()
        assert (told['md5sum'], told['n_ratings']) == (md5sum, 0)


@pytest.mark.parametrize('path', ['scans/xyz', 'scans/xyz/ratings'])
def test_what_names_no_image_is_told_what_an_md5_looks_like(service, path) -> None:
    answer = requests.get(f'{service.root}/api/v2/{path}', timeout=30)
    assert (answer.status_code, answer.json()['code']) == (404, 'not-found')
    assert '32 hex digits' in answer.json()['detail']
