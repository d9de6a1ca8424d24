"""The whole pipeline on two real heads: what it finds is what heads are like."""

import numpy as np
import pytest
from scipy import ndimage

from mriqc_webapi.extract.anatomical import anatomical_maps
from mriqc_webapi.extract.formulas import anatomical_iqms
from mriqc_webapi.extract.maps import TISSUES
from tests.extract.real_images import colin27, t1w_ds000240


@pytest.fixture(scope='module', params=[t1w_ds000240, colin27], ids=['ds000240', 'colin27'])
def maps(request):
    return anatomical_maps(request.param(), contrast='T1w')


def volumes_ml(maps):
    voxel_ml = np.prod(maps.spacing_mm) / 1000
    return {tissue: maps.partial_volumes[tissue].sum() * voxel_ml for tissue in TISSUES}


def test_the_brain_is_of_a_brain_s_size_and_both_methods_agree(maps):
    origin = maps.brain_mask
    assert (origin.method, origin.doubts) == ('bet+atlas', ())
    assert 1300 < origin.measures['volume_ml'] < 2000  # Colin27's is large: 1960 ml
    assert origin.measures['dice_of_methods'] > 0.88


def test_tissues_have_the_shares_that_they_have_in_adults(maps):
    found = volumes_ml(maps)
    brain = sum(found.values())
    assert 0.4 < found['gm'] / brain < 0.6
    assert 0.25 < found['wm'] / brain < 0.45
    assert 0.08 < found['csf'] / brain < 0.3


def test_tissues_are_ordered_as_in_a_t1w(maps):
    levels = [np.median(maps.corrected[maps.tissues == label]) for label in (1, 2, 3)]
    assert levels == sorted(levels)


def test_brain_head_and_air_lie_as_they_must(maps):
    assert not (maps.brain & ~maps.head).any()
    assert not (maps.air & maps.head).any()
    assert not (maps.air & maps.artifacts).any()
    assert np.median(maps.image[maps.air]) < 0.1 * np.median(maps.image[maps.brain])


def test_every_iqm_has_a_value(maps):
    iqms = anatomical_iqms(maps)
    assert {name for name, value in iqms.values.items() if value is None} <= {'qi_2'}
    assert 0.2 < iqms.values['cjv'] < 0.9
    assert 0.3 < iqms.values['tpm_overlap_gm'] < 0.9


def test_the_brain_mask_is_one_piece(maps):
    assert ndimage.label(maps.brain)[1] == 1
