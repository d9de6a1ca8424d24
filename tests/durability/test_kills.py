"""What was answered 201 survives the plug being pulled, again and again."""

import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.durability.posting import Posters
from tests.live import LiveService

N_KILLS = 3
N_CONNECTIONS = 32


@pytest.fixture
def live(store_url: str, tmp_path: Path) -> LiveService:
    """A service that has not been started, once on each database."""
    live = LiveService(tmp_path / 'data', database=store_url)
    live.make_token()
    return live


def ids_by_filter(live: LiveService, md5sums: list[str]) -> list[str]:
    """Find records through the columnar copy."""
    found: list[str] = []
    for first in range(0, len(md5sums), 50):
        some = md5sums[first : first + 50]
        where = {'provenance.md5sum': {'$in': some}, 'cjv': {'$exists': True}}
        answer = requests.get(
            f'{live.root}/api/v1/T1w',
            params={'where': json.dumps(where), 'max_results': 50},
            timeout=60,
        )
        found += [item['_id'] for item in answer.json()['_items']]
    return found


def wait_for(posters: Posters, n: int) -> None:
    until = time.monotonic() + 60
    while len(posters.acknowledged) < n:
        assert time.monotonic() < until, 'too few records were taken'
        time.sleep(0.02)


def test_every_acknowledged_record_is_there_once_after_kills(live: LiveService) -> None:
    acknowledged: list[tuple[str, str]] = []
    for _ in range(N_KILLS):
        live.start()
        posters = Posters(live, n_connections=N_CONNECTIONS).start()
        wait_for(posters, N_CONNECTIONS)
        time.sleep(random.uniform(0, 0.6))
        live.kill()
        posters.stop()
        acknowledged += posters.acknowledged
    assert len(acknowledged) >= N_KILLS * N_CONNECTIONS
    with live:
        wait_until_ready(live)
        ids = [id for id, _ in acknowledged]
        with requests.Session() as session:
            for id in ids:
                assert session.get(f'{live.root}/api/v1/T1w/{id}', timeout=30).status_code == 200
        counted = Counter(ids_by_filter(live, [md5sum for _, md5sum in acknowledged]))
        assert counted == Counter(ids)
        total = requests.get(f'{live.root}/api/v1/T1w', timeout=30).json()['_meta']['total']
        assert total >= len(ids)


def test_sigterm_finishes_what_was_accepted(live: LiveService) -> None:
    live.start()
    posters = Posters(live, n_connections=N_CONNECTIONS).start()
    wait_for(posters, N_CONNECTIONS)
    process = live.process
    live.stop()
    posters.stop()
    assert process is not None
    assert process.returncode in {0, -15}
    assert set(posters.statuses) <= {201, 503}
    with live:
        wait_until_ready(live)
        ids = Counter(ids_by_filter(live, [md5sum for _, md5sum in posters.acknowledged]))
        assert ids == Counter(id for id, _ in posters.acknowledged)


def wait_until_ready(live: LiveService) -> None:
    until = time.monotonic() + 30
    while requests.get(f'{live.root}/readyz', timeout=10).status_code != 200:
        assert time.monotonic() < until, 'the copy was not ready in time'
        time.sleep(0.05)
