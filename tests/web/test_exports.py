"""Exports over HTTP: each format, filtered or whole, unchanged, resumed, and given up."""

import csv
import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
import requests
import zstandard

from tests.live import LiveService
from tests.web.asking import payload
from tests.web.test_listing import put, take_back

N = 12
KINDS = {
    'ndjson': 'application/x-ndjson',
    'csv': 'text/csv',
    'tsv': 'text/tab-separated-values',
    'parquet': 'application/vnd.apache.parquet',
    'arrow': 'application/vnd.apache.arrow.stream',
}


def get(live: LiveService, format: str, *, name: str = 'T1w', **given: Any) -> requests.Response:
    headers = {'Accept-Encoding': 'identity'} | given.pop('headers', {})
    url = f'{live.root}/api/v2/{name}/export.{format}'
    return requests.get(url, params=given, headers=headers, timeout=60)


def rows_of(format: str, content: bytes) -> list[dict[str, Any]]:
    """Read an export back."""
    if format == 'ndjson':
        return [json.loads(line) for line in content.splitlines()]
    if format == 'parquet':
        return pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    if format == 'arrow':
        return pa.ipc.open_stream(content).read_all().to_pylist()
    text = io.StringIO(content.decode())
    return list(csv.DictReader(text, delimiter='\t' if format == 'tsv' else ','))


@pytest.fixture(scope='module')
def live(service: LiveService) -> tuple[LiveService, list[str]]:
    """A service with some records under a mark of their own, and their ids in order."""
    documents = [payload() | {'cjv': i / 10, 'mark': 'exports'} for i in range(N)]
    documents[3]['new'] = {'member': ['x', 1]}
    return service, put(service, documents)


MARKED = '{"mark": "exports"}'


@pytest.mark.parametrize('format', KINDS)
def test_each_format_holds_what_matches_in_order(live, format) -> None:
    service, ids = live
    answer = get(service, format, where=MARKED)
    assert answer.status_code == 200, answer.text
    assert answer.headers['Content-Type'].partition(';')[0] == KINDS[format]
    rows = rows_of(format, answer.content)
    assert [row['_id'] for row in rows] == ids
    assert [float(row['cjv']) for row in rows] == [i / 10 for i in range(N)]


@pytest.mark.parametrize('format', KINDS)
def test_the_format_may_be_named_by_the_accept_header(live, format) -> None:
    service, ids = live
    answer = requests.get(
        f'{service.root}/api/v2/T1w/export',
        params={'where': MARKED},
        headers={'Accept': f'text/html, {KINDS[format]};q=0.5'},
        timeout=60,
    )
    assert [row['_id'] for row in rows_of(format, answer.content)] == ids


@pytest.mark.parametrize('format', KINDS)
def test_a_resource_without_records_gives_an_empty_file(live, format) -> None:
    service, _ = live
    answer = get(service, format, name='dwi')
    assert (answer.status_code, rows_of(format, answer.content)) == (200, [])


def test_whole_ndjson_is_every_record_as_it_is_served(live) -> None:
    service, _ = live
    lines = get(service, 'ndjson').content.splitlines()
    listed = requests.get(f'{service.root}/api/v2/T1w/records?limit=1000', timeout=30).json()
    assert [json.loads(line) for line in lines][:1000] == listed['items']


def test_tables_have_the_dictionarys_columns_and_one_for_the_rest(live) -> None:
    service, _ = live
    row = rows_of('parquet', get(service, 'parquet', where=MARKED).content)[3]
    assert json.loads(row['residual']) == {'mark': 'exports', 'new': {'member': ['x', 1]}}
    dictionary = requests.get(f'{service.root}/api/v2/dictionary?resource=T1w', timeout=30)
    scalar = {f['name'] for f in dictionary.json() if f['type'] != 'object' and not f['required']}
    assert {'bids_meta.subject_id', 'provenance.md5sum', 'epoch', 'cjv'} <= set(row)
    assert 'provenance.email' not in row
    assert len(scalar - set(row)) < len(scalar) / 2


def test_fields_choose_columns_and_reach_into_the_rest(live) -> None:
    service, _ = live
    found = get(service, 'csv', where=MARKED, fields='cjv,new.member,bids_meta.subject_id')
    row = rows_of('csv', found.content)[3]
    assert list(row)[3:] == ['cjv', 'new.member', 'bids_meta.subject_id']
    assert (row['new.member'], row['cjv']) == ('["x",1]', '0.3')


def test_fields_choose_members_of_ndjson(live) -> None:
    service, _ = live
    found = get(service, 'ndjson', where=MARKED, fields='cjv')
    row = rows_of('ndjson', found.content)[3]
    assert set(row) == {'cjv', '_id', '_created', '_updated', '_etag', '_links'}


@pytest.mark.parametrize('format', ['ndjson', 'csv', 'tsv'])
@pytest.mark.parametrize(
    ('coding', 'decoded'),
    [
        ('gzip', gzip.decompress),
        ('zstd', lambda c: zstandard.ZstdDecompressor().stream_reader(c).read()),
    ],
)
def test_text_comes_compressed_if_asked_for(live, format, coding, decoded) -> None:
    service, ids = live
    url = f'{service.root}/api/v2/T1w/export.{format}'
    answer = requests.get(
        url, params={'where': MARKED}, headers={'Accept-Encoding': coding}, stream=True, timeout=60
    )
    assert answer.headers['Content-Encoding'] == coding
    content = decoded(answer.raw.read(decode_content=False))
    assert [row['_id'] for row in rows_of(format, content)] == ids


@pytest.mark.parametrize('format', KINDS)
def test_an_unchanged_export_is_not_sent_again(live, format) -> None:
    service, _ = live
    tag = get(service, format, where=MARKED).headers['ETag']
    assert get(service, format, where=MARKED, headers={'If-None-Match': tag}).status_code == 304
    assert get(service, format, where='cjv > 0', headers={'If-None-Match': tag}).status_code == 200
    put(service, [payload()])
    assert get(service, format, where=MARKED, headers={'If-None-Match': tag}).status_code == 200


@pytest.mark.parametrize('format', KINDS)
def test_a_record_of_another_resource_changes_no_export(live, format) -> None:
    service, _ = live
    tag = get(service, format).headers['ETag']
    put(service, [payload('bold')], resource='bold')
    assert get(service, format, headers={'If-None-Match': tag}).status_code == 304


def test_withdrawn_records_are_left_out(live) -> None:
    service, _ = live
    [gone] = put(service, [payload() | {'mark': 'gone'}])
    tag = get(service, 'ndjson').headers['ETag']
    take_back(service, gone)
    again = get(service, 'ndjson', headers={'If-None-Match': tag})
    assert again.status_code == 200
    assert gone not in again.text


def test_parquet_can_be_resumed(live) -> None:
    service, _ = live
    whole = get(service, 'parquet', where=MARKED)
    given = {'Range': 'bytes=100-', 'If-Range': whole.headers['ETag']}
    rest = get(service, 'parquet', where=MARKED, headers=given)
    assert (rest.status_code, whole.content[:100] + rest.content) == (206, whole.content)
    beyond = get(service, 'parquet', where=MARKED, headers={'Range': 'bytes=999999999-'})
    assert beyond.status_code == 416


@pytest.mark.parametrize('format', KINDS)
def test_head_tells_of_an_export_without_making_the_client_read_it(live, format) -> None:
    service, _ = live
    url = f'{service.root}/api/v2/T1w/export.{format}'
    plain = {'Accept-Encoding': 'identity'}
    answer = requests.head(url, params={'where': MARKED}, headers=plain, timeout=60)
    assert (answer.status_code, answer.content) == (200, b'')
    assert answer.headers['ETag'] == get(service, format, where=MARKED).headers['ETag']


def test_a_view_leaves_repeats_out(live) -> None:
    service, _ = live
    scan = payload() | {'mark': 'repeats'}
    put(service, [scan, scan, scan])
    asked = {'where': '{"mark": "repeats"}'}
    n_rows = {
        view: len(rows_of('csv', get(service, 'csv', view=view, **asked).content))
        for view in ('raw', 'scan', 'canonical')
    }
    assert n_rows == {'raw': 3, 'scan': 1, 'canonical': 1}


@pytest.mark.parametrize(
    ('path', 'status', 'code'),
    [
        ('T3w/export.csv', 404, 'not-found'),
        ('T1w/export.docx', 404, 'not-found'),
        ('T1w/export.csv?where={', 400, 'bad-query'),
        ('T1w/export.csv?view=none', 400, 'bad-query'),
        ('T1w/export.csv?fields=,', 400, 'bad-query'),
        ('T1w/export', 406, 'not-acceptable'),
    ],
)
def test_what_cannot_be_exported_is_a_problem(live, path, status, code) -> None:
    service, _ = live
    url = f'{service.root}/api/v2/{path}'
    answer = requests.get(url, headers={'Accept': 'image/png'}, timeout=30)
    assert (answer.status_code, answer.json()['code']) == (status, code)


def test_what_the_archive_derives_comes_with_ndjson_if_asked_for(live) -> None:
    service, _ = live
    found = get(service, 'ndjson', where=MARKED, fields='cjv,vendor,in_scan')
    row = rows_of('ndjson', found.content)[0]
    assert (row['cjv'], row['in_scan'], row['vendor']) == (0.0, True, None)


def test_polars_reads_parts_of_an_export_from_its_address(live) -> None:
    import polars as pl

    service, _ = live
    table = pl.scan_parquet(f'{service.root}/api/v2/T1w/export.parquet?fields=cjv,mark')
    found = table.filter(pl.col('mark') == '"exports"').select('cjv').collect()
    assert found['cjv'].to_list() == [i / 10 for i in range(N)]


def test_clients_that_ask_for_the_same_file_at_once_all_get_it_whole(live) -> None:
    service, ids = live
    asked = {'where': MARKED, 'fields': 'cjv,efc'}  # nobody has asked for it before
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: get(service, 'parquet', **asked), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert [row['_id'] for row in rows_of('parquet', answers[0].content)] == ids


def test_the_documentation_names_what_comes_and_nothing_else(live) -> None:
    service, _ = live
    paths = requests.get(f'{service.root}/openapi.json', timeout=30).json()['paths']
    for place in ('export', 'export.{format}'):
        told = paths[f'/api/v2/{{resource}}/{place}']['get']['responses']
        assert set(told['200']['content']) == set(KINDS.values())
        assert {'ETag', 'X-Data-Version'} <= set(told['200']['headers'])
        assert 'application/problem+json' in told['406']['content']
    listing = paths['/api/v2/{resource}/records']['get']['responses']
    assert 'Link' in listing['200']['headers']
    record = paths['/api/v2/{resource}/records/{id}']['get']['responses']
    assert {'200', '304', '404', '429', '503'} <= set(record)
    assert '429' in paths['/figures/index.json']['get']['responses']
