"""After a withdrawal no byte of the record is left in any file of the service."""

import subprocess
import sys
import time
import uuid
from pathlib import Path

import requests

from tests.live import LiveService
from tests.web.asking import payload, upload

PATIENCE_S = 60.0


def files_with(folder: Path, planted: list[str]) -> dict[str, list[str]]:
    """Find planted texts in the files below a folder."""
    found = {}
    for path in folder.rglob('*'):
        try:
            raw = path.read_bytes()
        except (IsADirectoryError, FileNotFoundError):
            continue
        texts = [text for text in planted if text.encode() in raw]
        if texts:
            found[path.relative_to(folder).as_posix()] = texts
    return found


def planted_document() -> tuple[dict, list[str]]:
    """Make a record with texts that nothing else has, wherever a record may hold one."""
    texts = [f'PLANTED{uuid.uuid4().hex}' for _ in range(4)]
    document = payload(email=f'{texts[0]}@example.org')
    document[texts[1]] = 'an undeclared field'
    document['bids_meta'] |= {'Manufacturer': texts[2], 'InstitutionName': texts[3]}
    return document, [*texts, document['provenance']['md5sum']]


def release(service: LiveService) -> None:
    command = Path(sys.executable).with_name('mriqc-webapi')
    data = ('--data-dir', service.data_dir, '--database', service.database)
    subprocess.run([command, 'release', 'create', *data], check=True, capture_output=True)


def test_no_file_holds_a_byte_of_it(tmp_path: Path) -> None:
    service = LiveService(tmp_path)
    service.make_token()
    document, planted = planted_document()
    with service:
        upload(service, [payload() for _ in range(100)])
        record = upload(service, document).json()['results'][0]
        planted.append(record['etag'])
        for name in ('export.parquet', 'export.parquet?fields=bids_meta.Manufacturer'):
            assert requests.get(f'{service.root}/api/v2/T1w/{name}', timeout=60).ok
        before = files_with(tmp_path, planted)
        assert any(name.startswith('exports/') for name in before)
        assert any(name.startswith('archive-1.duckdb') for name in before)
        body = {'id': record['id'], 'receipt': record['receipt']}
        requests.post(f'{service.root}/api/v2/withdrawals', json=body, timeout=60)
        until = time.monotonic() + PATIENCE_S
        while files_with(tmp_path, planted) and time.monotonic() < until:
            time.sleep(0.2)
        assert files_with(tmp_path, planted) == {}
        total = requests.get(f'{service.root}/api/v1/T1w', timeout=60).json()['_meta']['total']
        assert total == 100
    release(service)
    assert files_with(tmp_path, planted) == {}
    assert (tmp_path / 'releases').is_dir()
