"""What the uploader of MRIQC 24.0.2 sent, byte for byte, to a service and to a relay.

The exchanges were recorded by ``record_mriqc_upload.py``, which needs MRIQC; these tests do not.
"""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live import LiveService
from tests.relaying import LiveRelay

RECORDED = Path(__file__).parent / 'mriqc-24.0.2'
MODALITIES = ('T1w', 'T2w', 'bold')


@pytest.fixture(scope='module')
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A relay that nobody has told anything but to keep what it gets."""
    with LiveRelay(tmp_path_factory.mktemp('relay'), '--keep') as live:
        yield live


def replay(live: LiveService, modality: str) -> tuple[dict, int, dict]:
    recorded = json.loads((RECORDED / f'{modality}.json').read_text())
    there = urlsplit(live.root)
    connection = http.client.HTTPConnection(there.hostname or '', there.port, timeout=30)
    connection.putrequest(
        recorded['method'], recorded['path'], skip_host=True, skip_accept_encoding=True
    )
    for name, value in recorded['headers']:
        connection.putheader(name, there.netloc if name == 'Host' else value)
    connection.endheaders(recorded['body'].encode())
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return recorded, answer.status, said


def fetch(live: LiveService, modality: str, id: str) -> dict:
    there = urlsplit(live.root)
    connection = http.client.HTTPConnection(there.hostname or '', there.port, timeout=30)
    connection.request('GET', f'/api/v1/{modality}/{id}')
    served = json.loads(connection.getresponse().read())
    connection.close()
    return served


@pytest.mark.parametrize('modality', MODALITIES)
def test_what_was_recorded_is_what_mriqc_took_for_success(modality: str) -> None:
    recorded = json.loads((RECORDED / f'{modality}.json').read_text())
    assert recorded['status'] == 201
    assert recorded['api_id'] == recorded['answer']['_id']


@pytest.mark.parametrize('modality', MODALITIES)
def test_a_service_gives_the_uploader_its_201_and_an_id(service, modality: str) -> None:
    recorded, status, said = replay(service, modality)
    assert (status, said.keys()) == (201, recorded['answer'].keys())
    assert len(said['_id']) == 24


@pytest.mark.parametrize('modality', MODALITIES)
def test_a_relay_gives_the_uploader_its_201_and_an_id(relay, modality: str) -> None:
    recorded, status, said = replay(relay, modality)
    assert (status, said.keys()) == (201, recorded['answer'].keys())
    assert len(said['_id']) == 24


@pytest.mark.parametrize('modality', MODALITIES)
def test_what_the_uploader_sent_is_served_without_its_address(relay, modality: str) -> None:
    recorded, _, said = replay(relay, modality)
    sent = json.loads(recorded['body'])
    assert sent['provenance'].pop('email') == 'jane.doe@example.org'
    served = fetch(relay, modality, said['_id'])
    assert {name: served[name] for name in sent} == sent
