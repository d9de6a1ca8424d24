"""A run over a small dataset, where there is no network: what it leaves, and what it says."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from mriqc_webapi.cli import main
from mriqc_webapi.extract.software import SOFTWARE, version
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.reports.annotate import Wishes as Annotation
from mriqc_webapi.reports.annotate import change_report, reports_at
from mriqc_webapi.reports.widget import Widget
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.image_hashes import image_hashes
from mriqc_webapi.submissions.sources import find_sources, read_source
from tests.extract.datasets import Dataset
from tests.extract.guard import guarded
from tests.extract.small_heads import write_bold

COMMAND = str(Path(sys.executable).with_name('mriqc-webapi'))
NAME, BROKEN = 'sub-01_ses-a_task-rest_run-02_bold', 'sub-02_T1w'


@dataclass(frozen=True)
class Ran:
    """A run, and what it left."""

    code: int
    told: dict
    said: str
    images: Path
    out: Path
    network: str  # addresses that were asked for

    @property
    def record(self) -> dict:
        """The record of the series."""
        return json.loads((self.out / f'sub-01/ses-a/func/{NAME}.json').read_bytes())


@pytest.fixture(scope='module')
def ran(tmp_path_factory) -> Ran:
    """A run over a series and a broken file, cut off from any network."""
    folder = tmp_path_factory.mktemp('study')
    dataset = Dataset(folder / 'heads.v1')
    write_bold(dataset.place(NAME))
    dataset.say('task-rest_bold.json', {'TaskName': 'rest', 'EchoTime': 0.03})
    broken = dataset.image(BROKEN)
    broken.write_bytes(broken.read_bytes()[:-20])
    log = folder / 'network'
    done = subprocess.run(
        [*cut_off(), COMMAND, 'extract', dataset.root, folder / 'out', '--json', '--n-procs', '2'],
        env=os.environ | guarded(folder, log),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    return Ran(done.returncode, told, done.stderr, dataset.root, folder / 'out', log.read_text())


def cut_off() -> list[str]:
    """Give what runs a command in a network of its own that leads nowhere, where that may be."""
    words = ['unshare', '-rn']
    if shutil.which('unshare') is None:
        return []
    tried = subprocess.run([*words, 'true'], check=False, capture_output=True)
    return words if tried.returncode == 0 else []


def test_one_bad_image_does_not_stop_the_others(ran):
    assert (ran.code, ran.told['n_done'], ran.told['n_failed']) == (1, 1, 1), ran.said
    (problem,) = (image['problem'] for image in ran.told['images'] if image['name'] == BROKEN)
    failure = json.loads((ran.out / f'sub-02/anat/{BROKEN}_error.json').read_bytes())
    assert failure['problem'] == problem
    assert 'cannot be read' in problem
    assert not (ran.out / f'sub-02/anat/{BROKEN}.json').exists()


def test_nothing_goes_over_the_network(ran):
    assert ran.network == ''


def test_what_was_not_taken_has_a_reason(ran):
    missing = {name for name, value in ran.record.items() if value is None}
    assert missing == set(ran.record['provenance']['missing'])


def test_provenance_names_image_software_and_settings(ran):
    provenance = ran.record['provenance']
    hashes = image_hashes(next(ran.images.rglob(f'{NAME}.nii.gz')))
    assert (provenance['md5sum'], provenance['data_hash']) == (hashes.md5sum, hashes.data_hash)
    assert (provenance['software'], provenance['version']) == (SOFTWARE, version())
    assert provenance['settings'] == {
        'brain_mask': provenance['brain_mask']['method'],
        'fd_thres': 0.2,
        'hmc_fsl': False,
        'testing': False,
    }


def test_metadata_are_those_of_name_sidecars_and_header(ran):
    assert ran.record['bids_meta'] == {
        'EchoTime': 0.03,
        'RepetitionTime': 2.0,
        'TaskName': 'rest',
        'dataset': 'Heads',
        'modality': 'bold',
        'run_id': '02',
        'session_id': 'a',
        'subject_id': '01',
        'task_id': 'rest',
    }


def test_group_tables_have_the_same_numbers(ran):
    table = pd.read_csv(ran.out / 'group_bold.tsv', sep='\t').set_index('bids_name')
    assert table.index.tolist() == [NAME]
    assert table.loc[NAME, 'tsnr'] == pytest.approx(ran.record['tsnr'])
    assert {'provenance', 'bids_meta'}.isdisjoint(table.columns)


def test_what_sends_records_finds_each_of_them(ran):
    catalogue = load_catalogue()
    found = [
        line
        for path in find_sources(ran.out, catalogue)
        for line in read_source(path, catalogue=catalogue, limits=Limits())
    ]
    assert [line.error for line in found if line.error] == []
    records = [line.document for line in found if line.document.get('provenance')]
    assert records == [ran.record] * 2  # the file itself, and its row in the table


def test_a_record_has_a_report_with_the_rating_widget(ran):
    page = (ran.out / f'{NAME}.html').read_bytes()
    assert len(page) < 3e6
    assert page.count(b'<mriqc-rating md5sum=') == 1
    assert ran.record['provenance']['md5sum'].encode() in page


def test_the_widget_may_be_put_into_a_report_again(ran):
    (report,) = reports_at(ran.out / f'{NAME}.html')
    widget = Widget(url='https://mriqc.example.org')
    outcome = change_report(report, Annotation(widget=widget, is_dry_run=True))
    assert outcome.change == 'updated'
    assert (outcome.image.software, outcome.image.modality) == (SOFTWARE, 'bold')


def test_run_again_it_leaves_what_is_done(ran, capsys):
    before = {path: path.stat().st_mtime_ns for path in ran.out.rglob('sub-01*')}
    code = main(['extract', str(ran.images), str(ran.out), '--json', '--modality', 'bold'])
    told = json.loads(capsys.readouterr().out)
    assert (code, told['n_done'], told['n_present'], told['n_failed']) == (0, 0, 1, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before
