"""NIfTI images are read as they are meant, and what is odd about them is told."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from mriqc_webapi.errors import ImageError
from mriqc_webapi.extract.images import read_image, read_mask

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an image; `change` may spoil its header."""

    def written(
        data: np.ndarray,
        affine: np.ndarray | None = None,
        *,
        change: Callable[[Any], None] | None = None,
        name: str = 'image.nii.gz',
    ) -> Path:
        image = nib.Nifti1Image(data, np.eye(4) if affine is None else affine)
        image.header.set_xyzt_units('mm', 'sec')
        if change:
            change(image.header)
        nib.save(image, tmp_path / name)
        return tmp_path / name

    return written


def test_axes_are_turned_to_ras_without_resampling(write: Write) -> None:
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    flipped = read_image(write(data, np.diag([-2.0, 3.0, 4.0, 1.0])))
    assert np.array_equal(flipped.data, data[::-1])
    assert flipped.spacing_mm == (2.0, 3.0, 4.0)
    assert flipped.affine[0, 3] == -2.0
    assert flipped.notes == ()


def test_an_oblique_image_keeps_its_grid(write: Write) -> None:
    c, s = np.cos(0.3), np.sin(0.3)
    affine = np.array([[c, -s, 0, 5], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    assert np.array_equal(read_image(write(data, affine)).data, data)


def test_slope_and_intercept_are_applied(write: Write, tmp_path: Path) -> None:
    path = write(np.full((2, 2, 2), 7, np.int16), name='scaled.nii')
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([0.5, 10.0], '<f4').tobytes()
    path.write_bytes(raw)
    assert read_image(path).data == pytest.approx(np.full((2, 2, 2), 13.5))


def test_what_is_no_number_is_zero_and_told(write: Write) -> None:
    data = np.ones((3, 3, 3), np.float32)
    data[0, 0, 0], data[1, 1, 1] = np.nan, np.inf
    image = read_image(write(data))
    assert image.data[0, 0, 0] == image.data[1, 1, 1] == 0
    assert image.notes == ('2 voxels are no finite numbers, and were taken as 0.',)


def test_a_repetition_time_in_milliseconds_becomes_seconds(write: Write) -> None:
    def change(header: Any) -> None:
        header.set_xyzt_units('mm', 'msec')
        header['pixdim'][4] = 2500

    image = read_image(write(np.ones((2, 2, 2, 3), np.int16), change=change))
    assert image.repetition_time_s == 2.5
    assert image.n_volumes == 3


def test_a_missing_repetition_time_is_told(write: Write) -> None:
    def change(header: Any) -> None:
        header['pixdim'][4] = 0

    image = read_image(write(np.ones((2, 2, 2, 3), np.int16), change=change))
    assert image.repetition_time_s is None
    assert image.notes == ('The header has no repetition time.',)


def test_a_complex_image_is_its_magnitude(write: Write) -> None:
    image = read_image(write(np.full((2, 2, 2), 3 + 4j, np.complex64)))
    assert image.data == pytest.approx(np.full((2, 2, 2), 5.0))


def test_a_broken_s_form_gives_way_to_the_q_form(write: Write, tmp_path: Path) -> None:
    def change(header: Any) -> None:
        header.set_qform(np.diag([2.0, 2.0, 2.0, 1.0]), 1)

    path = write(np.ones((2, 2, 2), np.int16), change=change, name='broken.nii')
    raw = bytearray(path.read_bytes())
    raw[254:256] = np.int16(1).tobytes()
    raw[280:328] = bytes(48)
    path.write_bytes(raw)
    image = read_image(path)
    assert image.spacing_mm == (2.0, 2.0, 2.0)
    assert 'affine is broken' in image.notes[0]


def test_a_truncated_file_is_an_error(write: Write) -> None:
    path = write(np.random.default_rng(0).integers(0, 999, (20, 20, 20), np.int16))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(ImageError, match=r'image\.nii\.gz cannot be read'):
        read_image(path)


def test_a_header_that_promises_too_much_is_an_error(write: Write) -> None:
    path = write(np.ones((2, 2, 2), np.int16), name='bomb.nii')
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([32000] * 3, '<i2').tobytes()
    path.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(ImageError):
        read_image(path.rename(path.with_name('bomb.nii.gz')))


@pytest.mark.parametrize('content', [b'', b'{"not": "an image"}', b'\x1f\x8b'])
def test_what_is_no_image_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'sub-01_T1w.nii.gz'
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r'sub-01_T1w\.nii\.gz'):
        read_image(path)


def test_five_dimensions_are_an_error(write: Write) -> None:
    with pytest.raises(ImageError, match='more than four dimensions'):
        read_image(write(np.ones((2, 2, 2, 2, 2), np.int16)))


def test_a_mask_may_lie_along_other_axes(write: Write) -> None:
    image = read_image(write(np.ones((2, 3, 4), np.int16)))
    mask = np.zeros((2, 3, 4), np.uint8)
    mask[0, 1, 2] = 1
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine[0, 3] = 1
    found = read_mask(write(mask, affine, name='mask.nii'), like=image)
    assert np.argwhere(found).tolist() == [[1, 1, 2]]


@pytest.mark.parametrize(
    ('data', 'shift_mm', 'told'),
    [
        (np.ones((2, 2, 2), np.uint8), 0.0, 'its grid is 2 × 2 × 2'),
        (np.ones((2, 3, 4), np.uint8), 3.0, r'lies 3\.0 mm away'),
        (np.zeros((2, 3, 4), np.uint8), 0.0, 'is empty'),
    ],
)
def test_a_mask_of_another_image_is_an_error(
    write: Write, data: np.ndarray, shift_mm: float, told: str
) -> None:
    image = read_image(write(np.ones((2, 3, 4), np.int16)))
    affine = np.eye(4)
    affine[2, 3] = shift_mm
    with pytest.raises(ImageError, match=told):
        read_mask(write(data, affine, name='mask.nii'), like=image)
