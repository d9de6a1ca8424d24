"""Given the same masks and maps, the formulas give the numbers of MRIQC 24.0.2."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from mriqc_webapi.extract.formulas import anatomical_iqms, functional_iqms
from mriqc_webapi.extract.formulas.background import qi_2
from mriqc_webapi.extract.formulas.displacement import THRESHOLD_MM
from mriqc_webapi.extract.formulas.summaries import levels, summarise
from tests.extract.formulas.frozen import anatomical_case, expected_iqms, functional_case, load

LOOSELY = {'qi_2': 1e-3}  # a search for the best fit ends here or there
NOT_OF_MRIQC = {'fwhm_x', 'fwhm_y', 'fwhm_z', 'fwhm_avg', 'aor', 'aqi', 'gcor', 'dummy_trs'}


def assert_equal(values: Any, expected: dict[str, float]) -> None:
    assert set(values) - NOT_OF_MRIQC == set(expected)
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=LOOSELY.get(name, 1e-5)), name


@pytest.mark.parametrize('number', range(4))
def test_heads_get_the_numbers_of_mriqc(number):
    case = load(f'anatomical_{number}')
    assert_equal(anatomical_iqms(anatomical_case(case)).values, expected_iqms(case))


@pytest.mark.parametrize('number', range(3))
def test_series_get_the_numbers_of_mriqc(number):
    case = load(f'functional_{number}')
    assert_equal(functional_iqms(functional_case(case)).values, expected_iqms(case))


def test_the_vectors_reach_the_rarer_branches():
    heads = [expected_iqms(load(f'anatomical_{n}')) for n in range(4)]
    series = [expected_iqms(load(f'functional_{n}')) for n in range(3)]
    assert load('anatomical_2')['rotation'].any()
    assert min(head['summary_bg_mad'] for head in heads) < 1  # the noise is the air's SD then
    assert max(head['qi_1'] for head in heads) > 0
    assert max(one['spikes_num'] for one in series) > 0
    assert max(one['fd_num'] for one in series) > 0
    assert THRESHOLD_MM == 0.2  # with which they were made


@pytest.mark.parametrize('number', range(12))
def test_weighed_statistics_are_those_of_mriqc(number):
    cases = load('summaries')
    summary = summarise(levels(cases[f'data_{number}']), cases[f'weights_{number}'])
    for name, value in asdict(summary).items():
        assert value == pytest.approx(float(cases[f'{name}_{number}']), rel=1e-5, abs=1e-4), name


@pytest.mark.parametrize('number', range(4))
def test_noise_fits_as_well_as_in_mriqc(number):
    cases = load('noise')
    seed, n, scale, is_whole = cases[f'arguments_{number}'].tolist()
    rng = np.random.RandomState(int(seed))  # its stream never changes
    noise = rng.rayleigh(scale, int(n))
    noise[: int(n) // 100] *= 4
    noise = noise.round() if is_whole else noise
    found = qi_2(noise, np.ones(noise.shape, bool))
    assert found == pytest.approx(float(cases[f'qi_2_{number}']), rel=1e-3)
