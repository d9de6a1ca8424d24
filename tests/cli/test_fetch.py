"""Commands that read an archive from elsewhere."""

import csv
import io
import subprocess
import sys

import orjson
import pandas as pd
import pytest

from mriqc_webapi.client.testing import FakeArchive
from tests.client.conftest import demo  # noqa: F401 - a fixture

DEMO = 'demo'


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def test_fetch_writes_a_file(run, demo, tmp_path):  # noqa: F811
    out = tmp_path / 'T1w.parquet'
    ran = run('fetch', 'T1w', '--url', demo.root, '--where', 'cjv < 0.5', '--out', out, '--json')
    assert ran.code == 0
    assert ran.lines == [{'n_bytes': out.stat().st_size, 'out': str(out)}]
    assert (pd.read_parquet(out)['cjv'] < 0.5).all()


def test_fetch_writes_a_table_to_standard_output(demo):  # noqa: F811
    script = 'from mriqc_webapi.cli import main; raise SystemExit(main())'
    ran = subprocess.run(
        [sys.executable, '-c', script, 'fetch', 'bold', '--url', demo.root, '--fields', 'fd_mean'],
        capture_output=True,
        check=True,
        text=True,
    )
    rows = list(csv.DictReader(io.StringIO(ran.stdout)))
    assert len(rows) == 200
    assert set(rows[0]) == {'_id', '_created', '_etag', 'fd_mean'}


def test_a_mirror_is_made_brought_up_to_date_and_fetched_from(run, demo, tmp_path):  # noqa: F811
    mirror = tmp_path / 'mirror'
    first = run('mirror', mirror, '--url', demo.root, '--resources', 'T2w')
    assert (first.code, 'T2w: 200 fetched, 0 withdrawn; 200 records' in first.err) == (0, True)
    again = run('mirror', mirror, '--url', demo.root, '--resources', 'T2w', '--json')
    [told] = again.lines[0]['resources']
    assert (told['n_added'], told['n_records'], told['is_whole']) == (0, 200, False)
    out = tmp_path / 'T2w.ndjson'
    assert run('fetch', 'T2w', '--url', mirror, '--out', out).code == 0
    assert len(out.read_bytes().splitlines()) == 200


def test_ratings_are_fetched_as_a_table_or_as_json(run, demo, tmp_path):  # noqa: F811
    table = run('ratings', 'fetch', '--url', demo.root)
    rows = list(csv.DictReader(io.StringIO(table.out), delimiter='\t'))
    lines = run('ratings', 'fetch', '--url', demo.root, '--json').lines
    assert [row['id'] for row in rows] == [line['id'] for line in lines] != []
    out = tmp_path / 'labels.tsv'
    run('ratings', 'fetch', '--labels', '--url', demo.root, '--out', out)
    assert 'consensus' in pd.read_csv(out, sep='\t').columns


@pytest.mark.parametrize(
    ('arguments', 'code', 'reason'),
    [
        (['fetch', 'T1w', '--url', 'http://127.0.0.1:9/x.parquet'], 3, 'download it'),
        (['fetch', 'T1w', '--url', 'nowhere'], 3, 'there is no nowhere'),
        (['fetch', 'T1w', '--url', DEMO, '--where', 'cjv =='], 2, 'at character 7'),
        (['fetch', 'T9w', '--url', DEMO], 1, 'T9w'),
        (['fetch', 'T1w', '--url', DEMO, '--out', 'T1w.xls'], 2, 'ends in none of'),
        (['mirror', '{folder}', '--url', 'nowhere'], 3, 'there is no nowhere'),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(run, demo, arguments, code, reason, tmp_path):  # noqa: F811
    places = {DEMO: demo.root, '{folder}': str(tmp_path)}
    ran = run(*(places.get(a, a) for a in arguments))
    assert ran.code == code
    assert reason in ran.err
    assert ran.err.count('\n') == 1


def test_a_command_that_lacks_a_package_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, 'uvicorn', None)
    monkeypatch.setitem(sys.modules, 'sqlalchemy', None)
    for name in [n for n in sys.modules if n.startswith('mriqc_webapi.store')]:
        monkeypatch.delitem(sys.modules, name)
    ran = run('token', 'list')
    assert ran.code == 3
    assert 'pip install "mriqc-webapi[server]"' in ran.err


def test_a_fake_serves_commands_of_other_people_too():
    assert orjson.dumps(FakeArchive({'T2w': [{'cjv': 1.0}]}).archive().records('T2w'))
