"""``figure``, on an archive and on a service."""

import csv

import pytest

from tests.live import LiveService


@pytest.fixture
def archive(run, write_lines, served):
    """An archive of two hundred records."""
    run('import', write_lines('T1w.ndjson', served))


@pytest.mark.parametrize(
    ('file', 'start'),
    [('f.svg', b'<svg'), ('f.png', b'\x89PNG'), ('f.json', b'{'), ('f.csv', b'date')],
)
def test_a_figure_is_written_as_its_name_ends(run, archive, tmp_path, file, start):
    ran = run('figure', 'growth', '--out', tmp_path / file)
    assert (ran.code, (tmp_path / file).read_bytes().startswith(start)) == (0, True)
    assert ran.err.endswith(f'growth drawn to {tmp_path / file}\n')


def test_the_poster_s_histograms_come_out_of_one_command(run, archive, tmp_path):
    ran = run(
        'figure', 'distributions', '--resource', 'T1w', '--out', tmp_path / '3b.csv', '--json'
    )
    names = {row['iqm'] for row in csv.DictReader((tmp_path / '3b.csv').read_text().splitlines())}
    assert names == {'cjv', 'cnr', 'snr_wm', 'fwhm_avg', 'wm2max'}
    assert ran.lines == [{'figure': 'distributions', 'out': str(tmp_path / '3b.csv')}]


def test_a_filter_and_groups_are_heard(run, archive, tmp_path):
    file = tmp_path / 'f.csv'
    asked = ('--resource', 'T1w', '--iqm', 'cjv', '--where', 'vendor == Siemens', '--by', 'vendor')
    assert run('figure', 'distribution', *asked, '--out', file).code == 0
    assert {row['group'].split()[0] for row in csv.DictReader(file.read_text().splitlines())} == {
        'Siemens'
    }


def test_without_a_name_the_figure_gets_its_own(run, archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run('figure', 'growth', '--theme', 'dark', '--width', '400')
    assert 'width="400"' in (tmp_path / 'growth.svg').read_text()


def test_a_service_is_asked_instead(run, tmp_path, service: LiveService):
    file = tmp_path / 'growth.svg'
    assert run('figure', 'growth', '--url', f'{service.root}/', '--out', file).code == 0
    assert 'How the archive has grown' in file.read_text()


def test_ratings_can_be_drawn(run, archive, tmp_path):
    file = tmp_path / 'grades.svg'
    assert run('figure', 'grades', '--out', file).code == 0
    assert 'There are no ratings yet.' in file.read_text()


@pytest.mark.parametrize(
    ('arguments', 'code', 'words'),
    [
        (('pie',), 1, "there is no figure 'pie'"),
        (('growth', '--iqm', 'cjv'), 2, 'takes no iqm'),
        (('distribution', '--resource', 'T1w'), 2, 'needs iqm'),
        (('growth', '--out', 'growth.gif'), 2, 'must end in one of'),
        (('growth', '--width', '7'), 2, '--width is from 240 to 1600'),
        (('distribution', '--resource', 'T1w', '--iqm', 'nope'), 2, "no number 'nope'"),
    ],
)
def test_what_cannot_be_drawn_is_told(run, archive, arguments, code, words):
    ran = run('figure', *arguments)
    assert ran.code == code
    assert words in ran.err


def test_a_service_s_refusal_is_told_in_its_words(run, service: LiveService):
    asked = ('--resource', 'T1w', '--iqm', 'nope', '--url', service.root)
    ran = run('figure', 'distribution', *asked)
    assert (ran.code, "T1w has no number 'nope'" in ran.err) == (2, True)


def test_a_folder_that_is_not_there_is_named_before_the_work(run, archive, tmp_path):
    ran = run('figure', 'growth', '--out', tmp_path / 'nowhere' / 'f.svg')
    assert (ran.code, f'no folder {tmp_path / "nowhere"} ' in ran.err) == (3, True)
