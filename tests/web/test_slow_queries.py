"""A query that would take minutes is stopped, and others are answered meanwhile."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.record import make_record
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.web.service import MAX_QUERIES_AT_ONCE
from tests.live import LiveService

N_RECORDS = 60_000  # so many steps of two thousand rows, between which a query can be stopped
LIMIT_S = 2.0
MINUTES_S = 300.0
# looks into JSON, many times a record: no index and no column holds what is asked
TERMS = [{'notes.a': {'$mod': [7919, i + 2]}} for i in range(300)]
HEAVY = json.dumps({'$or': TERMS}, separators=(',', ':'))
SLOW_ADDRESSES = [
    f'/api/v1/nipype_telemetry?max_results=1&where={quote(HEAVY)}',
    f'/api/v2/nipype_telemetry/records?{urlencode({"where": HEAVY})}',
    f'/api/v2/nipype_telemetry/distribution?{urlencode({"iqm": "notes.a", "where": HEAVY})}',
]
LIGHT_ADDRESS = '/api/v2/nipype_telemetry/records?where=duration_sec>0&limit=1'
RECORD = {
    'interface_class_name': 'Slow',
    'version': '1',
    'mem_peak_gb': 1.0,
    'duration_sec': 1.0,
    'inputs': {},
    'notes': {'a': 1},  # which no dictionary knows
}


def filled(folder: Path, limit_s: float) -> LiveService:
    """Start a service with many records."""
    live = LiveService(folder, query_timeout_s=limit_s)
    live.make_token()
    known = load_catalogue()['nipype_telemetry']
    submission = Checker(known, limits=Limits())(RECORD)
    with Store.open(live.database) as store, store.write() as tx:
        records = [make_record(submission, resource=known, now=i) for i in range(N_RECORDS)]
        insert_batch(tx, records)
    live.start()
    while filter_status(live) != 200:  # the copy is being made
        time.sleep(0.1)
    return live


@pytest.fixture(scope='module')
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that stops queries soon."""
    with filled(tmp_path_factory.mktemp('impatient'), LIMIT_S) as live:
        yield live


@pytest.fixture(scope='module')
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that lets queries run for minutes."""
    with filled(tmp_path_factory.mktemp('patient'), MINUTES_S) as live:
        yield live


def filter_status(live: LiveService) -> int:
    """Ask the copy something that is quickly answered."""
    return requests.get(live.root + LIGHT_ADDRESS, timeout=60).status_code


def item_path(live: LiveService) -> str:
    page = requests.get(f'{live.root}/api/v1/nipype_telemetry?max_results=1', timeout=30).json()
    return f'/api/v1/nipype_telemetry/{page["_items"][0]["_id"]}'


class Asking:
    """Asks for one address in a thread, from the beginning of a block."""

    def __init__(self, live: LiveService, path: str, *, timeout_s: float = 120) -> None:
        self._address = live.root + path
        self._thread = threading.Thread(target=self._ask)
        self._timeout_s = timeout_s
        self.answer = requests.Response()

    def _ask(self) -> None:
        self.answer = requests.get(self._address, timeout=self._timeout_s)

    @property
    def is_waiting(self) -> bool:
        return self._thread.is_alive()

    def __enter__(self) -> 'Asking':
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.join()


@pytest.mark.parametrize('path', SLOW_ADDRESSES, ids=['v1', 'records', 'distribution'])
def test_a_slow_query_is_stopped_while_items_are_served(impatient: LiveService, path: str) -> None:
    light, statuses = impatient.root + item_path(impatient), []
    with Asking(impatient, path) as slow, requests.Session() as session:
        while slow.is_waiting:
            statuses.append(session.get(light, timeout=30).status_code)
            time.sleep(0.01)
    assert slow.answer.status_code == 503
    assert int(slow.answer.headers['Retry-After']) >= 1
    if path.startswith('/api/v2'):
        assert slow.answer.json()['code'] == 'query-timeout'
    assert len(statuses) > 3
    assert set(statuses) == {200}


def test_a_query_that_was_stopped_leaves_its_place_to_others(impatient: LiveService) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_QUERIES_AT_ONCE):
            stack.enter_context(Asking(impatient, SLOW_ADDRESSES[0]))
    assert filter_status(impatient) == 200


@pytest.mark.parametrize('path', SLOW_ADDRESSES, ids=['v1', 'records', 'distribution'])
def test_queries_of_clients_that_hang_up_are_stopped(patient: LiveService, path: str) -> None:
    where = urlsplit(patient.root)
    askers = [
        http.client.HTTPConnection(where.hostname or '', where.port, timeout=30)
        for _ in range(4 * MAX_QUERIES_AT_ONCE)  # who comes later has to wait for most of them
    ]
    for asker in askers:
        asker.request('GET', path)
    with Asking(patient, LIGHT_ADDRESS, timeout_s=30) as other:
        time.sleep(0.5)
        assert other.is_waiting
        for asker in askers:
            asker.close()
    assert other.answer.status_code == 200
