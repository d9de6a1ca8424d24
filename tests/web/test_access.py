"""Tokens and rate limits, on a running service."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from mriqc_webapi.web.access import is_loopback, token_text
from tests.live import TOKEN, LiveService
from tests.web.asking import payload


def post(live: LiveService, token: str, resource: str = 'T1w') -> int:
    return requests.post(
        f'{live.root}/api/v1/{resource}',
        headers={'Authorization': token},
        json=payload() if resource == 'T1w' else {'rating': '3', 'md5sum': 'a' * 32},
        timeout=15,
    ).status_code


def command(live: LiveService, *arguments: str) -> str:
    program = str(Path(sys.executable).with_name('mriqc-webapi'))
    return subprocess.run(
        [program, *arguments, '--database', live.database],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_tokens_come_and_go_without_a_restart(tmp_path: Path) -> None:
    live = LiveService(tmp_path)
    live.make_token()
    with live:
        assert post(live, 'lab-token') == 401
        time.sleep(1.1)  # a token is remembered for a second
        command(live, 'token', 'create', 'lab', '--scope', 'submit', '--token', 'lab-token')
        assert post(live, 'lab-token') == 201
        assert post(live, 'lab-token', 'rating') == 403
        command(live, 'token', 'revoke', 'lab')
        time.sleep(1.1)
        assert post(live, 'lab-token') == 401


def test_the_first_start_makes_a_token_and_shows_it_once(tmp_path: Path) -> None:
    live = LiveService(tmp_path)
    with live:
        (line,) = [line for line in live.lines if line.startswith('write token')]
        token = line.split()[2]
        assert post(live, token) == 201
    with live:
        assert token not in ''.join(live.lines)
        assert post(live, token) == 201
    assert token.encode() not in b''.join(p.read_bytes() for p in tmp_path.rglob('store*'))


def test_an_address_that_asks_too_much_is_told_when_to_come_back(tmp_path: Path) -> None:
    with LiveService(tmp_path, rate_per_address=1, rate_on_loopback=True) as live:
        answers = [requests.get(f'{live.root}/api/v1/T1w', timeout=15) for _ in range(25)]
        refused = answers[-1]
        assert refused.status_code == 429
        assert int(refused.headers['Retry-After']) >= 1
        assert refused.json()['_error']['code'] == 429


def test_a_token_that_posts_too_much_is_refused(tmp_path: Path) -> None:
    live = LiveService(tmp_path, rate_per_token=1, rate_on_loopback=True, rate_per_address=0)
    live.make_token()
    with live:
        statuses = [post(live, TOKEN) for _ in range(25)]
    assert statuses[0] == 201
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ('header', 'token'),
    [
        (None, None),
        ('', None),
        ('abc', 'abc'),
        (' abc ', 'abc'),
        ('Bearer abc', 'abc'),
        ('TOKEN abc', 'abc'),
        ('Bearer', None),
        ('Basic YWJjOg==', 'abc'),
        ('Basic !!', None),
    ],
)
def test_a_token_is_read_from_every_form_of_the_header(
    header: str | None, token: str | None
) -> None:
    assert token_text(header) == token


@pytest.mark.parametrize(
    ('address', 'is_ours'), [('127.0.0.1', True), ('::1', True), ('', True), ('10.0.0.1', False)]
)
def test_loopback_is_told_from_others(address: str, is_ours: bool) -> None:
    assert is_loopback(address) is is_ours
