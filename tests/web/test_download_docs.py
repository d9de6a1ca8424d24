"""What the documentation says about downloads is so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from tests.live import LiveService

PAGE = Path(__file__).parents[2] / 'docs' / 'download.md'
SNIPPETS = re.findall(r'```python\n(.*?)```', PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope='module')
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with the demo's records."""
    live = LiveService(tmp_path_factory.mktemp('demo'))
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    with live:
        yield live


def run(snippet: str, live: LiveService) -> dict[str, Any]:
    """Run a snippet of the page against a service; give its names."""
    names: dict[str, Any] = {}
    exec(snippet.replace('http://127.0.0.1:5000', live.root), names)
    return names


def total(live: LiveService, resource: str, where: str = '') -> int:
    asked = {'where': where, 'total': 'true', 'limit': 1}
    url = f'{live.root}/api/v2/{resource}/records'
    found: int = requests.get(url, params=asked, timeout=30).json()['total']
    return found


def test_the_snippets_do_what_they_say(demo: LiveService) -> None:
    export, listing, mirror = (run(snippet, demo) for snippet in SNIPPETS)
    assert export['table'].height == total(demo, 'T1w', 'cjv < 0.5') > 0
    assert len(listing['records']) == total(demo, 'bold', 'fd_mean > 0.5') > 0
    assert len(mirror['mirror']) == total(demo, 'T1w') > 0


def reading_routes(live: LiveService) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    document = requests.get(f'{live.root}/openapi.json', timeout=30).json()
    for path, methods in document['paths'].items():
        about = re.search(r'/(records|export|export\.\{format\}|scans|scans/\{md5sum\})$', path)
        if path.startswith('/api/v2/') and about:
            yield path, methods['get']['parameters']


def test_each_route_is_in_the_page(demo: LiveService) -> None:
    page = PAGE.read_text()
    for path, _ in reading_routes(demo):
        told = path.removeprefix('/api/v2/{resource}/').replace('{format}', 'parquet')
        assert told in page, path


def test_each_documented_example_is_answered(demo: LiveService) -> None:
    record = requests.get(f'{demo.root}/api/v2/T1w/records?limit=1', timeout=30).json()['items'][0]
    places = {'resource': 'T1w', 'md5sum': record['provenance']['md5sum'], 'format': 'csv'}
    n_asked = 0
    for path, parameters in reading_routes(demo):
        url = demo.root + path.format_map(places)
        queries = [p for p in parameters if p['in'] == 'query' and p['name'] != 'cursor']
        needed = {p['name']: examples(p)[0] for p in queries if p['required']}
        for parameter in queries:
            for example in examples(parameter):
                asked = needed | {parameter['name']: example}
                answer = requests.get(url, params=asked, timeout=30)
                assert answer.status_code == 200, (url, asked, answer.text)
                n_asked += 1
    assert n_asked > 20


def examples(parameter: dict[str, Any]) -> list[Any]:
    found: list[Any] = parameter['schema'].get('examples') or parameter['examples']
    return found


def test_each_format_that_is_documented_is_there(demo: LiveService) -> None:
    paths = dict(reading_routes(demo))
    [format] = [p for p in paths['/api/v2/{resource}/export.{format}'] if p['name'] == 'format']
    for name in examples(format):
        answer = requests.get(f'{demo.root}/api/v2/T1w/export.{name}', timeout=30)
        assert answer.status_code == 200
        assert f'`export.{name}`' in PAGE.read_text()
