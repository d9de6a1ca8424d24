"""The measure of a rating session."""

from pathlib import Path

from benchmarks.rating_session import measure
from playwright.sync_api import Browser
from tests.reports.session.running import LiveSession
from tests.reports.session.study import make_study


def test_every_change_of_report_is_measured(tmp_path: Path, browser: Browser) -> None:
    study = make_study(tmp_path / 'study', 4)
    page = browser.new_page()
    with LiveSession(study, '--rater', 'ada') as session:
        shown = measure(page, session.address, 4, is_hurried=False)
    page.close()
    assert len(shown) == 3
    assert all(0 < duration_s < 60 for duration_s in shown)
