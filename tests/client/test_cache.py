"""The folder of kept tables holds no more than it says."""

import os
import subprocess
import sys
import time

import pytest

from mriqc_webapi.client.cache import LEFT_S, Cache, Note
from tests.client.conftest import N_T1W

NOTE = Note(tag='t', format='parquet', data_version=1, n_rows=0)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path)


def keep(cache, key):
    with cache.draft() as draft:
        cache.keep(draft, key, NOTE)


@pytest.mark.parametrize('name', ['.aside-1/column', 'unfinished/table.parquet.part'])
def test_what_was_left_half_done_long_ago_goes(cache, name):
    left = cache.folder / name
    left.parent.mkdir()
    left.write_bytes(b'half')
    long_ago = time.time() - LEFT_S - 60
    keep(cache, 'first')
    assert left.exists()
    for path in (left, left.parent):
        os.utime(path, (long_ago, long_ago))
    keep(cache, 'second')
    assert not left.exists()
    assert cache.find('first')
    assert cache.find('second')


def test_a_download_is_gone_on_with_in_its_place(cache):
    with cache.part('table.parquet') as first:
        first.write_bytes(b'half')
    with cache.part('table.parquet') as again:
        assert again.read_bytes() == b'half'


def test_two_that_download_the_same_at_once_write_to_two_places(cache):
    with cache.part('table.parquet') as first, cache.part('table.parquet') as second:
        assert first != second
    with cache.part('table.parquet') as third:
        assert third == first


def test_processes_that_share_a_cache_each_have_the_whole_table(demo, tmp_path):
    command = [sys.executable, '-m', 'tests.client.sharing', demo.root, str(tmp_path / 'shared')]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert told == [str(N_T1W)] * 3
