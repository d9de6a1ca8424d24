"""Hashes are taken from the image itself, where it is the one that the record is about."""

import nibabel
import numpy as np
import pytest

from mriqc_webapi.client.sending.dataset import find_dataset
from mriqc_webapi.client.sending.finding import Finder
from mriqc_webapi.client.sending.images import Images
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.image_hashes import image_hashes

CATALOGUE = load_catalogue()


@pytest.fixture
def image(tmp_path):
    """Write an image into the BIDS dataset."""

    def image(name='sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz', seed=0):
        path = tmp_path / 'bids' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = np.random.default_rng(seed).integers(0, 99, (4, 5, 6)).astype('int16')
        nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path)
        return path

    return image


@pytest.fixture
def hashed(state):
    """Find the one record in a path and give it hashes."""

    def hashed(path, bids_dir=None):
        finder = Finder(CATALOGUE, Limits(), resource=None, state=state)
        (found,) = finder.in_files([path])
        return Images(bids_dir).with_hashes(found)

    return hashed


def test_the_image_of_derivatives_is_found_in_the_dataset_around_them(
    derivatives, put, image, hashed
):
    hashes = image_hashes(image())
    put(provenance={'md5sum': hashes.md5sum})
    document, note = hashed(derivatives)
    assert document['provenance']['data_hash'] == hashes.data_hash
    assert note == ''


def test_it_is_found_where_somebody_says_it_is(tmp_path, make, image, hashed):
    hashes = image_hashes(image())
    path = tmp_path / 'elsewhere' / 'sub-01_ses-pre_T1w.json'
    path.parent.mkdir()
    document = make(provenance={'md5sum': hashes.md5sum})
    path.write_text(str(document).replace("'", '"').replace('False', 'false'))
    found, _ = hashed(path, tmp_path / 'bids')
    assert found['provenance']['data_hash'] == hashes.data_hash


def test_another_image_under_the_same_name_gives_none(derivatives, put, image, hashed):
    image()
    put()
    document, note = hashed(derivatives)
    assert 'data_hash' not in document['provenance']
    assert note == 'no data_hash: sub-01_ses-pre_T1w.nii.gz is not the file it was'


def test_a_damaged_image_gives_none_and_is_told(derivatives, put, image, hashed):
    image().write_bytes(b'nothing')
    put()
    document, note = hashed(derivatives)
    assert 'data_hash' not in document['provenance']
    assert 'is no NIfTI image' in note or 'cannot be read' in note


def test_without_an_image_nothing_is_said(derivatives, put, hashed):
    put()
    assert hashed(derivatives)[1] == ''


def test_a_hash_that_is_there_stays(derivatives, put, image, hashed):
    image()
    put(provenance={'data_hash': 'voxels-1:abc'})
    assert hashed(derivatives)[0]['provenance']['data_hash'] == 'voxels-1:abc'


@pytest.mark.parametrize(
    ('row', 'name'),
    [
        ('01,session_1,rest_2', 'sub-01/ses-1/func/sub-01_ses-1_task-rest_run-2_bold.nii.gz'),
        ('sub-01,,rest_1', 'sub-01/func/sub-01_task-rest_bold.nii.gz'),
    ],
)
def test_a_row_of_qap_gets_the_md5_of_its_image(tmp_path, image, hashed, row, name):
    path = image(name)
    image('sub-01/ses-2/func/sub-01_ses-2_task-rest_run-2_bold.nii.gz', 7) if 'ses' in name else 0
    table = tmp_path / 'qap_functional_spatial.csv'
    table.write_text(f'Participant,Session,Series,EFC\n{row},0.5\n')
    document, _ = hashed(table, tmp_path / 'bids')
    assert document['provenance']['md5sum'] == image_hashes(path).md5sum


def test_a_row_of_qap_that_could_be_of_two_images_gets_none(tmp_path, image, hashed):
    image('sub-01/func/sub-01_task-rest_bold.nii.gz')
    image('sub-01/func/sub-01_task-motor_bold.nii.gz', 7)
    table = tmp_path / 'qap_functional_spatial.csv'
    table.write_text('Participant,Session,Series,EFC\n01,,,0.5\n')
    assert 'md5sum' not in hashed(table, tmp_path / 'bids')[0]['provenance']


def test_records_belong_to_the_folder_of_derivatives_not_to_the_images(derivatives, state):
    assert find_dataset(derivatives, state).root == derivatives
