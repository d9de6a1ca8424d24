"""Scanners have one name each, however sidecars spell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.iqm.scanners import field_strength_of, model_of, scanner_table, vendor_of

SPELLINGS = {
    'GE': [
        'GE',
        'ge',
        'GE_MEDICAL_SYSTEMS',
        'GE MEDICAL SYSTEMS',
        'GE Medical Systems, LLC',
        'GE Healthcare',
        'G.E. Medical Systems',
        'General Electric',
        'GENERAL_ELECTRIC',
        'General Electric Company',
        'GEMS',
        'GE ',
    ],
    'Siemens': [
        'Siemens',
        'SIEMENS',
        'siemens',
        ' Siemens ',
        '"Siemens"',
        'Siemens AG',
        'SIEMENS Healthineers',
        'Siemens_Healthineers',
        'Siemens Healthcare GmbH',
        'Siemens Medical Systems',
        'Siemens Medical Solutions',
        'Seimens',
        'SIEMENS TrioTim',
    ],
    'Philips': [
        'Philips',
        'PHILIPS',
        'philips',
        'Phillips',
        'Philips Medical Systems',
        'Philips_Medical_Systems',
        'PHILIPS Healthcare',
        'Philips Medizin Systeme',
        'Koninklijke Philips N.V.',
    ],
    'Canon': [
        'TOSHIBA',
        'Toshiba',
        'TOSHIBA_MEC',
        'Toshiba Medical Systems Corporation',
        'CANON_MEC',
        'Canon Medical Systems',
    ],
    'Hitachi': ['Hitachi', 'HITACHI', 'Hitachi, Ltd.', 'Hitachi Medical Corporation'],
}


@pytest.mark.parametrize(
    ('vendor', 'text'), [(v, text) for v, texts in SPELLINGS.items() for text in texts]
)
def test_a_vendor_has_one_name(vendor, text):
    assert vendor_of(text) == vendor


@pytest.mark.parametrize('text', [None, '', ' ', 'N/A', 'n/a', 'unknown', 'None', 'Anonymized'])
def test_texts_that_say_nothing_name_no_vendor(text):
    assert vendor_of(text) is None
    assert model_of(text, 'Siemens') is None


def test_two_vendors_at_once_are_none():
    assert vendor_of('Siemens/Philips') is None


def test_a_vendor_that_the_table_lacks_keeps_its_name_cleaned():
    assert vendor_of('  Magnets_&  Sons ') == 'Magnets & Sons'


@pytest.mark.parametrize(
    ('vendor', 'text', 'model'),
    [
        ('Siemens', 'TrioTim', 'TrioTim'),
        ('SIEMENS', 'TRIOTIM', 'TrioTim'),
        ('Siemens', 'Magnetom Trio', 'Trio'),
        ('Siemens', 'MAGNETOM Prisma_fit', 'Prisma fit'),
        ('Siemens', 'Prisma 3T', 'Prisma'),
        ('GE', 'DISCOVERY_MR750w', 'DISCOVERY MR750w'),
        ('General Electric', 'Signa HDe', 'SIGNA HDe'),
        ('GE', 'SIGNA_Creator', 'SIGNA Creator'),
        ('Philips', 'Achieva_dStream', 'Achieva dStream'),
        (None, 'skyra', 'Skyra'),
        ('Philips', 'Skyra', 'Skyra'),
        ('Siemens', 'Home_made  7', 'Home made 7'),
        ('Siemens', 'MAGNETOM', 'MAGNETOM'),
    ],
)
def test_a_model_has_one_name(vendor, text, model):
    assert model_of(text, vendor) == model


@pytest.mark.parametrize(
    ('sent', 'nominal'),
    [
        (3.0, 3.0),
        (2.89362, 3.0),
        (1.494, 1.5),
        (1.5, 1.5),
        (0.35, 0.35),
        (6.98, 7.0),
        (30000.0, 3.0),
        (15000.0, 1.5),
        (0.0, None),
        (-3.0, None),
        (2.5, None),
        (123.2, None),
        (float('inf'), None),
        (None, None),
    ],
)
def test_field_strengths_are_nominal(sent, nominal):
    assert field_strength_of(sent) == nominal


def test_no_spelling_means_two_vendors():
    spellings = [s for vendor in scanner_table().vendors for s in vendor.spellings]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize('vendor', scanner_table().vendors, ids=lambda v: v.name)
def test_names_in_the_table_name_themselves(vendor):
    assert vendor_of(vendor.name) == vendor.name
    assert {s: vendor_of(s) for s in vendor.spellings} == dict.fromkeys(
        vendor.spellings, vendor.name
    )
    assert [model_of(m, vendor.name) for m in vendor.models] == list(vendor.models)


@given(st.text(max_size=60), st.text(max_size=60), st.floats())
def test_any_text_and_number_is_taken(one, other, number):
    assert vendor_of(one) is None or vendor_of(one)
    assert model_of(other, one) is None or model_of(other, one)
    assert field_strength_of(number) is None or field_strength_of(number) > 0
