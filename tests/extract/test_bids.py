"""Which images a dataset has, and what its sidecars say of them."""

import itertools

import pytest
from bids import BIDSLayout
from bids2table import load_bids_metadata

from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.extract.bids import Selection, find_images, read_sidecars, single_image
from tests.extract.datasets import Dataset, write_image


@pytest.fixture
def dataset(tmp_path):
    return Dataset(tmp_path / 'heads')


def names(dataset, **labels):
    modalities = labels.pop('modalities', ('T1w', 'T2w', 'bold'))
    selection = Selection(modalities=modalities, labels=labels)
    return [source.name for source in find_images(dataset.root, selection)]


def test_images_of_all_sessions_and_kinds_are_found(dataset):
    wanted = [
        'sub-01_ses-a_T1w',
        'sub-01_ses-a_task-rest_echo-1_bold',
        'sub-01_ses-a_task-rest_echo-2_bold',
        'sub-02_acq-mprage_rec-norm_run-1_T1w',
        'sub-02_T2w',
    ]
    for name in wanted:
        dataset.image(name)
    assert names(dataset) == sorted(wanted)


@pytest.mark.parametrize(
    'name',
    [
        'sub-01_task-rest_sbref',
        'sub-01_FLAIR',
        'sub-01_task-rest_part-phase_bold',
        'sub-01_part-imag_T1w',
    ],
)
def test_what_is_no_such_image_is_left_out(dataset, name):
    dataset.image('sub-01_T1w')
    dataset.image(name)
    dataset.say('sub-01/anat/sub-01_T1w.json', {})
    assert names(dataset) == ['sub-01_T1w']


def test_derivatives_are_no_images_of_the_dataset(dataset):
    dataset.image('sub-01_T1w')
    write_image(dataset.root / 'derivatives/prep/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz')
    assert names(dataset) == ['sub-01_T1w']


@pytest.mark.parametrize('root', ['my.study', 'ds[1]', 'a b'])
def test_a_dataset_may_have_any_name(tmp_path, root):
    dataset = Dataset(tmp_path / root, name=None)
    dataset.image('sub-01_T1w.nii')
    (source,) = find_images(dataset.root, Selection())
    assert (source.name, source.dataset) == ('sub-01_T1w', root)


@pytest.mark.parametrize(
    ('labels', 'wanted'),
    [
        ({'sub': ['sub-02']}, ['sub-02_ses-b_task-rest_run-02_bold', 'sub-02_ses-b_T1w']),
        ({'ses': ['a']}, ['sub-01_ses-a_T1w', 'sub-01_ses-a_task-nback_run-1_bold']),
        ({'task': ['rest', 'other']}, ['sub-02_ses-b_task-rest_run-02_bold']),
        ({'run': ['2']}, ['sub-02_ses-b_task-rest_run-02_bold']),
        ({'run': ['run-01']}, ['sub-01_ses-a_task-nback_run-1_bold']),
        ({'modalities': ['bold'], 'ses': ['ses-b']}, ['sub-02_ses-b_task-rest_run-02_bold']),
    ],
)
def test_images_are_chosen_by_labels(dataset, labels, wanted):
    for name in ('sub-01_ses-a_T1w', 'sub-01_ses-a_task-nback_run-1_bold'):
        dataset.image(name)
    for name in ('sub-02_ses-b_T1w', 'sub-02_ses-b_task-rest_run-02_bold'):
        dataset.image(name)
    assert names(dataset, **labels) == sorted(wanted)


def test_a_subject_that_is_not_there_is_named(dataset):
    dataset.image('sub-01_T1w')
    with pytest.raises(NotFoundError, match='has no sub-9'):
        names(dataset, sub=['01', '9'])


def test_a_folder_without_subjects_is_no_dataset(tmp_path):
    with pytest.raises(NotFoundError, match='no folder sub-'):
        find_images(tmp_path, Selection())


def test_sidecars_further_in_replace_those_further_out(dataset):
    image = dataset.image('sub-01_ses-a_task-rest_run-01_bold')
    dataset.say('bold.json', {'a': 'root', 'b': 'root', 'c': 'root'})
    dataset.say('sub-01/sub-01_bold.json', {'b': 'subject', 'c': 'subject'})
    dataset.say('sub-01/ses-a/func/sub-01_ses-a_task-rest_run-01_bold.json', {'c': 'own'})
    assert read_sidecars(image) == ({'a': 'root', 'b': 'subject', 'c': 'own'}, [])


def test_a_sidecar_that_tells_more_of_the_image_counts_more_in_its_folder(dataset):
    image = dataset.image('sub-01_task-rest_run-01_bold')
    dataset.say('bold.json', {'a': 'all'})
    dataset.say('task-rest_bold.json', {'a': 'task'})
    assert read_sidecars(image)[0] == {'a': 'task'}


@pytest.mark.parametrize(
    'name', ['task-other_bold.json', 'sub-02_bold.json', 'T1w.json', 'task-rest_sbref.json']
)
def test_a_sidecar_of_other_images_is_not_heard(dataset, name):
    image = dataset.image('sub-01_task-rest_bold')
    dataset.say(name, {'a': 1})
    assert read_sidecars(image) == ({}, [])


@pytest.mark.parametrize('content', ['{broken', '["a", "list"]', '"\ud800"', '[' * 100_000])
def test_a_broken_sidecar_is_told_and_the_others_are_heard(dataset, content):
    image = dataset.image('sub-01_T1w')
    dataset.say('T1w.json', {'EchoTime': 0.003})
    (dataset.root / 'sub-01/anat/sub-01_T1w.json').write_bytes(content.encode('utf-8', 'replace'))
    told, (note,) = read_sidecars(image)
    assert told == {'EchoTime': 0.003}
    assert note.startswith('sidecar sub-01_T1w.json cannot be read: ')


@pytest.mark.parametrize('library', ['bids2table', 'pybids'])
def test_inheritance_is_that_of_the_libraries(dataset, library):
    image = dataset.image('sub-01_ses-a_task-rest_acq-x_run-01_bold')
    places = [
        'task-rest_bold.json',
        'sub-01/sub-01_acq-x_bold.json',
        'sub-01/ses-a/sub-01_ses-a_bold.json',
        'sub-01/ses-a/func/sub-01_ses-a_task-rest_acq-x_run-01_bold.json',
        'sub-01/ses-a/func/sub-01_ses-a_task-rest_acq-x_run-02_bold.json',
    ]
    for place, n in zip(places, itertools.count(), strict=False):
        dataset.say(
            place, {'all': n, f'only{n}': n, f'from{n}': n} | {f'to{i}': n for i in range(n)}
        )
    if library == 'bids2table':
        expected = load_bids_metadata(image)
    else:
        expected = BIDSLayout(dataset.root, validate=False).get_metadata(str(image))
    assert read_sidecars(image) == (expected, [])


def test_a_single_image_of_a_dataset_knows_it(dataset):
    source = single_image(dataset.image('sub-01_ses-a_task-rest_bold'))
    assert source.name == 'sub-01_ses-a_task-rest_bold'
    assert (source.modality, source.dataset) == ('bold', 'Heads')


def test_a_single_image_of_no_dataset_has_none(tmp_path):
    source = single_image(write_image(tmp_path / 'sub-01_T1w.nii.gz'))
    assert (source.name, source.dataset) == ('sub-01_T1w', '')


def test_an_image_of_any_name_is_taken_with_what_it_is(tmp_path):
    image = write_image(tmp_path / 'Head 1_scan.nii.gz')
    (tmp_path / 'Head 1_scan.json').write_text('{"EchoTime": 0.003}')
    source = single_image(image, ['T2w'])
    assert (source.name, source.entities) == ('sub-Head1scan_T2w', {'sub': 'Head1scan'})
    assert read_sidecars(image)[0] == {'EchoTime': 0.003}


@pytest.mark.parametrize(
    ('name', 'modalities', 'words'),
    [
        ('scan.nii.gz', [], 'say which kind of image'),
        ('sub-01_T1w.nii', ['bold'], 'is T1w by its name'),
        ('sub-01_T1w.mgz', ['T1w'], 'is no NIfTI image'),
    ],
)
def test_an_image_that_is_none_or_unclear_is_refused(tmp_path, name, modalities, words):
    with pytest.raises(QueryError, match=words):
        single_image(tmp_path / name, modalities)
