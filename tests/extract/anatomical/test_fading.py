"""Heads whose uppermost slices are dark, as a slab's are at its end."""

import numpy as np
import pytest

from mriqc_webapi.extract.anatomical.brain import find_brain
from mriqc_webapi.extract.anatomical.fading import EDGE_MM, FAINTEST, unfaded
from mriqc_webapi.extract.anatomical.grids import Grid
from tests.extract.phantom import Phantom, grid

VOXEL_MM = (3.5, 3.5, 3.5)
ABOVE_MM = 8.0  # what the field of view has above the brain
SHAPE = (20, 20, 40)


@pytest.fixture(scope='module')
def cut_head():
    """A head whose field of view ends in its scalp; its brain, and their grid."""
    phantom = Phantom(voxel_mm=VOXEL_MM)
    image, brain = phantom.image(), phantom.maps().brain
    top = np.flatnonzero(brain.any((0, 1)))[-1] + round(ABOVE_MM / VOXEL_MM[2])
    image, brain = image[:, :, :top], brain[:, :, :top]
    return image, brain, Grid(shape=image.shape, affine=grid(VOXEL_MM)[1])


def faded(image):
    """Let the last 25 mm fall to a quarter."""
    away_mm = (np.arange(image.shape[2])[::-1]) * VOXEL_MM[2]
    return (image * np.clip(away_mm / 25, 0.25, 1)).astype(np.float32)


def missed_above(found, brain, share=0.85):
    """Tell which share of the brain's uppermost part a mask leaves out."""
    heights = np.flatnonzero(brain.any((0, 1)))
    upper = int(np.quantile(heights, share))
    return 1 - (found & brain)[:, :, upper:].sum() / brain[:, :, upper:].sum()


@pytest.mark.parametrize('change', [faded, np.copy], ids=['faded', 'as it is'])
def test_the_vertex_is_found_whether_the_slab_fades_or_not(cut_head, change):
    image, brain, where = cut_head
    found = find_brain(change(image), where, contrast='T1w').mask
    assert 0.9 < found.sum() / brain.sum() < 1.1
    assert missed_above(found, brain) < 0.05
    assert 2 * (found & brain).sum() / (found.sum() + brain.sum()) > 0.95


def test_a_faded_head_is_raised_to_the_level_below():
    profile = np.clip(np.arange(SHAPE[2])[::-1] / 12, 0.2, 1)
    head = np.full(SHAPE, 100.0, np.float32) * profile.astype(np.float32)
    raised = unfaded(head, isotropic(2.0), np.ones(SHAPE, bool))
    assert np.abs(raised / 100 - 1).max() < 0.2
    assert head[:, :, -1].max() < 25


def test_what_ends_far_below_the_field_of_view_stays_as_it_is():
    head = np.full(SHAPE, 100.0, np.float32)
    head[:, :, -25:] = 3
    about = np.zeros(SHAPE, bool)
    about[:, :, : SHAPE[2] - int(EDGE_MM / 2)] = True
    assert np.array_equal(unfaded(head, isotropic(2.0), about), head)


def test_what_is_hardly_bright_at_all_is_not_made_a_brain():
    head = np.full(SHAPE, 100.0, np.float32)
    head[:, :, -8:] = 1
    raised = unfaded(head, isotropic(2.0), np.ones(SHAPE, bool))
    assert raised[:, :, -4:].max() <= 1 / FAINTEST + 1e-3


@pytest.mark.parametrize('level', [0.0, -5.0])
def test_a_head_without_a_level_stays_as_it_is(level):
    head = np.full(SHAPE, level, np.float32)
    assert np.array_equal(unfaded(head, isotropic(2.0), np.ones(SHAPE, bool)), head)


def isotropic(spacing_mm):
    return Grid(shape=SHAPE, affine=np.diag([spacing_mm] * 3 + [1.0]))
