"""One client cannot stop the service for the others, nor make it tell what it should not."""

import asyncio
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from mriqc_webapi.cli.cmd_serve import _greeting
from mriqc_webapi.errors import QueryTimeoutError
from mriqc_webapi.settings import Settings
from mriqc_webapi.web.access import network_of
from mriqc_webapi.web.reading import QueryGate, in_thread
from tests.live import TOKEN, LiveService
from tests.web.asking import payload, upload, upload_lines


def connect(live: LiveService) -> socket.socket:
    where = urlsplit(live.root)
    return socket.create_connection((where.hostname, where.port), timeout=30)


def test_a_head_without_end_is_refused(service: LiveService) -> None:
    with connect(service) as connection:
        connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\nX-A: ')
        answer = b''
        try:
            for _ in range(100):
                connection.sendall(b'a' * 65_536)
            answer = connection.recv(200)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert answer == b'' or answer.startswith(b'HTTP/1.1 431')
    assert requests.get(f'{service.root}/healthz', timeout=5).status_code == 200


def test_a_filter_as_long_as_they_may_be_fits_into_the_head(service: LiveService) -> None:
    ids = [f'{i:024x}' for i in range(1200)]
    answer = requests.get(
        f'{service.root}/api/v1/T1w',
        params={'where': json.dumps({'_id': {'$in': ids}})},
        timeout=30,
    )
    assert answer.status_code == 200


def test_a_body_that_drips_is_ended(tmp_path: Path) -> None:
    live = LiveService(tmp_path, body_timeout_s=0.5)
    live.make_token()
    with live, connect(live) as connection:
        head = f'POST /api/v1/T1w HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n'
        head += 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
        connection.sendall(head.encode())
        connection.settimeout(0.2)
        answer, until = b'', time.monotonic() + 10
        while not answer and time.monotonic() < until:
            connection.sendall(b' ')
            try:
                answer = connection.recv(200)
            except TimeoutError:
                continue
        assert answer.startswith(b'HTTP/1.1 408')


@pytest.mark.parametrize(
    'body',
    [b'{"a":[' + b'[],' * 600_000 + b'[]]}', b'[' + b'1,' * 600_000 + b'NaN]'],
)
def test_a_body_of_brackets_is_refused_before_it_is_parsed(
    service: LiveService, body: bytes
) -> None:
    assert upload(service, body).status_code == 422


def test_a_document_beyond_its_limit_is_refused_alone_and_in_an_array(
    service: LiveService,
) -> None:
    large = payload() | {'x': ['a' * 60_000] * 20}
    assert upload(service, large).json()['code'] == 'limit-exceeded'
    results = upload(service, [payload(), large]).json()['results']
    assert [r['status'] for r in results] == ['created', 'refused']
    assert results[1]['problem']['code'] == 'limit-exceeded'


def test_a_stream_of_large_lines_is_taken_in_small_batches(service: LiveService) -> None:
    line = json.dumps(payload() | {'x': ['a' * 60_000] * 10}).encode()
    assert [r['status'] for r in upload_lines(service, [line] * 5)] == ['created'] * 5


def test_queries_beyond_the_gate_are_told_to_come_back() -> None:
    async def ask() -> list[object]:
        gate = QueryGate(n_at_once=1, n_waiting=1, patience_s=0.1)
        asked = [in_thread(gate, lambda: time.sleep(0.5)) for _ in range(3)]
        return await asyncio.gather(*asked, return_exceptions=True)

    first, *others = asyncio.run(ask())
    assert first is None
    assert [type(o) for o in others] == [QueryTimeoutError] * 2


@pytest.mark.parametrize('path', ['/api/v1/T1w', '/api/v1/nope'])
def test_errors_before_the_route_can_be_read_by_reports_too(
    service: LiveService, path: str
) -> None:
    query = '&'.join(f'p{i}=1' for i in range(300))
    answer = requests.get(f'{service.root}{path}?{query}', headers={'Origin': 'null'}, timeout=15)
    assert answer.status_code == 400
    assert answer.headers['Access-Control-Allow-Origin'] == 'null'


def test_a_refusal_by_rate_can_be_read_by_reports_too(tmp_path: Path) -> None:
    with LiveService(tmp_path, rate_per_address=1, rate_on_loopback=True) as live:
        answers = [
            requests.get(f'{live.root}/api/v1/T1w', headers={'Origin': 'null'}, timeout=15)
            for _ in range(25)
        ]
    assert answers[-1].status_code == 429
    assert answers[-1].headers['Access-Control-Allow-Origin'] == 'null'


def test_what_names_patients_and_secrets_is_kept_apart(service: LiveService) -> None:
    document = payload()
    document['bids_meta'] |= {'PatientName': 'planted', 'ReferringPhysicianName': 'planted'}
    document |= {'webapi_token': 'planted', 'ContactMail': 'planted', 'api_key': 'planted'}
    document['provenance']['note'] = 'jo%40uni.edu and jo＠uni.edu'
    id = upload(service, document).json()['results'][0]['id']
    for path in (f'/api/v1/T1w/{id}', '/api/v2/drift'):
        told = requests.get(service.root + path, timeout=15).text
        assert 'planted' not in told
        assert 'jo%40' not in told
        assert 'jo\\uff20' not in told


def test_xml_stays_well_formed_whatever_a_name_holds(service: LiveService) -> None:
    from xml.etree import ElementTree

    document = payload()
    document['bids_meta'] |= {'été²': 1, 'x²': 'a\uffffb', '1': 2, '': 3}
    id = upload(service, document).json()['results'][0]['id']
    answer = requests.get(
        f'{service.root}/api/v1/T1w/{id}', headers={'Accept': 'application/xml'}, timeout=15
    )
    assert ElementTree.fromstring(answer.content).tag == 'resource'


def test_the_greeting_hides_the_databases_password() -> None:
    settings = Settings(database='postgresql://me:planted@db/mriqc')
    assert 'planted' not in _greeting(settings, 5000, None)


@pytest.mark.parametrize(
    ('address', 'whom'),
    [('10.0.0.1', '10.0.0.1'), ('2001:db8::1', '2001:db8::/64'), ('2001:db8::2', '2001:db8::/64')],
)
def test_one_ipv6_network_is_one_caller(address: str, whom: str) -> None:
    assert network_of(address) == whom


def test_the_current_api_can_be_read_and_asked_from_any_page(service: LiveService) -> None:
    origin = {'Origin': 'null'}
    for path in ('/api/v2/drift', '/api/v2/nope/records'):
        answer = requests.get(service.root + path, headers=origin, timeout=15)
        assert answer.headers['Access-Control-Allow-Origin'] == '*'
    asked = requests.options(
        f'{service.root}/api/v2/rating/records',
        headers=origin
        | {
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
        },
        timeout=15,
    )
    assert asked.status_code == 200
