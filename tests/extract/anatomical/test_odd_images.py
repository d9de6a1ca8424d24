"""Odd T1w images give maps and a word about them, or a clear error; never a crash."""

from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriqc_webapi.errors import ImageError, MissingPackageError
from mriqc_webapi.extract.anatomical import anatomical_maps
from mriqc_webapi.extract.anatomical.background import rotation_mask
from mriqc_webapi.extract.anatomical.plausible import doubts
from tests.extract.phantom import Phantom, anatomy, save

COARSE = (5.0, 5.0, 5.0)


def test_several_volumes_with_a_mask_from_elsewhere(tmp_path: Path) -> None:
    phantom = Phantom(voxel_mm=COARSE)
    brain = anatomy(COARSE).labels > 0
    mask = save(tmp_path / 'mask.nii.gz', brain, COARSE)
    volumes = np.stack([phantom.image(), phantom.image() + 2], axis=-1)
    told: list[str] = []
    maps = anatomical_maps(
        save(tmp_path / 'sub-01_T1w.nii.gz', volumes, COARSE),
        contrast='T1w',
        brain_mask=mask,
        on_stage=told.append,
    )
    assert maps.n_volumes == 2
    assert maps.notes[-1] == 'The file has 2 volumes; their mean is used.'
    assert np.array_equal(maps.brain, brain)
    assert (maps.brain_mask.method, maps.brain_mask.detail) == ('file', 'mask.nii.gz')
    assert told == ['reading', 'brain', 'bias field', 'tissues', 'head and air']


@pytest.mark.parametrize(
    ('shape', 'value', 'told'),
    [
        ((64, 64, 1), 100, 'single slice'),
        ((9, 9, 9), 100, 'too small to hold a head'),
        ((40, 40, 12), 100, 'too small to hold a head'),
        ((40, 40, 40), 0, 'is empty'),
        ((40, 40, 40), 100, 'is empty'),
    ],
)
def test_what_can_hold_no_head_is_an_error(
    tmp_path: Path, shape: tuple[int, ...], value: int, told: str
) -> None:
    path = tmp_path / 'sub-01_T1w.nii.gz'
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    nib.save(nib.Nifti1Image(np.full(shape, value, np.int16), affine), path)
    with pytest.raises(ImageError, match=told):
        anatomical_maps(path, contrast='T1w')


@pytest.mark.skipif(find_spec('deepbet') is not None, reason='deepbet is installed')
def test_deepbet_is_named_where_it_is_not_installed(tmp_path: Path) -> None:
    path = save(tmp_path / 'sub-01_T1w.nii.gz', Phantom(voxel_mm=COARSE).image(), COARSE)
    with pytest.raises(MissingPackageError, match='pip install deepbet'):
        anatomical_maps(path, contrast='T1w', brain_mask='deepbet')


def test_corners_without_signal_are_a_rotation_and_a_few_voxels_are_none() -> None:
    image = np.full((30, 30, 30), 5.0)
    image[:10, :, :10] = 0
    image[20, 20, 20] = 0
    found = rotation_mask(image)
    assert found[0, 15, 0]
    assert not found[20, 20, 20]
    assert not rotation_mask(np.full((30, 30, 30), 5.0)).any()


def test_only_implausible_masks_are_doubted() -> None:
    assert doubts({'volume_ml': 1500.0, 'dice_of_methods': 0.93}) == ()
    assert len(doubts({'volume_ml': 300.0, 'dice_of_methods': float('nan')})) == 2
