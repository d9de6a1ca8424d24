import json
import shutil

import pytest

from mriqc_webapi.archive.releases.verify import verify
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.withdrawal import withdraw


@pytest.fixture
def filled(run, write_lines, served, data_dir):
    """An archive of two hundred records and one release of them; gives the first record's id."""
    run('import', write_lines('T1w.ndjson', served))
    assert run('release', 'create', '--notes', 'All of it.').code == 0
    return served[0]['_id']


@pytest.fixture
def grown(run, write_lines, filled, posted, data_dir):
    """The same after more came in and one record was withdrawn, with a second release."""
    run('import', write_lines('more.ndjson', posted[:3]), '--resource', 'T1w')
    store = Store.open(f'sqlite:///{data_dir / "store.sqlite"}')
    with store, store.write() as tx:
        withdraw(tx, id=filled, rule='test', now=1_800_000_000)
    assert run('release', 'create').code == 0
    return filled


def test_a_release_is_made_and_listed(run, filled):
    [listed] = json.loads(run('release', 'list', '--json').out)
    assert (listed['release'], listed['notes']) == (1, 'All of it.')
    assert listed['resources']['T1w']['raw']['n_rows'] == 200
    line = run('release', 'list').out
    assert line.startswith('0001  2')
    assert '  200 records  0 ratings  ' in line


def test_making_one_prints_what_it_is(run, filled):
    told = json.loads(run('release', 'create', '--json').out)
    assert (told['release'], told['previous'], told['data_version']) == (2, 1, 200)


def test_nothing_to_list_is_no_error(run, data_dir):
    assert (run('release', 'list').code, run('release', 'list', '--json').out) == (0, '[]\n')


def test_a_whole_release_is_told_by_the_exit_code(run, filled):
    ran = run('release', 'verify', '0001')
    assert (ran.code, ran.out) == (0, 'release 0001 is whole\n')


def test_a_tampered_release_is_told_by_the_exit_code(run, filled, data_dir):
    with (data_dir / 'releases/0001/README.md').open('a') as file:
        file.write('!')
    ran = run('release', 'verify', '1', '--json')
    assert ran.code == 1
    (difference,) = json.loads(ran.out)['differences']
    assert difference.startswith('README.md: ')
    assert run('release', 'verify', '1').out.startswith('README.md: ')


def test_two_releases_are_compared(run, grown):
    told = json.loads(run('release', 'diff', '1', '2', '--json').out)
    assert told['resources'] == {'T1w': {'added': 3, 'withdrawn': [grown]}}
    assert told['policy_version'] == {'before': 1, 'after': 1}
    assert run('release', 'diff', '1', '2').out == 'T1w: 3 added, 1 withdrawn\n'


def test_a_new_version_of_the_policy_is_told_by_the_comparison(run, filled):
    run('policy', 'freeze')
    run('release', 'create')
    told = 'T1w: 0 added, 0 withdrawn\nduplicate policy: version 1 before, 2 after\n'
    assert run('release', 'diff', '1', '2').out == told


def test_the_later_release_lists_what_was_withdrawn(run, grown, data_dir):
    text = (data_dir / 'releases/0002/withdrawn.tsv').read_text()
    assert text == f'resource\t_id\nT1w\t{grown}\n'


@pytest.mark.parametrize('words', [['verify', '7'], ['diff', '1', '7'], ['copy', '7', 'x']])
def test_a_release_that_is_not_there_is_told(run, filled, words):
    ran = run('release', *words)
    assert (ran.code, ran.err) == (1, 'mriqc-webapi: there is no release 7\n')


def test_no_number_is_a_mistake_in_use(run, data_dir):
    assert run('release', 'verify', 'first').code == 2


def test_a_release_goes_to_a_target_at_once_or_later(run, filled, tmp_path):
    ran = run('release', 'create', '--target', tmp_path / 'at-once')
    assert ran.code == 0, ran.err
    assert verify(tmp_path / 'at-once' / '0002') == []
    assert run('release', 'copy', '1', tmp_path / 'later').code == 0
    assert verify(tmp_path / 'later' / '0001') == []
    assert 'was there already' in run('release', 'copy', '1', tmp_path / 'later').err


def test_a_target_that_fails_leaves_the_release_here(run, filled, tmp_path):
    (tmp_path / 'there' / '0002').mkdir(parents=True)
    (tmp_path / 'there' / '0002' / 'manifest.json').touch()
    ran = run('release', 'create', '--target', tmp_path / 'there')
    assert ran.code == 3
    assert f'mriqc-webapi release copy 2 {tmp_path / "there"}' in ran.err
    assert run('release', 'verify', '2').code == 0


@pytest.mark.parametrize('target', ['ftp://x', 's3://', 'file'])
def test_a_target_that_cannot_be_is_refused_before_a_release_is_made(
    run, filled, tmp_path, monkeypatch, target
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').touch()
    assert run('release', 'create', '--target', target).code == 3
    assert len(json.loads(run('release', 'list', '--json').out)) == 1


def test_a_copy_is_verified_by_its_folder(run, filled, data_dir, tmp_path):
    copy = tmp_path / 'download'
    shutil.copytree(data_dir / 'releases/0001', copy)
    assert run('release', 'verify', copy).code == 0
    (copy / 'LICENSE').unlink()
    ran = run('release', 'verify', copy)
    assert (ran.code, ran.out) == (1, 'LICENSE: missing\n')


def test_an_address_that_nobody_else_can_follow_is_warned_of(run, filled, monkeypatch):
    assert 'MRIQC_WEBAPI_PUBLIC_URL is not set' in run('release', 'create').err
    monkeypatch.setenv('MRIQC_WEBAPI_PUBLIC_URL', 'https://mriqc.example.org')
    assert 'PUBLIC_URL' not in run('release', 'create').err


def test_a_link_and_a_partial_folder_are_no_releases(run, filled, data_dir):
    (data_dir / 'releases/0002').symlink_to(data_dir / 'releases/0001')
    (data_dir / 'releases/.partial-0003').mkdir()
    (data_dir / 'releases/00004').mkdir()
    assert len(json.loads(run('release', 'list', '--json').out)) == 1
