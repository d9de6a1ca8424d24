import pytest

from tests.reports import layouts
from tests.reports.layouts import MD5

URL = 'https://mriqc.example.org'


@pytest.fixture
def folder(tmp_path):
    """Three reports, one of them of an unknown image."""
    for subject in ('01', '02'):
        path = tmp_path / 'mriqc' / f'sub-{subject}_T1w.html'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(layouts.mriqc_0_16())
    (tmp_path / 'mriqc' / 'sub-03.html').write_bytes(layouts.fmriprep())
    return tmp_path / 'mriqc'


def test_each_report_of_a_folder_is_told_of_and_a_refusal_makes_the_code_1(run, folder):
    ran = run('report', 'annotate', folder, '--url', URL)
    assert ran.code == 1
    assert f'sub-01_T1w.html: annotated: T1w, MD5 {MD5}, in place of the earlier' in ran.out
    assert 'sub-03.html: refused: neither the report nor a JSON beside it' in ran.out
    assert '2 annotated, 1 refused' in ran.err


def test_json_says_what_became_of_each_report(run, folder):
    first, *_ = run('report', 'annotate', folder / 'sub-01_T1w.html', '--url', URL, '--json').lines
    assert (first['change'], first['md5sum'], first['n_replaced']) == ('annotated', MD5, 3)
    assert first['csp_script'].startswith("'sha256-")


def test_undoing_a_folder_restores_all_of_it(run, folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    run('report', 'annotate', folder, '--url', URL)
    ran = run('report', 'annotate', folder, '--undo')
    assert (ran.code, '2 restored, 1 unchanged' in ran.err) == (0, True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_dry_run_says_that_it_is_one(run, folder):
    ran = run('report', 'annotate', folder, '--url', URL, '--dry-run')
    assert 'nothing was written' in ran.err
    assert (folder / 'sub-01_T1w.html').read_bytes() == layouts.mriqc_0_16()


def test_without_an_address_one_is_told_what_that_means(run, folder):
    ran = run('report', 'annotate', folder / 'sub-01_T1w.html')
    assert 'can only save their ratings as files' in ran.err


@pytest.mark.parametrize('end', ['', '/', '/api/v1', '/api/v2/', '/api'])
def test_an_address_may_name_the_api(run, folder, end):
    run('report', 'annotate', folder / 'sub-01_T1w.html', '--url', URL + end)
    assert f'url="{URL}"' in (folder / 'sub-01_T1w.html').read_text()


@pytest.mark.parametrize('url', ['javascript:alert(1)', 'mriqc.example.org', 'https://'])
def test_an_address_that_is_none_is_a_usage_error(run, folder, url):
    assert run('report', 'annotate', folder, '--url', url).code == 2


def test_one_md5_is_for_one_report(run, folder):
    ran = run('report', 'annotate', folder, '--md5sum', MD5)
    assert (ran.code, '--md5sum is for one report' in ran.err) == (2, True)


def test_an_empty_folder_is_told_of(run, tmp_path):
    (tmp_path / 'empty').mkdir()
    ran = run('report', 'annotate', tmp_path / 'empty', '--url', URL)
    assert (ran.code, 'no reports found' in ran.err) == (0, True)
