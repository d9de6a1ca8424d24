"""Clients that stop reading or hang up: their exports end, and nobody else waits."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from mriqc_webapi.web.exporting import MOST_AT_ONCE
from tests.live import LiveService
from tests.web.asking import payload, upload_lines

N = 6_000  # records: more than what sockets hold back


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    """A service with enough records that nobody gets them all at once, and little patience."""
    database = None
    if request.param == 'postgresql':
        database = request.getfixturevalue('postgres').create()
    with filled(
        tmp_path_factory.mktemp('hang-ups'), database=database, export_timeout_s=8
    ) as live:
        yield live


@contextmanager
def filled(folder: Path, **settings: Any) -> Iterator[LiveService]:
    """Run a service with many records."""
    live = LiveService(folder, **settings)
    live.make_token()
    line = json.dumps(payload()).encode()
    with live:
        assert len(upload_lines(live, [line] * N)) == N
        yield live


class Reader:
    """A client that asks for an export and reads no more than its beginning."""

    def __init__(self, live: LiveService, format: str = 'ndjson') -> None:
        where = urlsplit(live.root)
        self.connection = http.client.HTTPConnection(where.hostname or '', where.port, timeout=30)
        self.connection.sock = socket.socket()
        self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.sock.settimeout(30)
        self.connection.sock.connect((where.hostname, where.port))
        headers = {'Accept-Encoding': 'identity'}
        self.connection.request('GET', f'/api/v2/T1w/export.{format}', headers=headers)
        self.answer = self.connection.getresponse()

    def __enter__(self) -> 'Reader':
        return self

    def __exit__(self, *_error: object) -> None:
        self.answer.close()
        self.connection.close()


def export_status(live: LiveService) -> int:
    nothing = {'where': 'cjv < -1', 'fields': 'cjv'}
    return requests.get(f'{live.root}/api/v2/T1w/export.csv', nothing, timeout=30).status_code


def wait_until_free(live: LiveService, timeout_s: float) -> float:
    """Wait until an export is taken on again; give how long that was."""
    started_at = time.monotonic()
    while export_status(live) != 200:
        assert time.monotonic() < started_at + timeout_s
        time.sleep(0.02)
    return time.monotonic() - started_at


@pytest.mark.parametrize('format', ['ndjson', 'csv', 'arrow'])
def test_when_clients_hang_up_their_exports_end(live, format) -> None:
    wait_until_free(live, 20)
    with ExitStack() as stack:
        readers = [stack.enter_context(Reader(live, format)) for _ in range(MOST_AT_ONCE)]
        assert {reader.answer.status for reader in readers} == {200}
        refused = requests.get(f'{live.root}/api/v2/T1w/export.ndjson', timeout=30)
        assert (refused.status_code, refused.json()['code']) == (503, 'exports-busy')
        assert int(refused.headers['Retry-After']) >= 1
        light = requests.get(f'{live.root}/api/v2/T1w/records?where=cjv>0&limit=1', timeout=30)
        assert light.status_code == 200
    wait_until_free(live, 5)


def test_a_client_that_reads_too_slowly_is_cut_off(live) -> None:
    wait_until_free(live, 20)
    with Reader(live) as reader:
        time.sleep(9)
        with pytest.raises(http.client.IncompleteRead):
            reader.answer.read()
    assert export_status(live) == 200
    assert any('export broke off' in line for line in live.lines)


def test_a_half_file_is_not_left_behind(live, tmp_path: Path) -> None:
    whole = requests.get(f'{live.root}/api/v2/T1w/export.parquet', timeout=60)
    kept = {path.name for path in (live.data_dir / 'exports').iterdir()}
    assert kept == {whole.headers['ETag'].strip('"')}
