"""An operator's folder of further catalogue files becomes resources."""

import re
from importlib.resources import files

import pytest

from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.loader import load_catalogue

EEG = """
    [resource]
    name = 'eeg'
    kind = 'iqm'
    meaning = 'Measures of EEG.'
    include = ['provenance']

    [fields.noise]
    type = 'float'
    unit = 'uV'
    meaning = 'Noise.'
"""
GROUP = """
    [group]
    name = '{name}'
    role = 'metadata'
    include = ['{other}']

    [fields]
    of_{name} = {{ type = 'string', meaning = 'Of {name}.' }}
"""


def eeg_with(text: str) -> str:
    return EEG + '\n' + text


def test_a_file_becomes_a_resource(load_with):
    eeg = load_with(EEG)['eeg']
    assert (eeg.title, eeg.kind, eeg.modality) == ('eeg', 'iqm', None)
    assert eeg.md5_field == 'provenance.md5sum'
    noise = eeg.by_name['noise']
    assert (noise.role, noise.unit, noise.required) == ('iqm', 'uV', False)


def test_the_packages_resources_stay_as_they_are(load_with, catalogue):
    assert load_with(EEG)['T1w'] == catalogue['T1w']


def test_new_resources_come_last_by_name(load_with, write):
    write(EEG.replace("'eeg'", "'zoo'"), 'a.toml')
    assert list(load_with(EEG).resources)[-3:] == ['qap_functional_temporal', 'eeg', 'zoo']


def test_other_and_hidden_files_are_left_alone(load_with, write):
    write('not toml', 'notes.txt')
    write('not toml', '.eeg.toml')
    assert 'eeg' in load_with(EEG)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CatalogueError, match='gone: No such file or directory'):
        load_catalogue(tmp_path / 'gone')


def test_an_empty_folder_adds_nothing(tmp_path, catalogue):
    assert load_catalogue(tmp_path) == catalogue


def test_a_resource_without_provenance_names_no_scan(load_with):
    eeg = load_with(EEG.replace("'provenance'", "'words'"))['eeg']
    assert (eeg.md5_field, eeg.software_field, eeg.version_field) == (None, None, None)


def test_the_example_of_the_readme_loads_with_its_paper(load_with, write):
    readme = files('mriqc_webapi.iqm').joinpath('catalogue', 'README.md').read_text('utf-8')
    example = re.search(r'```toml\n(.*?)```', readme, re.DOTALL)
    paper = '@article{dolui2017,\n author = {Dolui, S.},\n title = {QEI},\n year = {2017},\n}'
    write(paper, 'own.bib')
    loaded = load_with(example[1], 'asl.toml')
    asl = loaded['asl']
    assert asl.by_name['cbf_gm_mean'].meaning == 'Mean blood flow in grey matter.'
    assert loaded.references[asl.by_name['qei'].source].citation == 'Dolui (2017), QEI'
    assert asl.by_name['bids_meta.EchoTime'].unit == 's'


def test_a_prefix_puts_a_groups_fields_into_an_object(load_with, write):
    write(
        """
        [group]
        name = 'montage'
        prefix = 'montage'
        role = 'metadata'
        required = true
        meaning = 'Where the electrodes were.'

        [fields]
        n_electrodes = { type = 'integer', meaning = 'How many electrodes.' }
        """,
        'montage.toml',
    )
    eeg = load_with(EEG.replace("['provenance']", "['provenance', 'montage']"))['eeg']
    montage = eeg.by_name['montage']
    assert (montage.type, montage.required) == ('object', True)
    assert eeg.by_name['montage.n_electrodes'].role == 'metadata'


def test_groups_that_include_each_other_come_once(load_with, write):
    write(GROUP.format(name='a', other='b'), 'a.toml')
    write(GROUP.format(name='b', other='a'), 'b.toml')
    eeg = load_with(EEG.replace("['provenance']", "['a', 'b']"))['eeg']
    assert [f.name for f in eeg.fields] == ['noise', 'of_a', 'of_b']


def test_an_override_changes_an_included_field(load_with):
    text = "[override]\n    'provenance.md5sum' = { required = false }"
    eeg = load_with(eeg_with(text))['eeg']
    assert not eeg.by_name['provenance.md5sum'].required


class TestFamilies:
    def test_each_key_makes_a_field_and_its_words_a_sentence(self, load_with):
        eeg = load_with(
            eeg_with("""[fields.'power_{band}_{side}']
    type = 'float'
    unit = 'uV2'
    meaning = '{side} power of the {band} band.'
    each.band = { alpha = 'α (8–13 Hz)', beta = 'β' }
    each.side = { l = 'left', r = 'right' }
            """)
        )['eeg']
        powers = {f.name: f.meaning for f in eeg.fields if f.name.startswith('power')}
        assert powers == {
            'power_alpha_l': 'Left power of the α (8–13 Hz) band.',
            'power_alpha_r': 'Right power of the α (8–13 Hz) band.',
            'power_beta_l': 'Left power of the β band.',
            'power_beta_r': 'Right power of the β band.',
        }

    def test_words_come_from_included_groups_and_the_file_outranks_them(self, load_with):
        text = EEG.replace("['provenance']", "['words']").replace('noise', "'n_{axis}_{tissue}'")
        text = text.replace('Noise.', '{tissue} along {axis}.')
        eeg = load_with(text + "\n    [words.axis]\n    x = 'the nose'")['eeg']
        assert eeg.by_name['n_x_gm'].meaning == 'Grey matter along the nose.'
        assert 'n_y_gm' not in eeg.by_name

    def test_a_key_may_bring_attributes(self, load_with):
        eeg = load_with(
            eeg_with("""[fields.'noise_{statistic}']
    type = 'float'
    unit = 'uV'
    required = true
    meaning = 'Noise: {statistic}.'
    each.statistic.mean = 'mean'
    each.statistic.n = { words = 'count', unit = '{sample}', required = false }
            """)
        )['eeg']
        mean, n = eeg.by_name['noise_mean'], eeg.by_name['noise_n']
        assert (mean.unit, mean.required) == ('uV', True)
        assert (n.unit, n.required) == ('{sample}', False)

    def test_defaults_fill_in_and_their_unit_is_for_numbers(self, load_with):
        text = "[defaults]\n    unit = 'mV'\n    type = 'float'\n    [fields]\n"
        text += "    a = { meaning = 'A.' }\n    b = { type = 'string', meaning = 'B.' }\n"
        eeg = load_with(eeg_with(text))['eeg']
        assert (eeg.by_name['a'].type, eeg.by_name['a'].unit) == ('float', 'mV')
        assert eeg.by_name['b'].unit == ''
