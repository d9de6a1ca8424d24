"""What is planted in a head moves the IQMs as their definitions say, and is found again."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mriqc_webapi.extract.anatomical.background import background
from mriqc_webapi.extract.anatomical.bias import bias_field
from mriqc_webapi.extract.anatomical.grids import Grid
from mriqc_webapi.extract.formulas import anatomical_iqms
from mriqc_webapi.extract.formulas.background import qi_1
from mriqc_webapi.extract.formulas.energy import fber
from mriqc_webapi.extract.formulas.smoothness import fwhm
from mriqc_webapi.extract.formulas.tissues import bias_spread
from mriqc_webapi.extract.maps import AnatomicalMaps
from tests.extract.phantom import FWHM_OF_SD, Phantom, anatomy

NOISE_SD = (10.0, 15.0, 22.0, 33.0, 50.0)
GAPS = (1.0, 0.8, 0.6, 0.4, 0.2)
BIASES = (0.0, 0.1, 0.2, 0.3, 0.4)
BLURS_MM = (0.0, 4.0, 6.0, 8.0, 10.0)
GHOSTS = (0.0, 0.3, 0.4, 0.5, 0.6)  # below, they drown in the noise
FAINT_GHOSTS = (0.0, 0.05, 0.1, 0.15, 0.2)
QUICK = (20, 10)  # iterations of N4


@pytest.fixture(scope='module', params=['T1w', 'T2w'])
def head(request: pytest.FixtureRequest) -> Phantom:
    """Give a head of each contrast."""
    return Phantom(contrast=request.param, voxel_mm=(4.0, 4.0, 4.0))


@pytest.fixture(scope='module')
def noisy(head: Phantom) -> dict[str, np.ndarray]:
    """Take the IQMs of a head over five levels of noise."""
    return _over([replace(head, noise_sd=sd) for sd in NOISE_SD])


def test_more_noise_is_less_signal_to_it_and_more_disorder(noisy: dict[str, np.ndarray]) -> None:
    ratios = [f'{stem}_{of}' for stem in ('snr', 'snrd') for of in ('gm', 'wm', 'total')]
    for name in (*ratios, 'cnr', 'fber'):
        assert (np.diff(noisy[name]) < 0).all(), (name, noisy[name])
    for name in ('cjv', 'efc', 'summary_bg_stdv', 'summary_bg_mean', 'summary_wm_stdv'):
        assert (np.diff(noisy[name]) > 0).all(), (name, noisy[name])


def test_planted_ratios_are_found_within_a_twentieth(
    head: Phantom, noisy: dict[str, np.ndarray]
) -> None:
    planted = [replace(head, noise_sd=sd) for sd in NOISE_SD[:4]]  # more than noise is Rician's
    assert noisy['snr_wm'][:4] == pytest.approx([one.snr_wm for one in planted], rel=0.05)
    assert noisy['cnr'][:4] == pytest.approx([one.cnr for one in planted], rel=0.05)


def test_less_contrast_is_less_to_noise_and_more_joint_variation(head: Phantom) -> None:
    moved = _over([replace(head, gap=gap) for gap in GAPS])
    assert (np.diff(moved['cnr']) < 0).all(), moved['cnr']
    assert (np.diff(moved['cjv']) > 0).all(), moved['cjv']


def test_blur_is_smoothness_and_mixes_tissues(head: Phantom) -> None:
    moved = _over([replace(head, fwhm_mm=width) for width in BLURS_MM])
    for name in ('fwhm_x', 'fwhm_y', 'fwhm_z', 'fwhm_avg'):
        assert (np.diff(moved[name]) > 0).all(), (name, moved[name])
    assert (np.diff(moved['snr_gm']) < 0).all(), moved['snr_gm']


def test_a_ghost_is_an_artifact_in_the_air(head: Phantom) -> None:
    soft = replace(head, noise_sd=6, fwhm_mm=16)
    found = [_with_found_air(replace(soft, ghost=ghost)) for ghost in GHOSTS]
    shares = [qi_1(maps.air, maps.artifacts) for maps in found]
    assert shares[0] == 0
    assert (np.diff(shares) > 0).all(), shares


def test_a_ghost_brings_energy_into_the_air(head: Phantom) -> None:
    found = [replace(head, ghost=ghost).maps() for ghost in FAINT_GHOSTS]
    contrasts = [fber(maps.image, maps.head, maps.rotation) for maps in found]
    assert (np.diff(contrasts) < 0).all(), contrasts


def test_a_bias_field_is_found_within_a_seventh_at_every_strength() -> None:
    head = Phantom(voxel_mm=(4.0, 4.0, 4.0))
    phantoms = [replace(head, bias=bias) for bias in BIASES]
    found = [_found_spread(phantom) for phantom in phantoms]
    assert (np.diff(found) > 0).all(), found
    planted = [_planted_spread(phantom) for phantom in phantoms]
    assert found[0] < 0.05
    assert found[1:] == pytest.approx(planted[1:], rel=1 / 7)


@pytest.mark.parametrize('width', [2.0, 3.0, 4.0])
def test_planted_smoothness_is_found_within_a_twentieth(width: float) -> None:
    brain = anatomy((4.0, 4.0, 4.0)).labels > 0
    noise = np.random.default_rng(7).normal(size=brain.shape)
    smooth = 500 + ndimage.gaussian_filter(noise, width / FWHM_OF_SD)
    assert fwhm(smooth, brain, 0) == pytest.approx(width, rel=0.05)


def _over(phantoms: list[Phantom]) -> dict[str, np.ndarray]:
    taken = [anatomical_iqms(phantom.maps()).values for phantom in phantoms]
    return {
        name: np.array([np.nan if one[name] is None else one[name] for one in taken])
        for name in taken[0]
    }


def _found_spread(phantom: Phantom) -> float:
    maps = phantom.maps()
    field = bias_field(maps.image, _grid(maps), maps.brain, iterations=QUICK)
    return bias_spread(field, maps.tissues > 0)['range']


def _planted_spread(phantom: Phantom) -> float:
    return bias_spread(phantom.field(), anatomy(phantom.voxel_mm).labels > 0)['range']


def _with_found_air(phantom: Phantom) -> AnatomicalMaps:
    maps = phantom.maps()
    found = background(maps.image, _grid(maps), maps.head, to_template=np.eye(4))
    return replace(maps, air=found.air, artifacts=found.artifacts)


def _grid(maps: AnatomicalMaps) -> Grid:
    x, y, z = maps.image.shape
    return Grid(shape=(x, y, z), affine=maps.affine)
