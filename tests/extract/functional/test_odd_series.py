"""Whatever is odd about a series: maps that are right, a note, or an error in words."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mriqc_webapi.errors import ImageError
from mriqc_webapi.extract.formulas import functional_iqms
from mriqc_webapi.extract.functional import functional_maps
from mriqc_webapi.extract.functional.masks import find_head
from mriqc_webapi.extract.functional.motion import STILL, Pose
from tests.extract.bold_phantom import Bold, make

SMALL = Bold(n_volumes=8, voxel_mm=8.0)


@pytest.fixture
def save(tmp_path):
    def save(data, affine=None, name='odd_bold.nii.gz'):
        path = tmp_path / name
        nib.save(
            nib.Nifti1Image(data, np.diag([8.0, 8, 8, 1]) if affine is None else affine), path
        )
        return path

    return save


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        (np.ones((8, 8, 8), np.int16), 'is one volume'),
        (np.ones((8, 8, 8, 2), np.int16), '3 at least'),
        (np.zeros((8, 8, 8, 9), np.int16), 'nothing but zeros'),
        (np.full((8, 8, 8, 9), 1e-40, np.float32), 'nothing but zeros'),
        (-np.ones((8, 8, 8, 9), np.int16), 'no head'),
        (np.ones((8, 8, 8, 9), np.int16) * (np.arange(9, dtype=np.int16) < 4), 'no head'),
    ],
)
def test_what_is_no_series_is_told_so(save, data, words):
    with pytest.raises(ImageError, match=words):
        functional_maps(save(data))


def test_a_truncated_file_is_told_so(tmp_path):
    path = make(SMALL).save(tmp_path / 'whole_bold.nii.gz')
    cut = tmp_path / 'cut_bold.nii.gz'
    cut.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(ImageError, match=r'cut_bold.nii.gz cannot be read'):
        functional_maps(cut)


@pytest.mark.parametrize('value', [np.nan, -np.inf, 3e38])
def test_numbers_that_are_none_are_noted(save, value):
    data = make(SMALL).data
    data[3:5, 3:5, 3, 2] = value
    maps = functional_maps(save(data))
    assert any('4 voxels are no finite numbers' in note for note in maps.notes)
    assert np.isfinite(maps.realigned).all()
    assert not maps.series[3:5, 3:5, 3, 2].any()


@pytest.mark.parametrize('code', [0, 7, 56, 255])  # none, and those that the standard lacks
def test_a_repetition_time_in_no_known_unit_is_noted(tmp_path, code):
    path = make(SMALL).save(tmp_path / 'unit_bold.nii')
    header = bytearray(path.read_bytes())
    header[123] = code  # xyzt_units
    path.write_bytes(header)
    maps = functional_maps(path)
    assert maps.repetition_time_s == 2.0
    assert any('without a unit' in note for note in maps.notes)


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_a_single_slice_has_maps(save, axis):
    data = make(SMALL).data
    middle = data.shape[axis] // 2
    maps = functional_maps(save(data.take([middle], axis)))
    assert np.isfinite(maps.motion).all()
    assert any('single slice' in note for note in maps.notes)
    assert functional_iqms(maps).values['tsnr'] > 0


def test_the_head_of_a_single_slice_is_more_than_its_brain():
    disc = np.hypot(*np.mgrid[-10:11, -10:11])[..., np.newaxis]
    head = find_head(np.where(disc < 9, 100.0, 0.0), disc < 5)
    assert np.array_equal(head, disc < 9)


def test_where_the_fit_goes_astray_there_is_no_displacement(tmp_path, monkeypatch):
    path = make(SMALL).save(tmp_path / 'astray_bold.nii.gz')
    fits = iter(range(SMALL.n_volumes))

    def astray_once(*arguments):
        return Pose(Rotation.identity(), np.full(3, 99.0)) if next(fits) == 2 else STILL

    monkeypatch.setattr('mriqc_webapi.extract.functional.motion._fit', astray_once)
    monkeypatch.setattr('mriqc_webapi.extract.functional.motion.N_THREADS', 1)
    maps = functional_maps(path)
    lost = np.isnan(maps.motion).any(axis=1)
    assert lost.sum() == 1
    assert np.array_equal(maps.realigned[..., lost], maps.series[..., lost])
    assert any('could not be followed in 1 volumes' in note for note in maps.notes)
    iqms = functional_iqms(maps)
    assert [iqms.values[name] for name in ('fd_mean', 'fd_num', 'fd_perc')] == [None] * 3
    assert 'followed' in iqms.reasons['fd_num']


def test_a_volume_of_noise_does_not_lead_its_neighbours_astray(save):
    series = make(replace(SMALL, n_volumes=10))
    alone = functional_maps(save(series.data)).motion
    spoiled = series.data.copy()
    spoiled[..., 5] = np.random.default_rng(1).rayleigh(300, spoiled.shape[:3])
    beside = functional_maps(save(spoiled)).motion
    others = np.arange(10) != 5
    assert beside[others, :3] == pytest.approx(alone[others, :3], abs=0.05)


def test_a_tiny_volume_is_doubted(save):
    random = np.random.default_rng(3)
    maps = functional_maps(save(random.normal(100, 5, (4, 4, 4, 8)).astype(np.float32)))
    assert maps.brain_mask.doubts
    assert np.isfinite(maps.realigned).all()


def test_volumes_that_are_all_alike_have_maps_and_reasons(save):
    data = np.repeat(make(SMALL).data[..., :1], 8, axis=3)
    iqms = functional_iqms(functional_maps(save(data)))
    assert iqms.values['fd_mean'] == pytest.approx(0, abs=1e-4)
    assert {name for name, value in iqms.values.items() if value is None} == set(iqms.reasons)


def test_the_sidecar_s_repetition_time_goes_before_the_header_s(tmp_path):
    path = make(SMALL).save(tmp_path / 'timed_bold.nii.gz')
    assert functional_maps(path).repetition_time_s == 2.0
    maps = functional_maps(path, repetition_time_s=1.5)
    assert maps.repetition_time_s == 1.5
    assert any('the sidecar’s 1.5 s is believed' in note for note in maps.notes)


@pytest.mark.parametrize('way', ['flipped', 'permuted', 'oblique'])
def test_how_axes_lie_changes_no_number(save, way):
    series = make(SMALL)
    data, affine = series.data, series.affine
    if way == 'flipped':
        data, affine = data[::-1, ::-1], affine @ np.diag([-1.0, -1, 1, 1])
    elif way == 'permuted':
        data, affine = data.transpose(2, 0, 1, 3), affine[:, [2, 0, 1, 3]]
    else:
        affine = affine.copy()
        affine[:3, :3] = Rotation.from_euler('xyz', (20, -10, 15), True).as_matrix() * 8
    turned = save(data, affine)
    straight = save(np.ascontiguousarray(series.data), series.affine, 'straight_bold.nii.gz')
    one, other = (functional_iqms(functional_maps(p)).values for p in (turned, straight))
    for name in ('tsnr', 'snr', 'efc', 'gsr_y', 'dvars_std', 'aor', 'size_z', 'spacing_z'):
        assert one[name] == pytest.approx(other[name], rel=1e-6), name


def test_scaled_integers_are_read_in_the_scanner_s_numbers(tmp_path):
    series = make(SMALL)
    image = nib.Nifti1Image(series.data, series.affine)
    image.header.set_data_dtype(np.int16)  # stored with a slope
    path = tmp_path / 'scaled_bold.nii.gz'
    nib.save(image, path)
    maps = functional_maps(path)
    assert maps.series.max() == pytest.approx(series.data.max(), rel=1e-3)


def test_a_mask_made_elsewhere_is_used(tmp_path, save):
    series = make(SMALL)
    path = series.save(tmp_path / 'masked_bold.nii.gz')
    box = np.zeros(series.data.shape[:3], np.uint8)
    box[8:16, 8:18, 6:14] = 1
    maps = functional_maps(path, brain_mask=save(box, series.affine, 'box.nii.gz'))
    assert maps.brain.sum() == box.sum()
    assert (maps.brain_mask.method, maps.brain_mask.detail) == ('file', 'box.nii.gz')


def test_a_mask_of_another_grid_is_refused(tmp_path, save):
    path = make(SMALL).save(tmp_path / 'masked_bold.nii.gz')
    with pytest.raises(ImageError, match='no mask of this image'):
        functional_maps(path, brain_mask=save(np.ones((4, 4, 4), np.uint8), name='box.nii.gz'))
