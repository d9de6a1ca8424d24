"""What stops a start, and what an operator adds without a line of code."""

import json
from pathlib import Path

import pytest
import requests

from tests.conftest import PostgresServer
from tests.live import TOKEN, LiveService

EEG = """
[resource]
name = 'eeg'
title = 'EEG'
kind = 'iqm'
meaning = 'Quality of one EEG recording.'
md5_field = 'provenance.md5sum'
software_field = 'provenance.software'
version_field = 'provenance.version'
include = ['provenance']

[fields]
flatness = { type = 'float', role = 'iqm', unit = '1', required = true, better = 'lower', \
meaning = 'Share of flat channels.', source = 'esteban2017' }
"""
RECORD = {
    'flatness': 0.25,
    'provenance': {'md5sum': 'e' * 32, 'software': 'eegqc', 'version': '1.0'},
}


def catalogue_folder(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / 'catalogue'
    folder.mkdir()
    (folder / 'eeg.toml').write_text(text)
    return folder


def test_a_resource_file_makes_a_resource(tmp_path: Path) -> None:
    folder = catalogue_folder(tmp_path, EEG)
    live = LiveService(tmp_path / 'data', catalogue_dir=folder)
    live.make_token()
    with live:
        posted = requests.post(
            f'{live.root}/api/v1/eeg', headers={'Authorization': TOKEN}, json=RECORD, timeout=15
        )
        assert posted.status_code == 201
        where = json.dumps({'flatness': {'$lt': 0.5}})
        found = requests.get(f'{live.root}/api/v1/eeg', params={'where': where}, timeout=15)
        assert [i['_id'] for i in found.json()['_items']] == [posted.json()['_id']]
        dictionary = requests.get(f'{live.root}/api/v2/dictionary?resource=eeg', timeout=15)
        assert 'flatness' in {row['name'] for row in dictionary.json()}
        described = requests.get(f'{live.root}/docs/api/api-docs', timeout=15).json()
        assert 'flatness' in described['components']['schemas']['eeg']['properties']


def test_a_resource_file_with_an_error_stops_the_start(tmp_path: Path) -> None:
    folder = catalogue_folder(tmp_path, EEG.replace("'float'", "'flaot'"))
    live = LiveService(tmp_path / 'data', catalogue_dir=folder)
    with pytest.raises(AssertionError, match=r'eeg\.toml:\d+: .*flaot'):
        live.start()
    assert live.process is not None
    assert live.process.wait(10) == 3


def test_an_outdated_postgresql_is_refused_with_the_command_to_run(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    live = LiveService(tmp_path / 'data', database=postgres.create(template='template0'))
    with pytest.raises(AssertionError, match='mriqc-webapi db upgrade'):
        live.start()
    assert live.process is not None
    assert live.process.wait(10) == 3
