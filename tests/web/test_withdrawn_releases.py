"""Releases never change; a list beside them names what was withdrawn since."""

import subprocess
import sys
from pathlib import Path

import requests

from tests.live import LiveService
from tests.web.asking import payload, upload


def test_a_list_names_what_was_withdrawn_after_a_release(tmp_path: Path) -> None:
    service = LiveService(tmp_path)
    service.make_token()
    with service:
        before, _, early = upload(service, [payload() for _ in range(3)]).json()['results']
        withdraw(service, early)
        release(service)
        withdraw(service, before)
        withdraw(service, upload(service, payload()).json()['results'][0])
        release(service)
        head, *rows = get(service, 'withdrawn.tsv').splitlines()
        assert head.split('\t') == ['release', 'resource', '_id', 'withdrawn_at']
        assert [row.split('\t')[:3] for row in rows] == [['0001', 'T1w', before['id']]]
        assert '1 of these records was withdrawn since' in ' '.join(get(service, '0001/').split())
        assert 'withdrawn since' not in get(service, '0002/')


def withdraw(service, record):
    body = {'id': record['id'], 'receipt': record['receipt']}
    requests.post(f'{service.root}/api/v2/withdrawals', json=body, timeout=30).raise_for_status()


def release(service):
    command = Path(sys.executable).with_name('mriqc-webapi')
    data = ('--data-dir', service.data_dir, '--database', service.database)
    subprocess.run([command, 'release', 'create', *data], check=True, capture_output=True)


def get(service, path):
    answer = requests.get(f'{service.root}/releases/{path}', timeout=30)
    answer.raise_for_status()
    return answer.text
