"""An image is known again after it was compressed anew, and not after anything else."""

import gzip
import hashlib

import nibabel
import numpy as np
import pytest

from mriqc_webapi.errors import ImageError
from mriqc_webapi.submissions.image_hashes import image_hashes, md5_of_file

AFFINE = np.array([[-1.0, 0.02, 0, 90], [0.02, 1.1, 0, -126], [0, 0, 1.2, -72], [0, 0, 0, 1]])


def voxels(*shape, dtype='int16'):
    return np.random.default_rng(7).integers(-900, 900, shape).astype(dtype)


@pytest.fixture
def save(tmp_path):
    """Write an image and give its path."""

    def save(name, data=None, *, kind=nibabel.Nifti1Image, affine=AFFINE, **header):
        image = kind(voxels(5, 6, 7) if data is None else data, affine)
        for key, value in header.items():
            image.header[key] = value
        path = tmp_path / name
        nibabel.save(image, path)
        return path

    return save


def data_hash(path):
    return image_hashes(path).data_hash


def test_it_is_what_the_documentation_says(save):
    data = voxels(3, 4, 2)
    text = (
        'voxels-1\ni2\n3x4x2\n1 0\n'
        '-1.000 0.020 0.000 90.000 0.020 1.100 0.000 -126.000 0.000 0.000 1.200 -72.000\n'
    )
    expected = hashlib.sha256(text.encode() + data.tobytes(order='F')).hexdigest()
    assert data_hash(save('a.nii', data)) == f'voxels-1:{expected}'


def test_compressing_it_anew_changes_the_md5_alone(save, tmp_path):
    plain = save('a.nii')
    packed = tmp_path / 'b.nii.gz'
    packed.write_bytes(gzip.compress(plain.read_bytes(), 1))
    one, other = image_hashes(plain), image_hashes(packed)
    assert one.data_hash == other.data_hash
    assert one.md5sum != other.md5sum


def test_the_md5_is_that_of_the_bytes_even_behind_the_voxels(save):
    path = save('a.nii.gz')
    with path.open('ab') as file:
        file.write(gzip.compress(b'more'))
    assert image_hashes(path).md5sum == md5_of_file(path)
    assert md5_of_file(path) == hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    'change',
    [
        pytest.param({'descrip': b'somebody'}, id='description'),
        pytest.param({'aux_file': b'secret'}, id='auxiliary file'),
        pytest.param({'xyzt_units': 10}, id='units'),
    ],
)
def test_remarks_in_the_header_do_not_count(save, change):
    assert data_hash(save('a.nii')) == data_hash(save('b.nii', **change))


def test_an_extension_does_not_count(save, tmp_path):
    image = nibabel.load(save('a.nii'))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b'a remark'))
    nibabel.save(image, tmp_path / 'b.nii')
    assert data_hash(tmp_path / 'a.nii') == data_hash(tmp_path / 'b.nii')


def test_either_order_of_bytes_and_either_header_is_the_same_image(save):
    big = nibabel.Nifti1Header(endianness='>')
    big.set_data_dtype('>i2')
    swapped = save(
        'b.nii', kind=lambda data, affine: nibabel.Nifti1Image(data, affine, header=big)
    )
    assert swapped.read_bytes()[:4] == b'\0\0\x01\x5c'
    second = save('c.nii.gz', kind=nibabel.Nifti2Image)
    assert {data_hash(save('a.nii')), data_hash(swapped), data_hash(second)} == {
        data_hash(save('d.nii'))
    }


def test_a_trailing_dimension_of_one_does_not_count(save):
    data = voxels(5, 6, 7)
    assert data_hash(save('a.nii', data)) == data_hash(save('b.nii', data[..., None]))


@pytest.mark.parametrize('dtype', ['uint8', 'int32', 'float32', 'float64', 'complex64'])
def test_voxels_of_any_usual_type_are_read(save, dtype):
    data = voxels(3, 4, 5, 2, dtype=dtype)
    assert data_hash(save('a.nii.gz', data)) == data_hash(save('b.nii', data))


def test_another_voxel_type_is_another_image(save):
    data = voxels(3, 4, 5)
    assert data_hash(save('a.nii', data)) != data_hash(save('b.nii', data.astype('int32')))


def test_one_voxel_makes_another_image(save):
    changed = voxels(5, 6, 7)
    changed[1, 2, 3] += 1
    assert data_hash(save('a.nii')) != data_hash(save('b.nii', changed))


def test_another_place_makes_another_image(save):
    moved = AFFINE.copy()
    moved[0, 3] += 0.01
    assert data_hash(save('a.nii')) != data_hash(save('b.nii', affine=moved))


def test_rounding_of_the_place_does_not(save):
    jittered = AFFINE * (1 + 1e-7)
    assert data_hash(save('a.nii')) == data_hash(save('b.nii', affine=jittered))


def test_another_scale_makes_another_image(save):
    one = save('a.nii')
    scaled = bytearray(one.read_bytes())
    scaled[112:116] = np.float32(2).tobytes()
    other = one.with_name('b.nii')
    other.write_bytes(scaled)
    assert data_hash(one) != data_hash(other)


def test_without_an_s_form_the_q_form_places_the_image(save):
    rotated = nibabel.affines.from_matvec(
        nibabel.eulerangles.euler2mat(0.1, -0.2, 0.3) @ np.diag([1, 2, -3]), [4, 5, 6]
    )
    with_s = save('a.nii', affine=rotated, sform_code=2, qform_code=0)
    image = nibabel.load(save('b.nii', affine=rotated))
    image.set_sform(None, code=0)
    image.set_qform(rotated, code=1)
    with_q = with_s.with_name('c.nii')
    nibabel.save(image, with_q)
    assert image.header['sform_code'] == 0
    assert data_hash(with_s) == data_hash(with_q)


def test_a_file_that_is_no_image_is_told(tmp_path):
    path = tmp_path / 'a.nii'
    path.write_bytes(b'nothing of the kind')
    with pytest.raises(ImageError, match=r'a\.nii is no NIfTI image'):
        image_hashes(path)


def test_an_image_that_ends_early_is_told(save):
    path = save('a.nii')
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ImageError, match='ends before its last voxel'):
        image_hashes(path)


def test_damaged_compression_is_told(save):
    path = save('a.nii.gz')
    damaged = bytearray(path.read_bytes())
    damaged[300:400] = bytes(100)
    path.write_bytes(damaged)
    with pytest.raises(ImageError, match='cannot be read'):
        image_hashes(path)


def test_a_header_of_half_a_pair_is_told(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(voxels(3, 4, 5), AFFINE), tmp_path / 'a.img')
    with pytest.raises(ImageError, match='in one file'):
        image_hashes(tmp_path / 'a.hdr')


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ImageError, match='No such file'):
        image_hashes(tmp_path / 'a.nii')
