"""The folder of kept tables holds no more than it says."""

import os
import time

import pytest

from mriqc_webapi.client.cache import LEFT_S, Cache, Note

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
