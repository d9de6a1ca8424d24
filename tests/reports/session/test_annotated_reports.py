"""Reports that carry a widget and a policy of their own: in a session neither is in the way."""

from pathlib import Path

from mriqc_webapi.reports.annotate import Wishes, change_report, reports_at
from tests.reports.session.conftest import Serve
from tests.reports.session.rater import Rater

STRICT = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Report</title></head><body><h1>Report</h1><table><tr><td>md5sum</td><td>4608ffbd6b78ce3a325eb338fa556589</td></tr></table>
<div style="height: 5000px"></div></body></html>"""


def test_a_session_scrolls_a_report_with_a_policy_and_rates_it_by_itself(
    tmp_path: Path, serve: Serve, rater: Rater
) -> None:
    folder = tmp_path / 'made'
    folder.mkdir()
    path = folder / 'sub-01_T1w.html'
    path.write_text(STRICT)
    (found,) = reports_at(path)
    assert change_report(found, Wishes()).change == 'annotated'
    rater.open(serve(folder=folder).address)
    report = rater.page.frames[1]
    assert report.evaluate("document.querySelector('mriqc-rating')") is None
    scroll = (
        "document.querySelector('iframe.current').contentWindow.postMessage({scroll: 'end'}, '*')"
    )
    rater.page.evaluate(scroll)
    report.wait_for_function('scrollY > 1000')
