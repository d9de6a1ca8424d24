"""Fixtures of whoever sends: records, datasets to send them from, and a home of the test's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

PAYLOADS = Path(__file__).parent / 'contract' / 'payloads'
ENTITIES = {'subject_id': '01', 'session_id': 'pre'}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A folder for program state, and nothing in the environment that would matter."""
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))
    for name in ('MRIQC_NO_SUB', 'MRIQC_WEBAPI_URL', 'MRIQC_WEBAPI_TOKEN'):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / 'state' / 'mriqc-webapi'


@pytest.fixture
def make() -> Callable[..., dict[str, Any]]:
    """Make a record of an image that nobody has seen before."""

    def make(modality: str = 'T1w', **changed: Any) -> dict[str, Any]:
        document = json.loads((PAYLOADS / f'{modality}.json').read_text())
        document['bids_meta'] |= ENTITIES | changed.pop('bids_meta', {})
        document['provenance'] |= {'md5sum': uuid4().hex} | changed.pop('provenance', {})
        return document | changed

    return make


@pytest.fixture
def derivatives(tmp_path) -> Path:
    """An empty folder of MRIQC's derivatives."""
    folder = tmp_path / 'bids' / 'derivatives' / 'mriqc'
    folder.mkdir(parents=True)
    (folder / 'dataset_description.json').write_text('{"Name": "MRIQC"}')
    return folder


@pytest.fixture
def put(derivatives, make) -> Callable[..., dict[str, Any]]:
    """Put a record among the derivatives, as MRIQC does."""

    def put(name: str = 'sub-01_ses-pre_T1w', **changed: Any) -> dict[str, Any]:
        modality = name.rpartition('_')[2]
        parts = [part for part in name.split('_') if part.startswith(('sub-', 'ses-'))]
        folder = derivatives.joinpath(*parts, 'func' if modality == 'bold' else 'anat')
        folder.mkdir(parents=True, exist_ok=True)
        document = make(modality, **changed)
        (folder / f'{name}.json').write_text(json.dumps(document))
        return document

    return put


@pytest.fixture
def stored() -> Callable[..., list[dict[str, Any]]]:
    """Ask a service for the records of an image."""

    def stored(root: str, document: dict[str, Any], resource: str = 'T1w') -> list[dict[str, Any]]:
        where = {'provenance.md5sum': document['provenance']['md5sum']}
        answer = requests.get(
            f'{root}/api/v1/{resource}', params={'where': json.dumps(where)}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()['_items']

    return stored
