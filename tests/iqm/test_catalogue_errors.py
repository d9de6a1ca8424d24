"""A wrong catalogue file is refused with file, line and reason."""

from pathlib import Path

import pytest

from mriqc_webapi.errors import CatalogueError
from mriqc_webapi.iqm.loader import load_catalogue

EEG = """[resource]
name = 'eeg'
kind = 'iqm'
meaning = 'Measures of EEG.'
include = ['provenance']

[defaults]
type = 'float'
unit = '1'

[fields]
noise = { meaning = 'Noise.' }
"""  # twelve lines; what a test adds begins on line 13


@pytest.mark.parametrize(
    ('line', 'error'),
    [
        ("[fields.noise]\nmeaning = 'N.'", 'Cannot'),
        ('other = ', 'eeg.toml:13: Invalid value'),
        ("noise = { meaning = 'Again.' }", 'eeg.toml:13: Cannot overwrite a value'),
        ("s = { meaning = 'S.", 'eeg.toml:13: '),
    ],
)
def test_broken_toml(refusal, line, error):
    assert error in refusal(EEG + line)


def test_an_unfinished_file_is_wrong_at_its_end(refusal):
    assert refusal(EEG + "\nx = '''\n\n").startswith('eeg.toml:15: ')


def test_bytes_that_are_not_utf_8(tmp_path):
    (tmp_path / 'eeg.toml').write_bytes(EEG.encode() + b'# gr\xfcn\n')
    with pytest.raises(CatalogueError, match=r'eeg\.toml:13: not UTF-8'):
        load_catalogue(tmp_path)


@pytest.mark.parametrize(
    ('entry', 'error'),
    [
        ("x = { meaning = 'X.', units = 'mm' }", "13: unknown key 'units'"),
        ("x = { meaning = 'X.', type = 'double' }", "13: 'type' must be one of float, integer"),
        ("x = { meaning = 'X.', unit = 'millimetre' }", "13: 'millimetre' is no UCUM code"),
        ("x = { meaning = 'X.', unit = '' }", "13: 'x' has no unit"),
        ("x = { meaning = 'X.', type = 'string', unit = 's' }", '13: a field of type string has'),
        ("x = { meaning = 'X.', better = 'up' }", "13: 'better' must be one of lower, higher"),
        ("x = { meaning = 'X.', role = 'iqms' }", "13: 'role' must be one of iqm, metadata"),
        ("x = { meaning = 'X.', required = 'yes' }", "13: 'required' must be true or false"),
        ("x = { meaning = 'X.', required = 1 }", "13: 'required' must be true or false"),
        ('x = { meaning = 7 }', "13: 'meaning' must be a text"),
        ("x = { unit = '1' }", "13: 'x' has no meaning"),
        ("x = { meaning = '' }", "13: 'x' has no meaning"),
        ("x = 'mm'", "13: 'fields.x' must be a table"),
        ("x = { meaning = 'X.', source = 'me1999' }", "13: no reference 'me1999' in a .bib file"),
        ("'x y' = { meaning = 'X.' }", "13: 'x y' is no name"),
        ("_x = { meaning = 'X.' }", "13: '_x' is no name"),
        ("'1x' = { meaning = 'X.' }", "13: '1x' is no name"),
        ("'' = { meaning = 'X.' }", "13: '' is no name"),
        ("'$where' = { meaning = 'X.' }", "13: '$where' is no name"),
        ("'größe' = { meaning = 'X.' }", "13: 'größe' is no name"),
        ("'x{K}' = { meaning = 'X.' }", "13: 'x{K}' is no name"),
        (f"{'x' * 65} = {{ meaning = 'X.' }}", f"13: '{'x' * 65}' is no name"),
        ("NOISE = { meaning = 'X.' }", "13: 'NOISE' is declared twice"),
        ("'n{e}' = { meaning = 'X.', each.e = { oise = 'e' } }", "13: 'noise' is declared twice"),
        ("'settings.x' = { meaning = 'X.' }", "13: 'settings.x' stands in no object"),
        ("'noise.x' = { meaning = 'X.' }", "13: 'noise.x' stands in no object"),
        ("seq = { meaning = 'X.' }", "13: 'seq' is a column that the service"),
        ("Data_Hash = { meaning = 'X.' }", "13: 'Data_Hash' is a column that the service"),
        ("residual = { meaning = 'X.' }", "13: 'residual' is a column that the service"),
        ("'x_{axis}' = { meaning = 'X.' }", '13: {axis} stands for nothing'),
        ("x = { meaning = 'X {axis}.' }", '13: the name has no {axis}'),
        ("x = { meaning = 'X.', each.a = { b = 'c' } }", '13: the name has no {a}'),
        ("'x{a}' = { meaning = 'X.', each.a = { b = 1 } }", "13: 'b' needs words"),
        ("'x{a}' = { meaning = 'X.', each.a = { b = { unit = '1' } } }", "13: 'b' needs words"),
        (
            "'x{a}' = { meaning = 'X.', each.a = { b = { words = 'B', kind = '1' } } }",
            "13: unknown key 'kind'",
        ),
    ],
)
def test_a_wrong_field(refusal, entry, error):
    assert refusal(EEG + entry).startswith(f'eeg.toml:{error}')


def test_the_line_is_that_of_the_attribute_where_it_has_its_own(refusal):
    text = "[fields.x]\n# a remark\nmeaning = 'X.'\n  better   = 'up'\n"
    assert refusal(EEG + text).startswith("eeg.toml:16: 'better' must be")


def test_the_line_of_a_key_of_a_family_is_found(refusal):
    text = "[fields.'x{a}']\nmeaning = 'X {a}.'\neach.a.b = 'B'\neach.a.c = 3\n"
    assert refusal(EEG + text).startswith("eeg.toml:16: 'c' needs words")


def test_lines_within_a_long_text_are_no_entries(refusal):
    text = "a = { meaning = '''\nx = 1\n[fields.x]\n''' }\nx = { meaning = 7 }\n"
    assert refusal(EEG + text).startswith("eeg.toml:17: 'meaning' must be")


@pytest.mark.parametrize(
    ('old', 'new', 'error'),
    [
        ("name = 'eeg'", "name = 'e/g'", "2: 'e/g' is no name"),
        ("name = 'eeg'", "name = 'é'", "2: 'é' is no name"),
        ("name = 'eeg'", "name = '..'", "2: '..' is no name"),
        ("name = 'eeg'", "name = 'Dictionary'", "2: 'Dictionary' is an address of the service"),
        ("name = 'eeg'", "name = 'rating_counts'", "2: 'rating_counts' is an address"),
        ("name = 'eeg'", "name = 'bold'", "2: resource 'bold' is declared already, in bold.toml"),
        ("name = 'eeg'", "name = 't1W'", "2: resource 't1W' is declared already, in T1w.toml"),
        ("name = 'eeg'", '', '1: the resource has no name'),
        ("kind = 'iqm'", '', '1: the resource has no kind'),
        ("kind = 'iqm'", "kind = 'image'", "3: 'kind' must be one of iqm, rating, telemetry"),
        ("meaning = 'Measures of EEG.'", 'meaning = 1', "4: 'meaning' must be a text"),
        ("kind = 'iqm'", "kind = 'iqm'\nfields = 3", "4: unknown key 'fields'"),
        ("['provenance']", "['provenence']", "5: no group 'provenence'; there is anatomical"),
        ("['provenance']", "'provenance'", "5: 'include' must be a list"),
        ("['provenance']", "['words', [1]]", "5: 'include' must be a list of texts"),
        ("kind = 'iqm'", "kind = 'iqm'\nmd5_field = 'md5'", "4: no field 'md5'"),
        ("type = 'float'", "type = 'double'", "8: 'type' must be one of"),
        ('[defaults]', '[default]', "7: unknown key 'default'"),
        ('[resource]', '[group]', "3: unknown key 'kind'"),
    ],
)
def test_a_wrong_head(refusal, old, new, error):
    assert refusal(EEG.replace(old, new)).startswith(f'eeg.toml:{error}')


def test_a_file_without_resource_or_group(refusal):
    assert refusal("# nothing\n[words.axis]\nx = 'x'\n").startswith('eeg.toml:1: a file holds one')


def test_a_file_with_both(refusal):
    text = EEG + "[group]\nname = 'g'\n"
    assert refusal(text).startswith('eeg.toml:13: a file holds one [resource] or one [group]')


def test_an_override_of_nothing(refusal):
    text = EEG + "[override]\n'provenance.md5' = { required = false }\n"
    assert refusal(text).startswith("eeg.toml:14: no field 'provenance.md5' to override")


def test_a_wrong_override(refusal):
    text = EEG + "[override.'provenance.md5sum']\nrequired = 'no'\n"
    assert refusal(text).startswith("eeg.toml:14: 'required' must be true or false")


@pytest.mark.parametrize(
    ('text', 'error'),
    [
        ("[group]\nname = 'g'\n[fields]\n", '1: a group with fields has a role'),
        ("[group]\nname = 'g'\nprefix = 'g'\n", '1: a group with a prefix has a meaning'),
        ("[group]\nname = 'g'\n\n[override]\n", '4: only a resource overrides'),
        ("[group]\nname = 'words'\n", "2: group 'words' is declared already, in words.toml"),
        ("[group]\nname = 'g'\ninclude = ['h']\n", "3: no group 'h'"),
        (
            "[group]\nname = 'g'\nrole = 'iqm'\n[fields]\nx = { type = 'string' }\n",
            "5: 'x' has no meaning",
        ),
    ],
)
def test_a_wrong_group_is_found_though_nothing_includes_it(refusal, text, error):
    assert refusal(text).startswith(f'eeg.toml:{error}')


def test_a_field_that_a_group_declares_too(refusal):
    text = EEG.replace("['provenance']", "['anatomical']") + "cjv = { meaning = 'Again.' }\n"
    assert 'is declared twice, first in eeg.toml' in refusal(text)


def test_a_paper_that_the_package_cites_already(refusal, write):
    write('@misc{power2012,\n author = {A},\n title = {B},\n year = {2012},\n}', 'own.bib')
    assert refusal(EEG) == "own.bib:1: 'power2012' is cited twice"


def test_a_relative_path_like_a_packaged_file_hides_nothing(tmp_path, monkeypatch):
    (tmp_path / 'bold.toml').write_text(EEG.replace("'eeg'", "'bold'"), encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CatalogueError, match="resource 'bold' is declared already"):
        load_catalogue(Path())
