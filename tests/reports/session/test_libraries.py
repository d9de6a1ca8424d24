"""Reports look and work as they should although they may ask no other host."""

import base64
import hashlib
import re
from pathlib import Path

from mriqc_webapi.reports.session.libraries import COPIES, FOLDER
from tests.reports import layouts
from tests.reports.session.conftest import Serve
from tests.reports.session.rater import Rater


def test_each_copy_is_in_the_package_and_in_its_readme() -> None:
    readme = (FOLDER / 'README.md').read_text()
    for name in COPIES.values():
        assert (FOLDER / name).is_file()
        assert re.sub(r'(\.bundle|\.slim)?\.min\.(js|css)$', '', name) in readme


def test_the_copies_are_those_whose_checksums_reports_give() -> None:
    data = (FOLDER / 'bootstrap-5.2.3.min.css').read_bytes()
    checksum = base64.b64encode(hashlib.sha384(data).digest()).decode()
    assert checksum == 'rbsA2VBKQhggwzxH7pPCaAqO46MgnOM80zW1RWuH61DGLwZJEdK2Kadq2F9CUG65'


def test_a_report_of_nireports_has_its_styles_and_scripts(
    tmp_path: Path, serve: Serve, rater: Rater
) -> None:
    folder = tmp_path / 'made'
    folder.mkdir()
    layouts.made_by_nireports(folder)
    rater.open(serve(folder=folder).address)
    report = rater.page.frames[1]
    assert report.evaluate('jQuery.fn.jquery') == '3.6.0'
    assert report.evaluate('bootstrap.Collapse.VERSION') == '5.2.3'
    navigation = report.evaluate("getComputedStyle(document.querySelector('nav')).position")
    assert navigation == 'fixed'
    assert (
        report.evaluate("document.querySelector('.svg-reportlet').getBoundingClientRect().width")
        > 300
    )
    assert {url.split('/')[2].partition(':')[0] for url in rater.requests} == {'127.0.0.1'}


def test_the_image_is_known_from_the_report_where_no_json_is(
    tmp_path: Path, serve: Serve, rater: Rater
) -> None:
    folder = tmp_path / 'made'
    folder.mkdir()
    (folder / 'sub-01_T1w.html').write_bytes(layouts.mriqc_0_16())
    served = serve(folder=folder)
    rater.open(served.address).rate('3')
    (kept,) = served.review.standing().values()
    assert kept.document['md5sum'] == layouts.MD5


def test_a_report_on_a_whole_subject_says_that_its_rating_stays(
    tmp_path: Path, serve: Serve, rater: Rater
) -> None:
    folder = tmp_path / 'made'
    folder.mkdir()
    (folder / 'sub-01.html').write_bytes(layouts.fmriprep())
    rater.open(serve(folder=folder).address).expect('unlinked', 'stays on this computer')
