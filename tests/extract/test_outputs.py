"""What a run writes, and what it never touches."""

import csv
import json

import pandas as pd
import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.extract import outputs
from mriqc_webapi.extract.software import SOFTWARE
from mriqc_webapi.extract.tasks import failed
from tests.extract.datasets import Dataset
from tests.extract.working import task_of


def record(**values):
    return {**values, 'bids_meta': {'modality': 'T1w'}, 'provenance': {'software': SOFTWARE}}


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file())


def test_files_lie_where_mriqc_has_them(tmp_path):
    task = task_of(tmp_path, 'sub-01_ses-a')
    outputs.write_record(task, record(cjv=0.5), lambda path: path.write_text('<html>'))
    assert files(tmp_path) == ['sub-01/ses-a/anat/sub-01_ses-a_T1w.json', 'sub-01_ses-a_T1w.html']


def test_a_report_that_breaks_leaves_neither_report_nor_record(tmp_path):
    task = task_of(tmp_path, 'sub-01')

    def break_halfway(path):
        path.write_text('<html><bo')
        raise OSError('no space left on device')

    with pytest.raises(OSError, match='no space left'):
        outputs.write_record(task, record(), break_halfway)
    assert files(tmp_path) == []


def test_a_failure_takes_the_place_of_an_earlier_record_and_the_other_way_round(tmp_path):
    task = task_of(tmp_path, 'sub-01')
    outputs.write_record(task, record(cjv=0.5), lambda path: path.write_text('<html>'))
    outputs.write_failure(failed(task, 'it is empty', code='bad-image'))
    assert files(tmp_path) == ['sub-01/anat/sub-01_T1w_error.json']
    told = json.loads(task.failure.read_bytes())
    assert (told['problem'], told['code']) == ('it is empty', 'bad-image')
    outputs.write_record(task, record(cjv=0.5), None)
    assert files(tmp_path) == ['sub-01/anat/sub-01_T1w.json']


def test_what_a_killed_run_left_half_written_is_swept(tmp_path):
    task = task_of(tmp_path, 'sub-01')
    half = task.report.with_name(f'.{task.report.name}.0a1b2c3d.part')
    half.mkdir(parents=True)
    (half / task.report.name).write_text('<html')
    outputs.sweep(task)
    assert files(tmp_path) == []


def test_tables_have_a_row_per_image_and_are_read_as_those_of_mriqc(tmp_path):
    for name, values in {'sub-02': {'cjv': 0.25, 'efc': None}, 'sub-01': {'cjv': 0.5}}.items():
        outputs.write_record(task_of(tmp_path, name), record(**values), None)
    foreign = tmp_path / 'sub-03/anat/sub-03_T1w.json'
    foreign.parent.mkdir(parents=True)
    foreign.write_text('{"cjv": 0.1, "provenance": {"software": "mriqc"}}')
    outputs.write_failure(failed(task_of(tmp_path, 'sub-04'), 'it is empty', code='bad-image'))
    assert outputs.write_tables(tmp_path) == [tmp_path / 'group_T1w.tsv']
    text = (tmp_path / 'group_T1w.tsv').read_text()
    assert text == 'bids_name\tcjv\tefc\nsub-01_T1w\t0.5\tn/a\nsub-02_T1w\t0.25\tn/a\n'
    table = pd.read_csv(tmp_path / 'group_T1w.tsv', sep='\t')
    assert table.cjv.tolist() == [0.5, 0.25]
    assert table.efc.isna().all()


def test_numbers_in_tables_are_those_of_records(tmp_path):
    value = 0.1 + 0.2
    outputs.write_record(task_of(tmp_path, 'sub-01'), record(cjv=value), None)
    outputs.write_tables(tmp_path)
    with (tmp_path / 'group_T1w.tsv').open() as file:
        (row,) = csv.DictReader(file, delimiter='\t')
    assert float(row['cjv']) == value


def test_a_table_without_images_goes(tmp_path):
    task = task_of(tmp_path, 'sub-01')
    outputs.write_record(task, record(), None)
    outputs.write_tables(tmp_path)
    outputs.write_failure(failed(task, 'it is empty', code='bad-image'))
    assert outputs.write_tables(tmp_path) == []
    assert not (tmp_path / 'group_T1w.tsv').exists()


def test_the_folder_describes_itself_as_derivatives(tmp_path):
    outputs.write_description(tmp_path, 'Heads')
    told = json.loads((tmp_path / 'dataset_description.json').read_bytes())
    assert (told['DatasetType'], told['GeneratedBy'][0]['Name']) == ('derivative', SOFTWARE)
    outputs.require_own_folder(tmp_path)


def test_the_images_themselves_are_never_written_over(tmp_path):
    described, bare = Dataset(tmp_path / 'a'), Dataset(tmp_path / 'b', name=None)
    for dataset in (described, bare):
        dataset.image('sub-01_T1w')
        with pytest.raises(QueryError, match='name a folder of its own'):
            outputs.require_own_folder(dataset.root)


def test_records_of_mriqc_are_never_written_over(tmp_path):
    dataset = Dataset(tmp_path / 'mriqc', name=None)
    dataset.say('dataset_description.json', {'GeneratedBy': [{'Name': 'MRIQC'}]})
    with pytest.raises(QueryError, match='a dataset of other software'):
        outputs.require_own_folder(dataset.root)
