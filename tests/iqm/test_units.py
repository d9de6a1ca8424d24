"""Units are UCUM codes."""

import pytest

from mriqc_webapi.iqm.units import in_words, is_ucum

IMAGING = "1 mm mm3 s T MHz deg rad % [ppm] [arb'U] {voxel} GiBy s/mm2 um2/ms mT/m Hz{per_pixel}"
OTHERS = 'mL/min/{100g} 10*-3 /min Cel KiBy'


@pytest.mark.parametrize('code', f'{IMAGING} {OTHERS}'.split())
def test_units_that_images_need_are_codes(code):
    assert is_ucum(code)


@pytest.mark.parametrize(
    'code',
    ['', 'millimetre', 'sec', 'voxels', 'a.u.', 'ppm', 'MM', 'mm ', '{voxel', 's//mm', '-1'],
)
def test_what_people_write_instead_is_none(code):
    assert not is_ucum(code)


@pytest.mark.parametrize(
    ('code', 'words'), [('1', ''), ('{voxel}', 'voxels'), ('s/mm2', 's/mm²'), ('mm', 'mm')]
)
def test_units_are_written_as_people_do(code, words):
    assert in_words(code) == words
