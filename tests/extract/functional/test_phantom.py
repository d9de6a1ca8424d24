"""Each IQM of a series moves the way its definition says, and gives back what was planted."""

from dataclasses import replace

import numpy as np
import pytest

from mriqc_webapi.extract.formulas import functional_iqms
from mriqc_webapi.extract.formulas.displacement import framewise_displacement
from mriqc_webapi.extract.functional import functional_maps
from tests.extract.bold_phantom import REPETITION_TIME_S, Bold, make

STILL = Bold()


@pytest.fixture
def measure(tmp_path):
    def measure(bold):
        maps = functional_maps(make(bold).save(tmp_path / 'sub-01_task-rest_bold.nii.gz'))
        return maps, functional_iqms(maps).values

    return measure


@pytest.mark.parametrize(
    ('planted', 'levels', 'rising', 'falling'),
    [
        ('noise_sd', (4, 8, 16, 32, 64), ('dvars_nstd',), ('tsnr',)),
        ('fwhm_mm', (0, 6, 9, 12, 15), ('fwhm_avg',), ()),
        ('ghost', (0, 0.03, 0.06, 0.12, 0.2), ('gsr_y', 'efc'), ()),
        ('shift_mm', (0.05, 0.1, 0.25, 0.5, 1.0), ('fd_mean',), ()),
        ('global_sd', (0, 0.01, 0.02, 0.04, 0.08), ('gcor',), ('tsnr',)),
        ('n_bad', (0, 1, 2, 3, 4), ('aor', 'aqi'), ()),
    ],
)
def test_what_is_planted_is_seen_and_more_of_it_the_more(
    measure, planted, levels, rising, falling
):
    found = [measure(replace(STILL, **{planted: level}))[1] for level in levels]
    for name in rising:
        assert np.all(np.diff([values[name] for values in found]) > 0), name
    for name in falling:
        assert np.all(np.diff([values[name] for values in found]) < 0), name


@pytest.mark.parametrize(
    ('shift_mm', 'turn_deg', 'within_mm'),
    [(0.01, 0.01, 0.02), (0.1, 0.1, 0.02), (0.4, 0.3, 0.03)],
)
def test_planted_motion_is_recovered(tmp_path, shift_mm, turn_deg, within_mm):
    series = make(replace(STILL, shift_mm=shift_mm, turn_deg=turn_deg))
    maps = functional_maps(series.save(tmp_path / 'moving_bold.nii.gz'))
    planted, found = (framewise_displacement(m) for m in (series.motion, maps.motion))
    assert found.mean() == pytest.approx(planted.mean(), abs=within_mm)
    assert np.abs(found - planted).mean() < 2 * within_mm


def test_tsnr_is_level_over_noise(measure):
    maps, values = measure(STILL)
    level = np.median(maps.mean[maps.brain])
    # moving a volume by next to nothing still averages neighbours a little
    assert values['tsnr'] == pytest.approx(level / STILL.noise_sd, rel=0.1)


def test_volumes_before_the_steady_state_are_left_out(measure):
    maps, values = measure(replace(STILL, n_dummies=3))
    assert (maps.n_dummy, values['dummy_trs']) == (3, 3)
    assert (values['size_t'], values['spacing_tr']) == (11, REPETITION_TIME_S)


def test_two_runs_are_the_same(tmp_path):
    path = make(replace(STILL, shift_mm=0.2)).save(tmp_path / 'twice_bold.nii.gz')
    one, other = (functional_maps(path) for _ in range(2))
    assert np.array_equal(one.motion, other.motion)
    assert np.array_equal(one.realigned, other.realigned)


def test_one_thread_gives_what_two_give(tmp_path, monkeypatch):
    path = make(replace(STILL, shift_mm=0.2)).save(tmp_path / 'twice_bold.nii.gz')
    two = functional_maps(path)
    monkeypatch.setattr('mriqc_webapi.extract.functional.motion.N_THREADS', 1)
    assert np.array_equal(functional_maps(path).motion, two.motion)
