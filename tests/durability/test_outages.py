"""The database, its disk or the copy goes away: clear errors, and recovery without hands."""

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.conftest import PostgresServer
from tests.live import LiveService
from tests.web.asking import count_of, payload, upload


@pytest.fixture
def live(tmp_path: Path) -> LiveService:
    """A running service on SQLite, of this test's own."""
    live = LiveService(tmp_path / 'data')
    live.make_token()
    with live:
        yield live


def post_until(live: LiveService, status: int, n_at_most: int = 2000) -> requests.Response:
    """Post until an answer has that status."""
    for _ in range(n_at_most):
        answer = upload(live, [payload() for _ in range(20)])
        if answer.status_code == status:
            return answer
    raise AssertionError(f'no answer had status {status}; the last: {answer.text[:200]}')


def eventually(holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < until, 'it did not heal in time'
        time.sleep(0.1)


def test_a_disk_that_takes_no_more_is_told_and_heals(live: LiveService) -> None:
    kept = payload()
    assert upload(live, kept).status_code == 201
    assert live.process is not None
    largest = max(p.stat().st_size for p in live.data_dir.glob('store.sqlite*'))
    limit = (largest + 200_000, resource.RLIM_INFINITY)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, limit)
    refused = post_until(live, 503)
    assert refused.json()['code'] == 'store-unavailable'
    assert int(refused.headers['Retry-After']) >= 1
    assert requests.get(f'{live.root}/healthz', timeout=10).status_code == 200
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, unlimited)
    eventually(lambda: upload(live, payload()).status_code == 201)
    eventually(lambda: count_of(live, kept['provenance']['md5sum']) == 1)


def test_postgresql_gone_and_back_is_told_and_heals(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    live = LiveService(tmp_path / 'data', database=postgres.create())
    live.make_token()
    kept = payload()
    with live:
        id = upload(live, kept).json()['results'][0]['id']
        postgres.stop()
        try:
            told = upload(live, payload())
            read = requests.get(f'{live.root}/api/v1/T1w/{id}', timeout=30)
            ready = requests.get(f'{live.root}/readyz', timeout=30)
        finally:
            postgres.start()
        assert (told.status_code, told.json()['code']) == (503, 'store-unavailable')
        assert (read.status_code, ready.status_code) == (503, 503)
        assert int(read.headers['Retry-After']) >= 1
        eventually(lambda: upload(live, payload()).status_code == 201)
        assert requests.get(f'{live.root}/api/v1/T1w/{id}', timeout=30).status_code == 200
        eventually(lambda: count_of(live, kept['provenance']['md5sum']) == 1)


def delete(file: Path) -> None:
    file.unlink()


def truncate(file: Path) -> None:
    with file.open('r+b') as opened:
        opened.truncate(file.stat().st_size // 2)


def scribble(file: Path) -> None:
    with file.open('r+b') as opened:
        opened.write(b'scribble' * 2000)


@pytest.mark.parametrize('spoil', [delete, truncate, scribble])
def test_a_spoilt_copy_is_made_anew_at_the_next_start(
    live: LiveService, spoil: Callable[[Path], None]
) -> None:
    kept = payload()
    upload(live, kept)
    assert count_of(live, kept['provenance']['md5sum']) == 1
    live.stop()
    for file in live.data_dir.glob('*.duckdb'):
        spoil(file)
    live.start()
    eventually(lambda: requests.get(f'{live.root}/readyz', timeout=10).status_code == 200)
    assert count_of(live, kept['provenance']['md5sum']) == 1


@pytest.mark.parametrize('spoil', [delete, truncate, scribble])
def test_a_copy_spoilt_under_a_running_service_loses_nothing(
    live: LiveService, spoil: Callable[[Path], None]
) -> None:
    documents = [payload() for _ in range(30)]
    upload(live, documents)
    md5sums = [d['provenance']['md5sum'] for d in documents]
    assert count_of(live, md5sums[0]) == 1
    for file in live.data_dir.glob('*.duckdb'):
        spoil(file)
    assert upload(live, payload()).status_code == 201  # what needs no copy goes on

    def all_found() -> bool:
        where = {'provenance.md5sum': {'$in': md5sums}, 'cjv': {'$gt': 0}}
        answer = requests.get(
            f'{live.root}/api/v1/T1w', params={'where': json.dumps(where)}, timeout=30
        )
        assert answer.status_code in {200, 503}
        return answer.status_code == 200 and answer.json()['_meta']['total'] == 30

    eventually(all_found)
