"""Releases as their readers get them: pages, files, ranges, and the programs that read tables."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import requests

from mriqc_webapi.archive.releases.manifest import Manifest
from mriqc_webapi.cli.demo import load_demo
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store.engine import Store
from mriqc_webapi.web.api_v2.schemas_releases import ReleaseList
from mriqc_webapi.web.pages import releases
from mriqc_webapi.web.pages.rendering import render_page
from tests.live import LiveService

TABLE = '0001/T1w/canonical/T1w-canonical.parquet'
NOTES = '<script>alert(1)</script>'


@pytest.fixture(scope='module')
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service with the demo's records and a release that was made while it ran."""
    live = LiveService(tmp_path_factory.mktemp('releases'))
    with Store.open(live.database) as store:
        load_demo(store, load_catalogue())
    with live:
        release(live, 'create', '--notes', NOTES)
        yield live


def release(live: LiveService, *words: str) -> str:
    """Run a command about releases as from a shell."""
    tool = str(Path(sys.executable).with_name('mriqc-webapi'))
    command = [tool, 'release', *words, '--data-dir', str(live.data_dir)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def get(live: LiveService, path: str, **headers: str) -> requests.Response:
    """Ask for something under the releases."""
    named = {name.replace('_', '-'): value for name, value in headers.items()}
    return requests.get(f'{live.root}/releases/{path}', headers=named, timeout=30)


def on_disk(live: LiveService, path: str) -> bytes:
    """Read the file itself."""
    return (live.data_dir / 'releases' / path).read_bytes()


def test_the_index_lists_the_releases(shelf: LiveService) -> None:
    told = get(shelf, 'index.json').json()
    assert told['latest'] == 1
    assert told['releases'][0]['href'] == '/releases/0001/'
    assert told['releases'][0]['resources']['T1w']['raw']['n_rows'] == 200


def test_the_index_is_what_the_documentation_says(shelf: LiveService) -> None:
    ReleaseList.model_validate(get(shelf, 'index.json').json(), extra='forbid')
    paths = requests.get(f'{shelf.root}/openapi.json', timeout=30).json()['paths']
    assert {'/releases/index.json', '/releases/{name}/{path}'} <= set(paths)


def test_the_page_shows_them_with_lines_to_copy(shelf: LiveService) -> None:
    text = get(shelf, '').text
    assert '<a href="/releases/0001/">0001</a>' in text
    assert f'{shelf.root}/releases/0001/bold/canonical/bold-canonical.parquet' in text


def test_of_a_table_in_several_files_the_page_offers_all(shelf: LiveService) -> None:
    manifest = Manifest.read(shelf.data_dir / 'releases' / '0001')
    table = manifest.table('T1w', 'canonical')
    assert table is not None
    paths = [f'T1w/canonical/month=2026-{month}/T1w-canonical.parquet' for month in (10, 11)]
    parts = tuple(replace(table.files[0], path=path) for path in paths)
    example = releases._example(replace(manifest, files=parts), shelf.root)
    context = releases.ReleasesContext((releases._release_row(manifest),), example, '', '')
    text = bytes(render_page('releases.html', context).body).decode()
    assert 'month=' not in text
    assert f'{shelf.root}/releases/0001/' in text
    assert 'manifest.json' in text


def test_the_page_of_a_release_lists_its_files(shelf: LiveService) -> None:
    text = get(shelf, '0001/').text
    for file in json.loads(on_disk(shelf, '0001/manifest.json'))['files']:
        assert f'<a href="/releases/0001/{file["path"]}">' in text
    for name in ('manifest.json', 'SHA256SUMS'):
        assert f'<a href="/releases/0001/{name}">' in text


def test_records_and_ratings_are_told_apart(shelf: LiveService) -> None:
    assert '600 records and 187 ratings' in get(shelf, '0001/').text


@pytest.mark.parametrize('path', ['', '0001/'])
def test_notes_are_shown_as_text(shelf: LiveService, path: str) -> None:
    text = get(shelf, path).text
    assert NOTES not in text
    assert '&lt;script&gt;' in text


def test_without_releases_the_page_says_so(service: LiveService) -> None:
    assert 'none yet' in get(service, '').text
    assert get(service, 'index.json').json() == {'latest': None, 'releases': []}


@pytest.mark.parametrize('path', [TABLE, '0001/manifest.json', '0001/SHA256SUMS', '0001/LICENSE'])
def test_a_file_comes_as_it_is_under_its_sum_for_good(shelf: LiveService, path: str) -> None:
    answer = get(shelf, path)
    content = on_disk(shelf, path)
    assert answer.content == content
    assert answer.headers['ETag'] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers['Cache-Control'] == 'public, max-age=31536000, immutable'
    assert answer.headers['Accept-Ranges'] == 'bytes'


@pytest.mark.parametrize(
    ('wanted', 'start', 'end'),
    [('0-3', 0, 4), ('-8', -8, None), ('1000-1999', 1000, 2000), ('100000-', 100_000, None)],
)
def test_a_range_comes_alone(shelf: LiveService, wanted: str, start: int, end: int | None) -> None:
    answer = get(shelf, TABLE, Range=f'bytes={wanted}')
    assert answer.status_code == 206
    assert answer.content == on_disk(shelf, TABLE)[start:end]
    assert answer.headers['Content-Range'].endswith(f'/{len(on_disk(shelf, TABLE))}')


def test_a_range_beyond_the_end_is_refused(shelf: LiveService) -> None:
    assert get(shelf, TABLE, Range='bytes=99999999-').status_code == 416


def test_a_range_of_another_version_gives_the_whole_file(shelf: LiveService) -> None:
    etag = get(shelf, TABLE).headers['ETag']
    assert get(shelf, TABLE, Range='bytes=0-3', If_Range=etag).status_code == 206
    assert get(shelf, TABLE, Range='bytes=0-3', If_Range='"other"').status_code == 200


def test_who_has_the_file_is_told_so(shelf: LiveService) -> None:
    etag = get(shelf, TABLE).headers['ETag']
    again = get(shelf, TABLE, If_None_Match=f'"x", {etag}')
    assert (again.status_code, again.content, again.headers['ETag']) == (304, b'', etag)
    assert get(shelf, TABLE, If_None_Match='"x"').status_code == 200


def test_head_tells_size_and_sum(shelf: LiveService) -> None:
    answer = requests.head(f'{shelf.root}/releases/{TABLE}', timeout=30)
    assert answer.status_code == 200
    assert answer.headers['Content-Length'] == str(len(on_disk(shelf, TABLE)))
    assert answer.headers['ETag'] == get(shelf, TABLE).headers['ETag']


@pytest.mark.parametrize(
    'path',
    [
        '0001/../../store.sqlite',
        '0001/%2e%2e/%2e%2e/store.sqlite',
        '0001/..%2f..%2fstore.sqlite',
        '0001//etc/passwd',
        '0001/%00',
        '0001/T1w',
        '0001/nothing',
        '../store.sqlite',
        '.lock',
        '.partial-0002/half.parquet',
        '0002/manifest.json',
        '1/manifest.json',
    ],
)
def test_only_what_a_release_lists_is_served(shelf: LiveService, path: str) -> None:
    partial = shelf.data_dir / 'releases' / '.partial-0002'
    partial.mkdir(exist_ok=True)
    (partial / 'half.parquet').touch()
    asking = requests.Request('GET', shelf.root).prepare()
    asking.url = f'{shelf.root}/releases/{path}'  # as written: not tidied up
    with requests.Session() as session:
        assert session.send(asking, timeout=30).status_code == 404


def test_no_link_is_followed(shelf: LiveService) -> None:
    file = shelf.data_dir / 'releases/0001/LICENSE'
    aside = shelf.data_dir / 'LICENSE'
    file.rename(aside)
    file.symlink_to(aside)
    try:
        assert get(shelf, '0001/LICENSE').status_code == 404
    finally:
        aside.replace(file)


def test_the_address_and_the_folder_are_read_as_the_docs_say(shelf: LiveService) -> None:
    blocks = documented_blocks()
    assert len(blocks) == 8
    for block in blocks:
        code = block.replace('http://127.0.0.1:5000', shelf.root)
        ran = subprocess.run(
            [sys.executable, *warnings_of(code), '-c', code],
            cwd=shelf.data_dir,
            env=os.environ | {'NO_PROXY': '127.0.0.1', 'XDG_CACHE_HOME': str(shelf.data_dir)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, code + ran.stderr


def warnings_of(code: str) -> list[str]:
    """Take warnings as errors, but for mlcroissant's own."""
    return [] if 'mlcroissant' in code else ['-W', 'error']


def documented_blocks() -> list[str]:
    """Give the Python code of the page on releases; Spark's needs Java, and is run by hand."""
    page = (Path(__file__).parents[2] / 'docs' / 'releases.md').read_text()
    parts = [part.partition('```')[0] for part in page.split('```python\n')[1:]]
    return [part for part in parts if 'pyspark' not in part]


def test_the_readers_find_the_same_rows(shelf: LiveService) -> None:
    address = f'{shelf.root}/releases/{TABLE}'
    cjv = pd.read_parquet(address, columns=['cjv'])['cjv']
    frame = pl.scan_parquet(address).select(pl.col('cjv')).collect()
    assert frame['cjv'].to_list() == cjv.to_list()
    folder = shelf.data_dir / 'releases/0001/T1w/canonical'
    assert pd.read_parquet(folder, columns=['cjv'])['cjv'].to_list() == cjv.to_list()
