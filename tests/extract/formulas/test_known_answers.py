"""Where MRIQC asks AFNI: fields of which one knows what comes out."""

import numpy as np
import pytest
from scipy import ndimage, stats

from mriqc_webapi.extract.formulas.outliers import clip_level, outlier_fractions, quality_indices
from mriqc_webapi.extract.formulas.smoothness import FWHM_OF_SD, fwhm
from mriqc_webapi.extract.formulas.spikes import count_spikes
from mriqc_webapi.extract.formulas.temporal import dvars, gcor, tsnr

SHAPE = (40, 44, 36)


@pytest.fixture(scope='module')
def ball():
    places = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing='ij')
    return sum(p**2 for p in places) < 0.9


@pytest.mark.parametrize('sd', [0.8, 1.2, 1.8])
def test_smoothness_of_gaussian_noise_is_that_of_its_filter(ball, sd):
    found = []
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(size=SHAPE)
        found.append(fwhm(ndimage.gaussian_filter(noise, sd, mode='wrap'), ball, 0))
    assert np.mean(found) == pytest.approx(FWHM_OF_SD * sd, rel=0.03)


def test_smoothness_is_told_apart_along_the_axes(ball):
    rng = np.random.default_rng(4)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), (0.8, 1.2, 1.6), mode='wrap')
    found = [fwhm(noise, ball, axis) for axis in range(3)]
    assert found == pytest.approx([FWHM_OF_SD * sd for sd in (0.8, 1.2, 1.6)], rel=0.05)


def test_smoothness_is_of_the_mask_alone(ball):
    rng = np.random.default_rng(5)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.2, mode='wrap')
    around = np.where(ball, noise, 1000.0)
    assert fwhm(around, ball, 1) == fwhm(noise, ball, 1)


def test_smoothness_does_not_depend_on_the_unit(ball):
    rng = np.random.default_rng(6)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.2, mode='wrap')
    assert fwhm(500 + 30 * noise, ball, 2) == pytest.approx(fwhm(noise, ball, 2))


@pytest.fixture(scope='module')
def ordinary():
    """Time courses of 4000 voxels and 60 volumes, SD 10."""
    return np.random.default_rng(7).normal(1000, 10, (4000, 60)).astype(np.float32)


def test_planted_outliers_are_counted_in_their_volumes(ordinary):
    planted = ordinary.copy()
    planted[:1200, 20] += 300
    planted[1000:1400, 41] -= 300
    fractions = outlier_fractions(planted)
    by_chance = np.delete(fractions, [20, 41])
    assert fractions[[20, 41]] == pytest.approx([0.3, 0.1], abs=0.002)
    assert by_chance.max() < 0.003


def test_ordinary_noise_has_as_many_outliers_as_chance_gives():
    courses = np.random.default_rng(2).normal(size=(2000, 1000)).astype(np.float32)
    z = stats.norm.isf(0.001 / 1000)
    reach = np.sqrt(np.pi / 2) * z * stats.norm.ppf(0.75)  # of a normal, MAD = Φ⁻¹(¾) · SD
    expected = 2 * stats.norm.sf(reach)
    assert outlier_fractions(courses).mean() == pytest.approx(expected, rel=0.3)


def test_a_constant_voxel_has_no_outlier():
    courses = np.full((10, 30), 5.0)
    courses[:, 12] = 500  # the median absolute deviation is 0
    assert not outlier_fractions(courses).any()


def test_outliers_are_shares_of_all_voxels_of_the_brain(ordinary):
    half_silent = np.concatenate([ordinary[:1000], np.zeros((1000, 60), np.float32)])
    half_silent[:1000, 5] += 400
    assert outlier_fractions(half_silent)[5] == pytest.approx(0.5)


def volumes(n_volumes, noise, *, seed=8):
    """A still picture with noise of a given SD; the picture's own is 100."""
    rng = np.random.default_rng(seed)
    still = rng.normal(1000, 100, (18, 20, 12, 1))
    return still + rng.normal(0, noise, (18, 20, 12, n_volumes))


def test_volumes_that_do_not_change_are_like_the_median():
    assert quality_indices(volumes(12, 0)) == pytest.approx(np.zeros(12), abs=1e-12)


@pytest.mark.parametrize('noise', [25, 60, 120])
def test_noise_takes_volumes_away_from_the_median_as_far_as_normal_ranks_say(noise):
    indices = quality_indices(volumes(151, noise))
    pearson = 100 / np.hypot(100, noise)  # the median volume has hardly any noise
    spearman = 6 / np.pi * np.arcsin(pearson / 2)
    assert indices.mean() == pytest.approx(1 - spearman, rel=0.05)


def test_a_shuffled_volume_is_unlike_the_median_and_an_inverted_one_its_opposite():
    series = volumes(30, 5)
    series[..., 3] = (
        np.random.default_rng(9).permutation(series[..., 3].ravel()).reshape(18, 20, 12)
    )
    series[..., 9] = 2000 - series[..., 9]
    indices = quality_indices(series)
    assert indices[3] == pytest.approx(1, abs=0.05)
    assert indices[9] == pytest.approx(2, abs=0.01)
    assert np.delete(indices, [3, 9]).max() < 0.01


def test_an_empty_volume_has_no_likeness_at_all():
    series = volumes(12, 5)
    series[..., 4] = 0
    assert quality_indices(series)[4] == 1


def test_air_does_not_count_for_the_likeness_of_volumes():
    series = volumes(20, 20)
    around = np.random.default_rng(10).rayleigh(20, (30, 32, 12, 20))
    around[6:24, 6:26] = series
    assert quality_indices(around) == pytest.approx(quality_indices(series))


def test_the_clip_level_is_half_the_median_of_what_it_leaves():
    rng = np.random.default_rng(11)
    air, head = rng.rayleigh(10, 20_000), rng.normal(800, 60, 12_000)
    level = clip_level(np.concatenate([air, head]))
    assert level == pytest.approx(0.5 * np.median(head))


@pytest.mark.parametrize('correlation', [0.0, 0.05, 0.3, 0.9])
def test_global_correlation_is_the_mean_over_all_pairs(correlation):
    rng = np.random.default_rng(12)
    common = rng.normal(size=400)
    courses = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(
        size=(500, 400)
    )
    courses = 900 + courses * rng.uniform(5, 50, (500, 1))  # whatever the units of the voxels
    assert gcor(courses) == pytest.approx(np.corrcoef(courses).mean())
    assert gcor(courses) == pytest.approx(correlation + (1 - correlation) / 500, abs=0.01)


def test_constant_voxels_count_as_uncorrelated():
    courses = np.random.default_rng(13).normal(size=(300, 50))
    with_constant = np.concatenate([courses, np.ones((300, 50))])
    assert gcor(with_constant) == pytest.approx(gcor(courses) / 4)


def test_dvars_of_white_noise_is_one(ordinary):
    found = dvars(ordinary)
    assert found.std.mean() == pytest.approx(1, abs=0.05)
    assert found.vstd.mean() == pytest.approx(1, abs=0.05)
    assert found.nstd.mean() == pytest.approx(np.sqrt(2) * 10, rel=0.02)  # the median is 1000


def test_a_jump_shows_in_dvars_where_it_happens(ordinary):
    jumped = ordinary.copy()
    jumped[:, 30:] += 50
    assert int(np.argmax(dvars(jumped).std)) == 29  # from volume 29 to 30


def test_temporal_snr_is_mean_over_sd(ordinary):
    assert tsnr(ordinary) == pytest.approx(100, rel=0.02)


def test_spikes_are_counted_alike_on_grids_that_allow_the_short_cut_and_those_that_do_not():
    rng = np.random.default_rng(14)
    counts = []
    for n_x, n_y in ((48, 48), (49, 47), (48, 22)):  # the last leaves no room for the mirror
        series = 100 + rng.normal(0, 3, (n_x, n_y, 2, 12))
        x, y = np.ogrid[:n_x, :n_y]
        waves = [
            np.cos(2 * np.pi * ((n_x // 3 + a) * x / n_x + (n_y // 3 + b) * y / n_y))
            for a in range(7)
            for b in range(6)
        ]
        series[:, :, 1, 5] += 4 * sum(waves)
        series[:, :, 0, 9] += 4 * sum(waves)
        counts.append(count_spikes(series))
    assert counts == [2, 2, 2]


def test_the_fast_median_filter_is_the_median_filter():
    from mriqc_webapi.extract.formulas.spikes import _away_from_centre, _median_filtered

    rng = np.random.default_rng(15)
    for shape in ((44, 40), (41, 45), (64, 24)):
        spectra = np.fft.fft2(rng.normal(size=(3, *shape))).real.astype(np.float32)
        outer = _away_from_centre(*shape)
        found = _median_filtered(spectra, outer)
        for points, plane in zip(found, spectra, strict=True):
            expected = ndimage.median_filter(plane, size=5, mode='constant')[outer]
            assert points == pytest.approx(expected, abs=1e-4)
