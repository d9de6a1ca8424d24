"""How a field is found by its wire name."""

import pytest


@pytest.mark.parametrize(
    ('name', 'pattern'),
    [
        ('efc_shell01', 'efc_shell{NN}'),
        ('fber_shell12', 'fber_shell{NN}'),
        ('snr_cc_shell1_worst', 'snr_cc_shell{N}_worst'),
        ('snr_cc_shell10_best', 'snr_cc_shell{N}_best'),
    ],
)
def test_a_name_per_shell_finds_its_pattern(catalogue, name, pattern):
    found = catalogue['dwi'].field_for(name)
    assert found.name == pattern
    assert found.per_shell


@pytest.mark.parametrize(
    'name',
    [
        'efc_shell1',  # two digits here
        'efc_shell001',
        'efc_shell٠١',  # digits, but not ours
        'snr_cc_shell_best',
        'snr_cc_shell1',
        'snr_cc_shell1_best\n',
        'efc_shell{NN}',
        '',
    ],
)
def test_a_name_that_only_resembles_a_pattern_is_unknown(catalogue, name):
    assert catalogue['dwi'].field_for(name) is None


def test_a_fixed_name_wins_over_patterns(catalogue):
    found = catalogue['dwi'].field_for('snr_cc_shell0')
    assert (found.name, found.per_shell) == ('snr_cc_shell0', False)


def test_a_nested_name_is_found_by_its_dotted_path(catalogue):
    assert catalogue['T1w'].field_for('bids_meta.EchoTime').unit == 's'


def test_names_count_by_case(catalogue):
    assert catalogue['T1w'].field_for('CJV') is None
