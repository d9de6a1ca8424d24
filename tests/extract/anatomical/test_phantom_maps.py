"""Brain, tissues, head and bias field of heads of which all of that is known."""

import numpy as np
import pytest

from mriqc_webapi.extract.anatomical import anatomical_maps
from mriqc_webapi.extract.formulas.tissues import bias_spread
from mriqc_webapi.extract.maps import TISSUE_LABELS, TISSUES, AnatomicalMaps, Mask
from tests.extract.phantom import Phantom

Pair = tuple[AnatomicalMaps, AnatomicalMaps]  # as found, as planted


@pytest.fixture(scope='module', params=['T1w', 'T2w'])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Find the maps of a head whose chin is down, in a strong bias field."""
    phantom = Phantom(contrast=request.param, voxel_mm=(3.5, 3.5, 3.5), bias=0.2, pitch_deg=15)
    path = phantom.save(tmp_path_factory.mktemp('head') / f'sub-01_{request.param}.nii.gz')
    return anatomical_maps(path, contrast=request.param), phantom.maps()


def test_the_brain_is_found_and_believed(both: Pair) -> None:
    found, planted = both
    assert _dice(found.brain, planted.brain) > 0.96
    assert found.brain_mask.method == 'bet+atlas'
    assert found.brain_mask.doubts == ()


def test_fluid_around_the_brain_does_not_make_its_mask_larger(both: Pair) -> None:
    found, planted = both
    most = {'T1w': 1.05, 'T2w': 1.02}[found.contrast]
    assert 0.95 < found.brain.sum() / planted.brain.sum() < most


def test_each_tissue_is_found(both: Pair) -> None:
    found, planted = both
    for tissue, least in (('csf', 0.6), ('gm', 0.93), ('wm', 0.9)):
        label = TISSUE_LABELS[tissue]
        assert _dice(found.tissues == label, planted.tissues == label) > least, tissue


def test_partial_volumes_sum_to_one_in_nearly_all_of_the_brain_and_are_zero_around_it(
    both: Pair,
) -> None:
    found, planted = both
    total = sum(found.partial_volumes[tissue] for tissue in TISSUES)
    assert total.max() <= 1 + 1e-4
    assert total[found.brain & planted.brain].mean() > 0.97
    assert not total[~found.brain].any()


def test_bone_at_the_border_of_the_brain_mask_is_no_white_matter(both: Pair) -> None:
    found, planted = both
    bone = found.brain & (planted.image < 0.15 * planted.image[planted.brain].mean())
    assert bone.any()
    assert (found.tissues[bone] == TISSUE_LABELS['wm']).mean() < 0.05


def test_a_bias_field_is_found_within_a_sixth(both: Pair) -> None:
    found, planted = both
    spread = bias_spread(planted.bias, planted.tissues > 0)['range']
    assert bias_spread(found.bias, found.tissues > 0)['range'] == pytest.approx(spread, rel=1 / 6)


def test_air_and_artifacts_are_outside_of_the_head(both: Pair) -> None:
    found, planted = both
    assert not (found.brain & ~found.head).any()
    assert not (found.head & (found.air | found.artifacts)).any()
    assert not (found.air & found.artifacts).any()
    assert not (planted.head & found.air).any()
    assert found.air.sum() > 0.5 * planted.air.sum()


def _dice(one: Mask, other: Mask) -> float:
    return 2 * np.count_nonzero(one & other) / (one.sum() + other.sum())
