"""Slices, the right way round, in square pixels, in bounds."""

import numpy as np
import pytest

from mriqc_webapi.extract.report.slices import MOST_PIXELS, PLANES, Cut, box_around, cuts

SHAPE = (12, 16, 10)
ISOTROPIC = (1.0, 1.0, 1.0)


def cut_through(plane, shape=SHAPE, spacing_mm=ISOTROPIC):
    """Cut a whole grid through its middle."""
    mask = np.ones(shape, bool)
    box = box_around(mask, spacing_mm)
    (cut,) = cuts(plane, mask, box=box, spacing_mm=spacing_mm, affine=np.eye(4), most=1)
    return cut


@pytest.mark.parametrize(
    ('plane', 'at', 'corner'),
    [
        ('axial', (-1, -1, slice(None)), (0, -1)),  # right and anterior: top right
        ('axial', (0, 0, slice(None)), (-1, 0)),  # left and posterior: bottom left
        ('coronal', (-1, slice(None), -1), (0, -1)),  # right and superior: top right
        ('sagittal', (slice(None), -1, -1), (0, -1)),  # anterior and superior: top right
    ],
)
def test_pictures_are_the_right_way_round(plane, at, corner):
    volume = np.zeros(SHAPE)
    volume[at] = 1
    picture = cut_through(plane).resized(volume)
    assert picture[corner] == 1
    assert picture.sum() == 1


@pytest.mark.parametrize('plane', PLANES)
def test_pixels_are_square_where_voxels_are_not(plane):
    width, height = cut_through(plane, (20, 30, 10), (1.0, 1.0, 4.0)).size
    extents = {'axial': (20, 30), 'coronal': (20, 40), 'sagittal': (30, 40)}[plane]
    assert (width, height) == extents


def test_a_large_slice_is_brought_to_a_bearable_size():
    cut = cut_through('axial', (700, 350, 1))
    assert cut.size == (MOST_PIXELS, MOST_PIXELS // 2)
    assert cut.resized(np.ones((700, 350, 1))).shape == (MOST_PIXELS // 2, MOST_PIXELS)


@pytest.mark.parametrize('most', [1, 3, 7, 100])
def test_slices_go_evenly_through_the_mask(most):
    mask = np.zeros((4, 4, 60), bool)
    mask[1:3, 1:3, 10:50] = True
    box = box_around(mask, ISOTROPIC)
    found = list(cuts('axial', mask, box=box, spacing_mm=ISOTROPIC, affine=np.eye(4), most=most))
    places = [cut.index for cut in found]
    assert len(places) <= most
    assert mask[:, :, places].any(axis=(0, 1)).all()
    assert abs((places[0] - 10) - (49 - places[-1])) <= 1  # as much is left out at either end


def test_an_empty_mask_shows_the_whole_image():
    box = box_around(np.zeros((3, 4, 5), bool), ISOTROPIC)
    assert box == (slice(0, 3), slice(0, 4), slice(0, 5))


def test_a_slice_says_where_it_is():
    affine = np.array([[2.0, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
    box = (slice(0, 4), slice(0, 4), slice(0, 4))
    mask = np.ones((4, 4, 4), bool)
    found = list(cuts('axial', mask, box=box, spacing_mm=(2, 2, 2), affine=affine, most=4))
    assert [cut.name for cut in found] == ['z −72', 'z −70', 'z −68', 'z −66']


def test_a_cut_of_one_voxel_is_a_picture():
    box = (slice(0, 1), slice(0, 1), slice(0, 1))
    cut = Cut(plane='axial', index=0, box=box, spacing_mm=(3.0, 3.0, 3.0), place_mm=0.0)
    assert cut.resized(np.ones((1, 1, 1)), 2).shape == (2, 2)
