"""Each example of docs/reading.md whose interpreter is here runs as it stands."""

import csv
import shutil
import subprocess

import pyarrow.parquet
import pytest

from tests.docs.blocks import SERVED, blocks


def example(language: str, n: int, root: str) -> str:
    return blocks('reading.md', language)[n].replace(SERVED, root)


def fetch(root: str) -> None:
    subprocess.run(['sh', '-e', '-c', example('sh', 0, root)], check=True, timeout=120)


def test_the_examples_of_curl_fetch_what_they_name(demo, own_folders):
    fetch(demo.root)
    assert pyarrow.parquet.read_table('T1w.parquet').num_rows == 200
    with (own_folders / 'T1w.csv').open() as file:
        assert max(float(row['cjv']) for row in csv.DictReader(file)) < 0.5
    assert (own_folders / 'labels.csv').read_text().startswith('"md5sum"')
    assert '"Siemens"' in (own_folders / 'fd_mean.json').read_text()


@pytest.mark.parametrize('n', [0, 1], ids=['with the client', 'without it'])
def test_the_examples_of_python_join_measures_and_labels(demo, own_folders, n):
    names: dict = {}
    exec(example('python', n, demo.root), names)
    if archive := names.get('archive'):
        archive.close()
    assert 0 < len(names['rated']) < len(names['labels'])
    assert names['rated']['cjv'].max() < 0.5


def test_the_example_of_duckdb_reads_what_curl_fetched(demo, own_folders, capfd):
    fetch(demo.root)
    exec(example('python', 2, demo.root), {})
    assert 'Siemens' in capfd.readouterr().out


def has_r() -> bool:
    ask = ['Rscript', '-e', 'library(httr2); library(jsonlite)']
    if shutil.which('Rscript') is None:
        return False
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_r(), reason='R with httr2 and jsonlite is not installed')
def test_the_example_of_r_joins_measures_and_labels(demo, own_folders):
    told = 'cat("rated", nrow(rated), max(rated$cjv) < 0.5, nrow(fd_mean$percentiles) > 3, "\\n")'
    (own_folders / 'example.R').write_text(f'{example("r", 0, demo.root)}\n{told}\n')
    ran = subprocess.run(
        ['Rscript', 'example.R'], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    word, n, *holds = ran.stdout.split()[-4:]
    assert word == 'rated'
    assert int(n) > 0
    assert holds == ['TRUE', 'TRUE']
