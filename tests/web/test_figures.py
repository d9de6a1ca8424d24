"""Figures over HTTP."""

import csv
import io
import json
from typing import Any

import pytest
import requests

from tests.live import LiveService
from tests.web.asking import payload, upload

CJV = {'resource': 'T1w', 'iqm': 'cjv'}


def get(live: LiveService, file: str, **options: Any) -> requests.Response:
    return requests.get(f'{live.root}/figures/{file}', timeout=60, **options)


@pytest.mark.parametrize(
    ('format', 'kind'),
    [
        ('svg', 'image/svg+xml'),
        ('png', 'image/png'),
        ('json', 'application/json'),
        ('csv', 'text/csv; charset=utf-8'),
    ],
)
def test_a_figure_comes_in_each_format(demo: LiveService, format: str, kind: str) -> None:
    answer = get(demo, f'distribution.{format}', params=CJV)
    assert (answer.status_code, answer.headers['Content-Type']) == (200, kind)


def test_each_listed_figure_is_drawn(demo: LiveService) -> None:
    record = requests.get(f'{demo.root}/api/v2/T1w/records?limit=1', timeout=30).json()['items'][0]
    values = {'resource': 'T1w', 'iqm': 'cjv', 'x': 'cjv', 'y': 'cnr', 'id': record['_id']}
    listed = get(demo, 'index.json').json()['figures']
    assert len(listed) >= 10
    for figure in listed:
        needed = {name: values[name] for name in figure['needs']}
        answer = get(demo, f'{figure["name"]}.svg', params=needed)
        assert answer.status_code == 200, (figure, answer.text)


def test_the_table_adds_up_to_all_records(demo: LiveService) -> None:
    rows = list(csv.DictReader(io.StringIO(get(demo, 'distribution.csv', params=CJV).text)))
    told = requests.get(f'{demo.root}/api/v2/T1w/distribution?iqm=cjv', timeout=30).json()
    assert sum(int(row['n']) for row in rows) == told['n_used']


def test_a_filter_narrows_a_figure(demo: LiveService) -> None:
    asked = CJV | {'where': '{"vendor": "GE"}'}
    text = get(demo, 'distribution.svg', params=asked).text
    assert '7 records, canonical view' in text


def test_a_figure_is_dark_where_asked_to_be(demo: LiveService) -> None:
    light, dark = (get(demo, 'growth.svg', params={'theme': t}).text for t in ('light', 'dark'))
    assert '#191f29' in dark
    assert '#191f29' not in light


def test_a_figure_that_the_client_has_is_not_sent_again(demo: LiveService) -> None:
    tag = get(demo, 'growth.svg').headers['ETag']
    again = get(demo, 'growth.svg', headers={'If-None-Match': tag})
    assert (again.status_code, again.content) == (304, b'')


def test_a_client_with_a_date_alone_is_sent_the_figure(demo: LiveService) -> None:
    since = {'If-Modified-Since': 'Sun, 22 Nov 2026 00:00:00 GMT'}
    assert get(demo, 'growth.svg', headers=since).status_code == 200


def test_a_new_record_makes_a_new_figure(service: LiveService) -> None:
    before = get(service, 'growth.csv')
    assert upload(service, payload()).status_code == 201
    after = get(service, 'growth.csv')
    assert before.headers['ETag'] != after.headers['ETag']
    assert before.text != after.text


def test_a_vendor_that_is_a_script_comes_out_as_text(service: LiveService) -> None:
    hostile = '<script>alert(1)</script>'
    for _ in range(10):  # as many as a group needs to be told by name
        document = payload()
        document['bids_meta']['task_id'] = hostile
        assert upload(service, document).status_code == 201
    asked = CJV | {'by': 'bids_meta.task_id'}
    text = get(service, 'distribution.svg', params=asked).text
    assert '<script' not in text
    assert '&lt;script&gt;' in text


def test_a_figure_may_run_nothing(demo: LiveService) -> None:
    headers = get(demo, 'growth.svg').headers
    assert headers['Content-Security-Policy'] == "default-src 'none'; sandbox"
    assert headers['X-Content-Type-Options'] == 'nosniff'


@pytest.mark.parametrize(
    ('file', 'asked', 'status', 'words'),
    [
        ('pie.svg', {}, 404, "there is no figure 'pie'"),
        ('distribution.svg', {'resource': 'T1w'}, 400, 'needs iqm'),
        ('distribution.svg', {'resource': 'T1w', 'iqm': 'nope'}, 400, "no number 'nope'"),
        ('distribution.svg', {'resource': 'nope', 'iqm': 'cjv'}, 404, "no resource 'nope'"),
        ('distribution.svg', CJV | {'where': 'cjv ='}, 400, 'equality is =='),
        ('distribution.svg', CJV | {'view': 'best'}, 400, 'view'),
        ('distribution.svg', CJV | {'bins': '500'}, 400, 'at most 200 bins'),
        ('growth.svg', {'iqm': 'cjv'}, 400, 'takes no iqm'),
        ('growth.svg', {'width': '9999'}, 400, 'width'),
        ('growth.svg', {'theme': 'pink'}, 400, 'theme'),
        ('growth.svg', {'colour': 'pink'}, 400, 'colour'),
        ('growth.gif', {}, 400, 'format'),
        ('percentiles.svg', {'resource': 'T1w', 'id': 'nope'}, 404, 'no record'),
    ],
)
def test_what_cannot_be_drawn_is_told_as_a_problem(
    demo: LiveService, file: str, asked: dict[str, str], status: int, words: str
) -> None:
    answer = get(demo, file, params=asked)
    assert (answer.status_code, answer.headers['Content-Type']) == (
        status,
        'application/problem+json',
    )
    assert words in answer.json()['detail']


def test_figures_are_in_the_api_description(demo: LiveService) -> None:
    paths = requests.get(f'{demo.root}/openapi.json', timeout=30).json()['paths']
    drawn = paths['/figures/{name}.{format}']['get']
    assert set(drawn['responses']['200']['content']) >= {'image/svg+xml', 'image/png', 'text/csv'}


def test_a_specification_can_be_drawn_by_others(demo: LiveService) -> None:
    import vl_convert

    spec = get(demo, 'distribution.json', params=CJV).text
    assert vl_convert.vegalite_to_svg(json.loads(spec)).startswith('<svg')


def test_counts_are_those_of_the_archive(demo: LiveService) -> None:
    counts = requests.get(f'{demo.root}/api/v2/counts', timeout=30).json()
    assert (counts['records'], counts['images'], counts['ratings']) == (600, 572, 187)
    assert counts['scanners'] == 12
    assert counts['resources']['bold'] == 200
