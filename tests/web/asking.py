"""Short ways to ask a live service."""

import json
import uuid
from pathlib import Path
from typing import Any

import requests

from tests.live import TOKEN, LiveService

PAYLOADS = Path(__file__).parents[1] / 'contract' / 'payloads'
AUTHORIZATION = {'Authorization': f'Bearer {TOKEN}'}


def payload(name: str = 'T1w', **provenance: Any) -> dict[str, Any]:
    """Give a valid document about a scan of its own."""
    document: dict[str, Any] = json.loads((PAYLOADS / f'{name}.json').read_text())
    document['bids_meta']['subject_id'] = 'sub'
    document['provenance'] |= {'md5sum': uuid.uuid4().hex} | provenance
    return document


def upload(
    service: LiveService, body: Any, *, resource: str = 'T1w', **headers: str
) -> requests.Response:
    """Send documents to the current API."""
    named = {k.replace('_', '-'): v for k, v in headers.items()}
    return requests.post(
        f'{service.root}/api/v2/{resource}/records',
        headers={**AUTHORIZATION, 'Content-Type': 'application/json', **named},
        data=body if isinstance(body, bytes) else json.dumps(body),
        timeout=60,
    )


def upload_lines(service: LiveService, lines: list[bytes], **headers: str) -> list[dict[str, Any]]:
    """Send NDJSON in chunks, and give the results."""
    answer = requests.post(
        f'{service.root}/api/v2/T1w/records',
        headers={**AUTHORIZATION, 'Content-Type': 'application/x-ndjson'}
        | {k.replace('_', '-'): v for k, v in headers.items()},
        data=(line + b'\n' for line in lines),
        timeout=120,
    )
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def count_of(service: LiveService, md5sum: str, resource: str = 'T1w') -> int:
    """Count the records of one scan, through the filters of the frozen API."""
    where = json.dumps({'provenance.md5sum': md5sum, 'cjv': {'$exists': True}})
    answer = requests.get(f'{service.root}/api/v1/{resource}', params={'where': where}, timeout=60)
    total: int = answer.json()['_meta']['total']
    return total
