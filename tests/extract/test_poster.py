"""The whole loop on one machine: images, records, reports, ratings, figures, labels."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import expect

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import Checker
from tests.browser import watched_page
from tests.extract.datasets import Dataset
from tests.extract.guard import guarded
from tests.extract.small_heads import write_bold, write_t1w
from tests.live import TOKEN, LiveService

NAMES = ('sub-01_T1w', 'sub-01_task-rest_bold')
BEYOND = {
    'provenance.brain_mask',
    'provenance.missing',
    'provenance.settings.brain_mask',
    'provenance.warnings.notes',
    'provenance.warnings.doubtful_brain_mask',
    'provenance.warnings.large_rot_frame',
    'provenance.warnings.small_air_mask',
}
COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))


@dataclass(frozen=True)
class Loop:
    """A service, and a study whose records were sent to it."""

    service: LiveService
    out: Path
    said: str
    network: str  # addresses beyond this machine that were asked for

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask the service."""
        answer = requests.get(f'{self.service.root}{path}', params=parameters, timeout=60)
        answer.raise_for_status()
        is_json = 'json' in answer.headers['Content-Type']
        return answer.json() if is_json else answer.text

    def record(self, name: str) -> dict[str, Any]:
        """Read a record from disk."""
        (path,) = self.out.rglob(f'{name}.json')
        return dict(json.loads(path.read_bytes()))


@pytest.fixture(scope='module')
def loop(tmp_path_factory):
    """Images of one subject, extracted and sent to a service that nobody has sent anything to."""
    folder = tmp_path_factory.mktemp('loop')
    dataset = Dataset(folder / 'heads')
    write_t1w(dataset.place('sub-01_T1w'))
    write_bold(dataset.place('sub-01_task-rest_bold'))
    dataset.say('task-rest_bold.json', {'TaskName': 'rest'})
    live = LiveService(folder / 'service')
    live.make_token()
    log = folder / 'network'
    guard = guarded(folder, log, is_open='127.0.0.1')
    with live:
        sending = ['--submit', '--yes', '--url', live.root, '--token', TOKEN]
        done = subprocess.run(
            [COMMAND, 'extract', dataset.root, folder / 'out', '--n-procs', '2', *sending],
            env=os.environ | guard | {'XDG_STATE_HOME': str(folder / 'state')},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield Loop(live, folder / 'out', done.stderr, log.read_text())


def test_from_images_to_labels(loop, browser):
    assert '2 sent' in loop.said
    record = loop.record('sub-01_T1w')
    md5sum = record['provenance']['md5sum']
    (item,) = loop.get(f'/api/v2/scans/{md5sum}')['items']
    assert item['record']['cjv'] == record['cjv']

    with watched_page(browser) as watched:
        page = watched.page
        page.goto((loop.out / 'sub-01_T1w.html').as_uri())
        assert watched.foreign('file:') == []
        page.get_by_label('Usable').check(force=True)
        page.get_by_role('button', name='Submit', exact=True).click()
        page.get_by_label('Token').fill(TOKEN)  # asked for once: none is in the report
        page.get_by_role('button', name='Submit', exact=True).click()
        expect(page.get_by_role('status')).to_contain_text('Submitted: Usable')
        rows = page.locator('mriqc-rating tr')
        expect(rows).to_have_text(['Invalid0', 'Exclude0', 'Usable1', 'Good0'])
    assert loop.get(f'/api/v2/scans/{md5sum}/ratings')['n_ratings'] == 1

    growth = loop.get('/figures/growth.csv')
    assert 'T1w' in growth
    assert 'bold' in growth
    for resource in ('T1w', 'bold'):
        assert loop.get('/figures/distributions.svg', resource=resource).startswith('<svg')

    (label,) = loop.get('/api/v2/labels')['items']
    assert label['md5sum'] == md5sum


@pytest.mark.parametrize('name', NAMES)
def test_a_record_has_every_iqm_of_the_catalogue(loop, name):
    resource = load_catalogue()[name.rpartition('_')[2]]
    wanted = {field.name for field in resource.fields if field.role == 'iqm' and field.required}
    assert wanted - loop.record(name).keys() == set()


@pytest.mark.parametrize('name', NAMES)
def test_an_archive_has_nothing_to_note_but_what_is_told_beyond_the_catalogue(loop, name):
    resource = load_catalogue()[name.rpartition('_')[2]]
    checked = Checker(resource, limits=Limits())(loop.record(name))
    assert {note.field for note in checked.notes} <= BEYOND


def test_the_size_of_the_air_is_warned_of_as_mriqc_does(loop):
    warnings = loop.record('sub-01_T1w')['provenance']['warnings']
    assert warnings['small_air_mask'] is True  # of a head of some hundred thousand voxels
    assert {type(warnings[k]) for k in ('large_rot_frame', 'doubtful_brain_mask')} == {bool}


def test_nothing_but_records_goes_over_the_network(loop):
    assert loop.network == ''


@pytest.mark.parametrize('path', ['/api/v1/{}', '/api/v2/{}/records'])
@pytest.mark.parametrize('name', NAMES)
def test_a_record_is_taken_as_it_is_and_comes_back(loop, path, name):
    record = loop.record(name)
    record['provenance']['md5sum'] = uuid4().hex  # of an image that nobody has sent
    resource = record['bids_meta']['modality']
    answer = requests.post(
        loop.service.root + path.format(resource),
        json=record,
        headers={'Authorization': TOKEN},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    where = json.dumps({'provenance.md5sum': record['provenance']['md5sum']})
    (item,) = loop.get(f'/api/v1/{resource}', where=where)['_items']
    assert {member: item[member] for member in record} == record
