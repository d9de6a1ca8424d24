"""A BOLD run of OpenNeuro ds000205, against the record that MRIQC made of it in 2017.

The file that can be had is realigned already, by AFNI's 3dvolreg: what is about motion does not
compare, and it is not moved again. docs/extract-numbers.md shows all fields.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from mriqc_webapi.extract.formulas import functional_iqms
from mriqc_webapi.extract.functional import functional_maps
from mriqc_webapi.extract.maps import FunctionalMaps
from tests.extract.functional.reporting import numbers_on_the_page, write
from tests.extract.real_images import bold_ds205

RECORD = Path(__file__).parent / 'reference'
COMPARED = ('aor', 'aqi', 'dvars_std', 'dvars_nstd', 'dvars_vstd', 'efc', 'fber', 'snr')


@pytest.fixture(scope='module')
def maps() -> Iterator[FunctionalMaps]:
    yield functional_maps(bold_ds205())


@pytest.fixture(scope='module')
def values(maps) -> dict[str, float]:
    """The IQMs of the series as it is; MRIQC before 23.1 eroded the mask for some."""
    series = maps.series
    as_it_is = replace(
        maps,
        realigned=series,
        motion=np.zeros_like(maps.motion),
        mean=series.mean(axis=3, dtype=np.float64),
        sd=series.std(axis=3, dtype=np.float64),
    )
    core = ndimage.binary_erosion(maps.brain, ndimage.generate_binary_structure(3, 2))
    within = functional_iqms(replace(as_it_is, brain=core)).values
    eroded = {n: v for n, v in within.items() if n == 'snr' or n.startswith('summary_fg')}
    return dict(functional_iqms(as_it_is).values) | eroded


@pytest.fixture(scope='module')
def record() -> dict[str, float]:
    (file,) = RECORD.glob('*.json')
    return json.loads(file.read_text())


@pytest.mark.parametrize('name', COMPARED)
def test_what_depends_little_on_masks_is_within_five_percent(values, record, name):
    assert values[name] == pytest.approx(record[name], rel=0.05)


def test_the_page_shows_every_field_as_it_is_now(values, record):
    if os.environ.get('MRIQC_WEBAPI_WRITE_NUMBERS'):
        write(values, record)
    shown = numbers_on_the_page()
    assert shown.keys() == {name for name, value in values.items() if value is not None}
    for name, value in shown.items():
        assert value == pytest.approx(values[name], rel=2e-3), name


def test_what_is_realigned_lies_still(maps):
    assert np.abs(maps.motion[:, :3]).max() < 0.3
    assert np.rad2deg(np.abs(maps.motion[:, 3:])).max() < 0.3


def test_brain_rim_and_air_do_not_meet(maps):
    assert not (maps.brain & maps.rim).any()
    assert not (maps.head & maps.air).any()
    assert (maps.brain <= maps.head).all()
    assert maps.brain_mask.doubts == ()
    assert 1400 < maps.brain_mask.measures['volume_ml'] < 1700
