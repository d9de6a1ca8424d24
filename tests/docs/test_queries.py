"""The examples of docs/queries.md find records of the demo, in either version of the API."""

import json
import subprocess

import pytest

from tests.docs.blocks import SERVED, blocks


@pytest.mark.parametrize(('n', 'listed'), [(0, '_items'), (1, 'items')], ids=['v1', 'v2'])
def test_the_filter_of_the_page_finds_something(demo, n, listed):
    script = blocks('queries.md', 'shell')[n].replace(SERVED, demo.root)
    ran = subprocess.run(['sh', '-c', script], capture_output=True, timeout=60, check=True)
    assert len(json.loads(ran.stdout)[listed]) > 0
