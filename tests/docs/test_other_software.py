"""docs/other-software.md, followed from its beginning to its end, gives a resource that works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mriqc_webapi import Archive
from tests.docs.blocks import SERVED, blocks
from tests.live import TOKEN, LiveService

PAGE = 'other-software.md'


@pytest.fixture
def phantom(own_folders):
    """A service that knows the page's resource, with the page's files beside it."""
    catalogue = own_folders / 'catalogue'
    catalogue.mkdir()
    (catalogue / 'phantom.toml').write_text(blocks(PAGE, 'toml')[0])
    (catalogue / 'phantom.bib').write_text(blocks(PAGE, 'bibtex')[0])
    (own_folders / 'phantom.json').write_text(blocks(PAGE, 'json')[0])
    live = LiveService(own_folders / 'data', catalogue_dir=catalogue)
    live.make_token()
    with live:
        yield live


def run_lines(n: int, live: LiveService) -> 'subprocess.CompletedProcess[str]':
    """Run one of the page's shell examples."""
    script = blocks(PAGE, 'sh')[n].replace(SERVED, live.root)
    path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
    environment = os.environ | {
        'PATH': path,
        'MRIQC_WEBAPI_TOKEN': TOKEN,
        'MRIQC_WEBAPI_CATALOGUE_DIR': 'catalogue',
    }
    return subprocess.run(
        ['sh', '-e', '-c', script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_record_is_one_that_the_service_would_take(phantom):
    ran = run_lines(0, phantom)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_record_sent_in_each_way_is_there(phantom, monkeypatch, capsys):
    sent = run_lines(2, phantom)
    assert sent.returncode == 0, sent.stderr
    assert '"receipt"' in sent.stdout
    submitted = run_lines(3, phantom)
    assert submitted.returncode == 0, submitted.stderr
    monkeypatch.setenv('MRIQC_WEBAPI_TOKEN', TOKEN)
    for snippet in blocks(PAGE, 'python'):
        exec(snippet.replace(SERVED, phantom.root), names := {})
    out = capsys.readouterr().out
    names['archive'].close()
    assert 'phantom-stability' in out
    assert '241.7' in out


def test_the_fields_have_units_and_meanings_in_the_dictionary(phantom):
    with Archive(phantom.root, cache=False) as archive:
        fields = archive.dictionary('phantom').set_index('name')
    assert fields.loc['fluctuation', 'unit'] == '%'
    assert fields.loc['fwhm_y', 'meaning'].startswith('Smoothness of the noise from back to front')
