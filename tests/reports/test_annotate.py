import stat

import pytest

from mriqc_webapi.reports.annotate import reports_at
from tests.reports import layouts
from tests.reports.layouts import MD5, write_json

URL = 'https://mriqc.example.org'


def test_the_rest_of_a_report_stays_as_it_was(write_report, annotate):
    page = layouts.mriqc_0_9()
    path = write_report(page)
    write_json(path.with_suffix('.json'))
    assert annotate(path, url=URL).change == 'annotated'
    head, tail = page.split(b'</body>')
    new = path.read_bytes()
    assert new.startswith(head + b'<!--mriqc-webapi:rating ')
    assert new.endswith(b'<!--/mriqc-webapi:rating--></body>' + tail)


def test_the_widget_knows_its_image(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path, url=URL, token='public', face='detailed')
    page = path.read_text()
    for attribute in (
        f'md5sum="{MD5}"',
        'modality="T1w"',
        'software="mriqc"',
        'version="0.16.1"',
        'report="sub-01_T1w.html"',
        f'url="{URL}"',
        'token="public"',
        'face="detailed"',
    ):
        assert attribute in page


def test_the_name_of_the_report_can_be_left_out(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path, names_report=False)
    assert ' report="' not in path.read_text()


def test_the_widget_of_nireports_is_replaced(tmp_path, annotate):
    path = layouts.made_by_nireports(tmp_path)
    outcome = annotate(path, url=URL)
    assert (outcome.change, outcome.n_replaced) == ('annotated', 4)
    page = path.read_bytes()
    assert b'id="qcrating-menu"' not in page
    assert page.count(b'</mriqc-rating>') == 1


@pytest.mark.parametrize(
    'page', [layouts.mriqc_0_12(), layouts.mriqc_0_16()], ids=['0.12', '0.16']
)
def test_undoing_restores_an_older_report_to_the_byte(write_report, annotate, page):
    path = write_report(page)
    assert annotate(path, url=URL).n_replaced > 0
    assert annotate(path, undoes=True).change == 'restored'
    assert path.read_bytes() == page


def test_undoing_restores_a_report_of_nireports_to_the_byte(tmp_path, annotate):
    path = layouts.made_by_nireports(tmp_path)
    before = path.read_bytes()
    annotate(path, url=URL)
    annotate(path, undoes=True)
    assert path.read_bytes() == before


def test_annotating_again_changes_nothing(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path, url=URL)
    before = path.read_bytes()
    assert annotate(path, url=URL).change == 'unchanged'
    assert path.read_bytes() == before


def test_another_wish_updates_the_widget(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path, url=URL)
    assert annotate(path, url=URL, face='detailed').change == 'updated'
    assert path.read_bytes().count(b'</mriqc-rating>') == 1
    annotate(path, undoes=True)
    assert path.read_bytes() == layouts.mriqc_0_16()


def test_a_report_changed_since_says_so_when_it_is_restored(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path)
    path.write_bytes(path.read_bytes().replace(b'documentation', b'manual'))
    outcome = annotate(path, undoes=True)
    assert (outcome.change, 'changed since' in outcome.words) == ('restored', True)
    assert path.read_bytes() == layouts.mriqc_0_16().replace(b'documentation', b'manual')


def test_undoing_nothing_changes_nothing(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    assert annotate(path, undoes=True).change == 'unchanged'
    assert path.read_bytes() == layouts.mriqc_0_16()


def test_the_layout_of_0_9_has_its_json_beside_the_folder_of_reports(write_report, annotate):
    path = write_report(layouts.mriqc_0_9(), 'reports/sub-01_T1w.html')
    write_json(path.parent.parent / 'derivatives' / 'sub-01_T1w.json')
    outcome = annotate(path)
    assert (outcome.change, outcome.image.md5sum) == ('annotated', MD5)


@pytest.mark.parametrize(
    ('page', 'name'),
    [(layouts.mriqc_0_9(), 'sub-01_T1w.html'), (layouts.fmriprep(), 'sub-01.html')],
)
def test_a_report_of_an_unknown_image_is_refused(write_report, annotate, page, name):
    path = write_report(page, name)
    outcome = annotate(path)
    assert outcome.change == 'refused'
    assert 'give it by --md5sum' in outcome.words
    assert path.read_bytes() == page


def test_an_md5_can_be_given(write_report, annotate):
    outcome = annotate(write_report(layouts.fmriprep(), 'sub-01.html'), md5sum=MD5)
    assert (outcome.change, outcome.image.md5sum) == ('annotated', MD5)
    assert (outcome.image.software, outcome.image.version) == ('fmriprep', '23.2.1')


@pytest.mark.parametrize('page', [b'', b'{"md5sum": 1}', '<body></body>'.encode('utf-16')])
def test_what_is_no_report_is_refused(write_report, annotate, page):
    outcome = annotate(write_report(page), md5sum=MD5)
    assert (outcome.change, 'no HTML report' in outcome.words) == ('refused', True)


def test_a_linked_report_is_refused(tmp_path, write_report, annotate):
    target = write_report(layouts.mriqc_0_16(), 'elsewhere.html')
    link = tmp_path / 'sub-01_T1w.html'
    link.symlink_to(target)
    outcome = annotate(link)
    assert (outcome.change, 'link to' in outcome.words) == ('refused', True)
    assert target.read_bytes() == layouts.mriqc_0_16()


def test_a_folder_gives_its_reports_but_nothing_behind_linked_folders(tmp_path, write_report):
    write_report(b'', 'mriqc/sub-2_T1w.html')
    write_report(b'', 'mriqc/sub-10/sub-10_T1w.html')
    write_report(b'', 'mriqc/group_T1w.html')
    write_report(b'', 'mriqc/sub-2/figures/sub-2_desc-summary_T1w.html')
    write_report(b'', 'elsewhere/sub-3_T1w.html')
    (tmp_path / 'mriqc' / 'linked').symlink_to(tmp_path / 'elsewhere')
    names = [report.name for report in reports_at(tmp_path / 'mriqc')]
    assert names == ['sub-10/sub-10_T1w.html', 'sub-2_T1w.html']


def test_a_name_that_holds_a_script_is_escaped(write_report, annotate):
    name = 'sub-01_"><img src=x onerror=alert(1)>_T1w.html'
    path = write_report(layouts.mriqc_0_16(), name)
    assert annotate(path).change == 'annotated'
    assert b'report="sub-01_&quot;&gt;&lt;img src=x onerror=alert(1)&gt;_T1w.html"' in (
        path.read_bytes()
    )


def test_the_original_is_kept_once_where_that_is_wanted(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    annotate(path, url=URL, keeps_backup=True)
    annotate(path, url=URL, face='detailed', keeps_backup=True)
    assert path.with_name('sub-01_T1w.html.orig').read_bytes() == layouts.mriqc_0_16()
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name, f'{path.name}.orig']


def test_a_dry_run_writes_nothing(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    assert annotate(path, is_dry_run=True, keeps_backup=True).change == 'annotated'
    assert path.read_bytes() == layouts.mriqc_0_16()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_mode_of_a_report_stays(write_report, annotate):
    path = write_report(layouts.mriqc_0_16())
    path.chmod(0o640)
    annotate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
