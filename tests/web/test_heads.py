"""HEAD tells of every address what GET would, without the body; scripts of any page may ask."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from tests.live import LiveService

COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))
FILE = '/releases/0001/manifest.json'
PLAIN = {'Accept-Encoding': 'identity'}


@pytest.fixture(scope='module')
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with records in it, and a release of them."""
    live = LiveService(tmp_path_factory.mktemp('heads'))
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    release = [COMMAND, 'release', 'create', '--data-dir', str(live.data_dir)]
    subprocess.run(release, check=True, capture_output=True)
    with live:
        yield live


@pytest.mark.parametrize(
    'path',
    [
        *('/', '/healthz', '/readyz', '/docs', '/openapi.json', '/explore', '/static/style.css'),
        *('/releases/', '/releases/index.json', '/releases/withdrawn.tsv', FILE),
        *('/api/v2', '/api/v2/counts', '/api/v2/T1w/records', '/api/v2/T1w/summary'),
        *('/api/v2/T1w/export.parquet', '/api/v2/labels.csv', '/nope', '/api/v2/T1w/summary?a=b'),
    ],
)
def test_head_tells_the_headers_that_get_does(live: LiveService, path: str) -> None:
    whole = requests.get(live.root + path, headers=PLAIN, timeout=60)
    head = requests.head(live.root + path, headers=PLAIN, timeout=60)
    assert (head.status_code, head.content) == (whole.status_code, b'')
    told = [
        {k: v for k, v in answer.headers.items() if k.lower() != 'date'}
        for answer in (head, whole)
    ]
    assert told[0] == told[1]


def test_no_description_of_the_api_names_head(live: LiveService) -> None:
    paths = requests.get(f'{live.root}/openapi.json', timeout=30).json()['paths']
    assert {method for methods in paths.values() for method in methods} == {
        *('get', 'post', 'patch', 'delete')
    }


@pytest.mark.parametrize('path', [FILE, '/api/v2/T1w/export.parquet', '/api/v2/labels.parquet'])
def test_all_files_come_by_ranges_alike(live: LiveService, path: str) -> None:
    whole = requests.get(live.root + path, timeout=60)
    size = len(whole.content)

    def ask(wanted: str) -> requests.Response:
        return requests.get(live.root + path, headers={'Range': wanted, **PLAIN}, timeout=60)

    assert ask('bytes=4-9').content == whole.content[4:10]
    for nonsense in ('garbage', 'bytes=5-2'):
        assert (ask(nonsense).status_code, ask(nonsense).content) == (200, whole.content)
    beyond = ask(f'bytes={size}-')
    assert (beyond.status_code, beyond.json()['code']) == (416, 'range-not-satisfiable')
    assert beyond.headers['Content-Range'] == f'bytes */{size}'
    assert beyond.headers['Content-Type'] == 'application/problem+json'


@pytest.mark.parametrize('path', [FILE, '/api/v2/T1w/export.parquet', '/api/v2/T1w/summary'])
def test_a_script_of_another_page_may_ask_for_parts_and_for_changes(
    live: LiveService, path: str
) -> None:
    asked = {
        'Origin': 'https://notebook.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'cache-control,if-none-match,if-range,range',
    }
    allowed = requests.options(live.root + path, headers=asked, timeout=30)
    assert allowed.status_code == 200
    given = set(re.split(', *', allowed.headers['Access-Control-Allow-Headers'].lower()))
    assert {'cache-control', 'if-none-match', 'if-range', 'range'} <= given
    answer = requests.get(live.root + path, headers={'Origin': asked['Origin']}, timeout=60)
    exposed = set(re.split(', *', answer.headers['Access-Control-Expose-Headers']))
    assert {'Accept-Ranges', 'Content-Length', 'Content-Range', 'ETag', 'Link'} <= exposed
    assert answer.headers['Access-Control-Allow-Origin'] == '*'
