"""Images that are empty, flat, tiny or cut: a right number, or none and the reason."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from mriqc_webapi.extract.formulas import anatomical_iqms, functional_iqms, traces
from mriqc_webapi.extract.maps import TISSUES
from tests.extract.formulas.frozen import (
    anatomical_case,
    functional_case,
    functional_maps,
    load,
)

SPACE = ('image', 'corrected', 'bias', 'brain', 'head', 'air', 'artifacts', 'rotation', 'tissues')


@pytest.fixture(scope='module')
def head():
    return anatomical_case(load('anatomical_0'))


@pytest.fixture(scope='module')
def series():
    return functional_case(load('functional_0'))


def assert_told(iqms):
    """Each IQM is a finite number, or None with a reason."""
    missing = {name for name, value in iqms.values.items() if value is None}
    assert missing == set(iqms.reasons)
    assert all(iqms.reasons.values())
    assert all(math.isfinite(v) for v in iqms.values.values() if v is not None)
    assert -1 not in iqms.values.values()
    return missing


def cut(head, *slices):
    parts = {name: getattr(head, name)[slices] for name in SPACE}
    for name in ('partial_volumes', 'priors'):
        parts[name] = {tissue: getattr(head, name)[tissue][slices] for tissue in TISSUES}
    return replace(head, **parts)


def emptied(head, *names):
    return replace(head, **{name: np.zeros_like(getattr(head, name)) for name in names})


def test_an_ordinary_head_and_series_have_all_their_iqms(head, series):
    assert not assert_told(anatomical_iqms(head))
    assert not assert_told(functional_iqms(series))


def test_an_image_of_zeros_keeps_its_geometry_and_tissues(head):
    iqms = anatomical_iqms(emptied(head, 'image', 'corrected'))
    missing = assert_told(iqms)
    assert {'snr_wm', 'cnr', 'cjv', 'efc', 'fber', 'fwhm_x', 'qi_2', 'summary_gm_mean'} <= missing
    assert iqms.values['size_x'] == 30
    assert iqms.values['icvs_gm'] is not None


def test_without_any_noise_in_the_air_what_needs_it_is_left_out(head):
    outside = ~head.head
    iqms = anatomical_iqms(
        replace(
            head,
            image=np.where(outside, 0, head.image),
            corrected=np.where(outside, 0, head.corrected),
        )
    )
    missing = assert_told(iqms)
    kurtosis = 'summary_bg_k'
    assert missing == {'fber', 'qi_2', kurtosis, *(f'snrd_{t}' for t in (*TISSUES, 'total'))}
    assert 'noise' in iqms.reasons['qi_2']
    assert iqms.values['qi_1'] is not None


def test_without_air_there_is_nothing_to_say_of_the_background(head):
    missing = assert_told(anatomical_iqms(emptied(head, 'air', 'artifacts')))
    assert {'qi_1', 'qi_2', 'cnr', 'snrd_wm', 'summary_bg_mean'} <= missing
    assert 'cjv' not in missing
    assert 'snr_wm' not in missing


def test_a_mask_that_is_empty_leaves_no_smoothness(head):
    iqms = anatomical_iqms(emptied(head, 'brain'))
    assert assert_told(iqms) == {'fwhm_x', 'fwhm_y', 'fwhm_z', 'fwhm_avg'}
    assert 'mask' in iqms.reasons['fwhm_avg']


def test_a_missing_tissue_takes_along_what_is_made_of_it(head):
    parts = {**head.partial_volumes, 'csf': np.zeros_like(head.partial_volumes['csf'])}
    missing = assert_told(anatomical_iqms(replace(head, partial_volumes=parts)))
    assert {'snr_csf', 'snr_total', 'snrd_csf', 'snrd_total', 'rpve_csf'} <= missing
    assert {'snr_wm', 'cnr', 'cjv', 'icvs_csf', 'tpm_overlap_csf'}.isdisjoint(missing)


def test_a_single_slice_has_all_but_its_third_dimension(head):
    missing = assert_told(anatomical_iqms(cut(head, np.s_[:], np.s_[:], np.s_[13:14])))
    assert missing == {'fwhm_z', 'fwhm_avg', 'qi_2'}  # too little air for the fit


@pytest.mark.parametrize('n', [1, 2, 3])
def test_tiny_volumes_do_no_harm(head, n):
    middle = np.s_[14 : 14 + n]
    assert_told(anatomical_iqms(cut(head, middle, middle, middle)))


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, -500.0])
def test_voxels_that_are_no_intensities_count_as_zeros(head, value):
    with_hole, with_zeros = head.corrected.copy(), head.corrected.copy()
    with_hole[4:9, 5:9, 3:9], with_zeros[4:9, 5:9, 3:9] = value, 0
    found = anatomical_iqms(replace(head, corrected=with_hole))
    assert found == anatomical_iqms(replace(head, corrected=with_zeros))


def test_files_of_several_volumes_say_how_many(head):
    iqms = anatomical_iqms(replace(head, n_volumes=3, repetition_time_s=2.3))
    assert (iqms.values['size_t'], iqms.values['spacing_tr']) == (3, 2.3)
    assert 'size_t' not in anatomical_iqms(head).values


def test_a_missing_repetition_time_is_told(head, series):
    for iqms in (
        anatomical_iqms(replace(head, n_volumes=2)),
        functional_iqms(replace(series, repetition_time_s=None)),
    ):
        assert assert_told(iqms) == {'spacing_tr'}
        assert 'header' in iqms.reasons['spacing_tr']


@pytest.mark.parametrize('n_volumes', [1, 2, 3, 4])
def test_short_series_have_what_they_can(series, n_volumes):
    short = functional_maps(
        series.series[..., :n_volumes], series.brain, motion=series.motion[:n_volumes]
    )
    missing = assert_told(functional_iqms(short))
    assert 'aor' in missing
    assert ('fd_mean' in missing) == ('tsnr' in missing) == (n_volumes == 1)
    assert ('dvars_std' in missing) == ('spikes_num' in missing) == (n_volumes < 3)
    assert {'snr', 'efc', 'fwhm_x', 'gsr_y'}.isdisjoint(missing)


@pytest.mark.parametrize('value', [0.0, 7.0, 1000.0, np.nan])
def test_series_without_any_contrast_are_survived(series, value):
    flat = functional_maps(np.full_like(series.series, value), series.brain)
    missing = assert_told(functional_iqms(flat))
    assert {'dvars_std', 'gcor', 'fwhm_avg', 'summary_fg_k'} <= missing
    assert {'fd_mean', 'size_t', 'dummy_trs'}.isdisjoint(missing)


def test_an_empty_and_a_full_brain_mask_are_told(series):
    for brain in (np.zeros_like(series.brain), np.ones_like(series.brain)):
        missing = assert_told(functional_iqms(functional_maps(series.series, brain)))
        assert {'gsr_x', 'fber'} <= missing


def test_a_series_in_a_tiny_unit_has_the_same_ratios(series):
    """As a slope in the header, or a normalisation, leaves it."""
    tiny = functional_iqms(functional_maps(series.series * 1e-6, series.brain)).values
    whole = functional_iqms(functional_maps(series.series, series.brain)).values
    for name, value in whole.items():
        is_intensity = name.startswith('summary_') and not name.endswith(('_k', '_n'))
        unit, step = (1e-6, 0.6e-6) if is_intensity else (1, 0)  # whole intensities are finer
        assert tiny[name] == pytest.approx(value * unit, rel=2e-3, abs=step), name


def test_curves_are_as_long_as_the_series_and_average_to_the_iqms(series):
    curves, iqms = traces(series), functional_iqms(series).values
    assert {getattr(curves, f.name).shape for f in fields(curves)} == {(24,)}
    assert curves.fd_mm[0] == 0
    assert np.isnan(curves.dvars[0])
    assert np.mean(curves.fd_mm[1:]) == pytest.approx(iqms['fd_mean'])
    assert np.mean(curves.dvars[1:]) == pytest.approx(iqms['dvars_std'])
    assert np.mean(curves.outlier_fraction) == pytest.approx(iqms['aor'])
    assert np.mean(curves.quality_index) == pytest.approx(iqms['aqi'])


def test_iqms_are_the_same_with_curves_at_hand(series):
    assert functional_iqms(series, traces=traces(series)) == functional_iqms(series)
    short = functional_maps(series.series[..., :4], series.brain)
    assert functional_iqms(short, traces=traces(short)) == functional_iqms(short)


def test_curves_of_an_image_without_time_are_empty_of_numbers(series):
    curves = traces(functional_maps(series.series[..., :1], series.brain))
    assert curves.fd_mm.tolist() == [0.0]
    for curve in (curves.dvars, curves.outlier_fraction, curves.quality_index):
        assert np.isnan(curve).tolist() == [True]
