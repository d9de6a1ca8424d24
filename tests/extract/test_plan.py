"""What is to be done, with what, and what is done already."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.extract.bids import Selection, find_images, single_image
from mriqc_webapi.extract.headers import read_header
from mriqc_webapi.extract.memory import needed_bytes
from mriqc_webapi.extract.plan import Wishes, is_present, make_plan
from mriqc_webapi.extract.software import SOFTWARE, version
from mriqc_webapi.submissions.image_hashes import md5_of_file
from tests.extract.datasets import TR_S, Dataset, write_image

NO_WISHES = Wishes()


@pytest.fixture
def dataset(tmp_path):
    return Dataset(tmp_path / 'heads')


@pytest.fixture
def plan(dataset, tmp_path):
    """Plan what is to be done for all of the dataset."""

    def plan(wishes=NO_WISHES):
        return make_plan(find_images(dataset.root, Selection()), tmp_path / 'out', wishes)

    return plan


def finish(task, **changed):
    """Write what a run would leave, or something like it."""
    provenance = {
        'software': SOFTWARE,
        'version': version(),
        'md5sum': md5_of_file(task.image),
        'settings': task.settings,
    }
    record = {
        'bids_meta': task.bids_meta,
        'provenance': provenance | changed.pop('provenance', {}),
    }
    task.record.parent.mkdir(parents=True, exist_ok=True)
    task.record.write_text(json.dumps(record | changed))
    task.report.write_text('<html>')


def test_metadata_are_shaped_as_mriqc_shapes_them(dataset, plan):
    dataset.image('sub-01_ses-a_task-rest_acq-x_rec-y_run-02_echo-1_bold')
    dataset.say('bold.json', {'EchoTime': 0.03, 'modality': 'MR', 'TaskName': 'rest'})
    (task,) = plan().tasks
    assert task.bids_meta == {
        'modality': 'bold',
        'subject_id': '01',
        'session_id': 'a',
        'task_id': 'rest',
        'acq_id': 'x',
        'rec_id': 'y',
        'run_id': '02',
        'dataset': 'Heads',
        'EchoTime': 0.03,
        'TaskName': 'rest',
        'RepetitionTime': TR_S,  # of the header
    }


def test_the_repetition_time_of_the_sidecar_goes_before_that_of_the_header(dataset, plan):
    dataset.image('sub-01_task-rest_bold')
    dataset.say('bold.json', {'RepetitionTime': 2.2})
    (task,) = plan().tasks
    assert (task.repetition_time_s, task.bids_meta['RepetitionTime']) == (2.2, 2.2)


@pytest.mark.parametrize('told', ['2.2', 0, -1, None, True, [2.2]])
def test_a_repetition_time_that_is_none_is_left_to_the_header(dataset, plan, told):
    dataset.image('sub-01_task-rest_bold')
    dataset.say('bold.json', {'RepetitionTime': told})
    assert plan().tasks[0].repetition_time_s is None


def test_settings_are_those_that_the_archive_groups_by(dataset, plan):
    dataset.image('sub-01_T1w')
    dataset.image('sub-01_task-rest_bold')
    settings = {task.modality: task.settings for task in plan().tasks}
    assert settings == {
        'T1w': {'testing': False, 'brain_mask': 'bet+atlas'},
        'bold': {'testing': False, 'brain_mask': 'epi', 'fd_thres': 0.2, 'hmc_fsl': False},
    }


def test_what_is_done_is_not_done_again(dataset, plan):
    for name in ('sub-01_T1w', 'sub-02_T1w'):
        dataset.image(name)
    finish(plan().tasks[0])
    assert [task.name for task in plan().present] == ['sub-01_T1w']
    assert [task.name for task in plan().tasks] == ['sub-02_T1w']
    assert len(plan(Wishes(again=True)).tasks) == 2


def test_what_is_not_whole_is_done_again(dataset, plan):
    dataset.image('sub-01_T1w')
    (task,) = plan().tasks
    finish(task)
    task.report.unlink()
    assert not is_present(task)
    assert is_present(replace(task, with_report=False))
    finish(task)
    task.record.write_text(task.record.read_text()[:-20])
    assert not is_present(task)


@pytest.mark.parametrize(
    'changed',
    [
        {'provenance': {'version': '0.0.1'}},
        {'provenance': {'md5sum': '0' * 32}},
        {'provenance': {'settings': {'testing': False, 'brain_mask': 'deepbet'}}},
        {'provenance': {'software': 'mriqc'}},
        {'bids_meta': {'modality': 'T1w', 'subject_id': '01', 'EchoTime': 1}},
    ],
)
def test_what_was_made_otherwise_is_done_again(dataset, plan, changed):
    dataset.image('sub-01_T1w')
    (task,) = plan().tasks
    finish(task)
    assert is_present(task)
    finish(task, **changed)
    assert not is_present(task)


def test_an_image_that_changed_is_done_again(dataset, plan):
    image = dataset.image('sub-01_T1w')
    (task,) = plan().tasks
    finish(task)
    write_image(image, np.zeros((6, 6, 6), np.int16))
    assert not is_present(task)


def test_masks_made_elsewhere_go_to_their_images(dataset, plan, tmp_path):
    for name in ('sub-01_ses-a_T1w', 'sub-01_ses-b_T1w', 'sub-01_ses-a_task-rest_bold'):
        dataset.image(name)
    prep = tmp_path / 'fmriprep/sub-01/ses-a'
    masks = {
        'sub-01_ses-a_T1w': prep / 'anat/sub-01_ses-a_desc-brain_mask.nii.gz',
        'sub-01_ses-b_T1w': tmp_path / 'synthstrip/sub-01_ses-b_T1w_mask.nii.gz',
        'sub-01_ses-a_task-rest_bold': prep / 'func/sub-01_ses-a_task-rest_desc-brain_mask.nii.gz',
    }
    other = prep / 'anat/sub-01_ses-a_space-MNI152NLin6Asym_desc-brain_mask.nii.gz'
    for path in (*masks.values(), other):
        write_image(path)
    tasks = plan(Wishes(brain_masks=[*masks.values(), other])).tasks
    assert {task.name: task.brain_mask for task in tasks} == masks
    for task in tasks:
        told = {'brain_mask': 'file', 'brain_mask_md5': md5_of_file(masks[task.name])}
        assert told.items() <= task.settings.items()


def test_an_image_without_its_mask_is_told(dataset, plan, tmp_path):
    for name in ('sub-01_T1w', 'sub-02_T1w'):
        dataset.image(name)
    mask = write_image(tmp_path / 'sub-01_T1w_mask.nii.gz')
    made = plan(Wishes(brain_masks=[mask]))
    assert [task.brain_mask for task in made.tasks] == [mask, None]
    assert made.notes == ('sub-02_T1w: no mask was given, one is made',)


def test_two_masks_of_one_image_are_one_too_many(dataset, plan, tmp_path):
    for name in ('sub-01_T1w', 'sub-02_T1w'):
        dataset.image(name)
    masks = [write_image(tmp_path / f'sub-01_T1w_{x}.nii.gz') for x in ('mask', 'brainmask')]
    with pytest.raises(QueryError, match='several masks may be that of sub-01_T1w'):
        plan(Wishes(brain_masks=masks))


def test_the_only_mask_is_that_of_the_only_image(dataset, plan, tmp_path):
    dataset.image('sub-01_T1w')
    mask = write_image(tmp_path / 'brain.nii.gz')
    assert plan(Wishes(brain_masks=[mask])).tasks[0].brain_mask == mask


def test_deepbet_is_for_heads_not_for_series(dataset, plan):
    dataset.image('sub-01_T1w')
    dataset.image('sub-01_task-rest_bold')
    masks = {task.modality: task.brain_mask for task in plan(Wishes(brain_masks='deepbet')).tasks}
    assert masks == {'T1w': 'deepbet', 'bold': None}


def test_images_that_would_have_the_same_name_are_refused(tmp_path):
    images = [write_image(tmp_path / place / 'head_T1w.nii.gz') for place in 'ab']
    with pytest.raises(QueryError, match='several images would be called sub-head_T1w'):
        make_plan([single_image(path) for path in images], tmp_path / 'out', NO_WISHES)


def test_larger_images_take_more_memory(tmp_path):
    shapes = [(64, 64, 32), (192, 256, 160), (320, 320, 256)]
    images = [write_image(tmp_path / f'{i}.nii', np.zeros(s, 'u1')) for i, s in enumerate(shapes)]
    needed = [needed_bytes(read_header(path), 'T1w') for path in images]
    assert needed == sorted(needed)
    assert needed[0] < 1e9 < needed[1] < 2e9 < needed[2]


def test_a_header_that_cannot_be_read_takes_some_memory_too(tmp_path):
    broken = tmp_path / 'broken.nii.gz'
    broken.write_bytes(b'\x1f\x8bnothing')
    assert read_header(broken) is None
    assert needed_bytes(None, 'bold') > 1e9
