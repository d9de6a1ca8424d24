"""Several processes on one database: each sees at once what the others take in."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.durability.posting import Posters
from tests.durability.test_kills import ids_by_filter, wait_until_ready
from tests.live import LiveService
from tests.web.asking import count_of, payload, upload

N_POSTS = 20


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a store that the tests here fill, once on each database; it has a token."""
    if request.param == 'postgresql':
        database: str | None = request.getfixturevalue('postgres').create()
    else:
        database = None
    live = LiveService(tmp_path_factory.mktemp('store'), database=database)
    live.make_token()
    return live.database


@pytest.fixture(scope='module')
def pair(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveService, LiveService]]:
    """Two services on one database, each with a copy of its own; both run after each test."""
    folder = tmp_path_factory.mktemp('pair')
    with (
        LiveService(folder / 'a', database=url) as first,
        LiveService(folder / 'b', database=url) as second,
    ):
        wait_until_ready(first)
        wait_until_ready(second)
        yield first, second


@pytest.fixture(scope='module')
def workers(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service of two processes; it has two after each test."""
    folder = tmp_path_factory.mktemp('workers')
    with LiveService(folder, database=url, workers=2) as live:
        wait_until_ready(live)
        yield live


def children(pid: int) -> list[int]:
    """List the processes that a process has started and that still run."""
    text = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    return [int(child) for child in text.split() if _is_worker(int(child))]


def _is_worker(pid: int) -> bool:
    return b'spawn_main' in Path(f'/proc/{pid}/cmdline').read_bytes()


def test_a_record_posted_to_one_is_seen_by_filters_of_the_other(pair) -> None:
    for number in range(N_POSTS):
        to, other = pair[number % 2], pair[1 - number % 2]
        document = payload()
        assert upload(to, document).status_code == 201
        assert count_of(other, document['provenance']['md5sum']) == 1  # the very first answer


def test_the_death_of_one_harms_nobody(pair) -> None:
    first, _second = pair
    posters = [Posters(live, n_connections=4).start() for live in pair]
    time.sleep(0.5)
    first.kill()
    time.sleep(0.5)
    for poster in posters:
        poster.stop()
    assert set(posters[1].statuses) == {201}
    acknowledged = [known for poster in posters for known in poster.acknowledged]
    first.start()
    wait_until_ready(first)
    for live in pair:
        found = ids_by_filter(live, [md5sum for _, md5sum in acknowledged])
        assert {id for id, _ in acknowledged} <= set(found)
        assert len(found) == len(set(found))


def test_workers_of_one_service_see_each_others_records(workers: LiveService) -> None:
    for _ in range(N_POSTS):
        document = payload()
        assert upload(workers, document).status_code == 201  # each on a connection of its own
        assert count_of(workers, document['provenance']['md5sum']) == 1


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(workers: LiveService) -> None:
    assert workers.process is not None
    before = children(workers.process.pid)
    assert len(before) == 2
    document = payload()
    assert upload(workers, document).status_code == 201
    os.kill(before[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while len(set(children(workers.process.pid)) - {before[0]}) < 2:
        assert time.monotonic() < until, 'the worker was not replaced'
        time.sleep(0.1)
    for _ in range(10):
        assert _patient_count(workers, document['provenance']['md5sum']) == 1
    _wait_until_all_answer(workers)


def _wait_until_all_answer(live: LiveService) -> None:
    """Wait for the new worker, which answers some of many connections, so that others find it."""
    until = time.monotonic() + 30
    n_ready = 0
    while n_ready < N_POSTS:
        assert time.monotonic() < until, 'the new worker is not ready'
        try:
            is_ready = requests.get(f'{live.root}/readyz', timeout=10).status_code == 200
        except requests.ConnectionError:
            is_ready = False
        n_ready = n_ready + 1 if is_ready else 0
        time.sleep(0.02)


def _patient_count(live: LiveService, md5sum: str) -> int:
    """Count as a client does that comes back when it is told to."""
    until = time.monotonic() + 30
    while True:
        try:
            return count_of(live, md5sum)
        except (requests.ConnectionError, KeyError):
            assert time.monotonic() < until
            time.sleep(0.1)
