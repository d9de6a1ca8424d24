"""Pictures of a rating session, for the documentation."""

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from mriqc_webapi.reports.folder import find_reports
from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.review import open_review
from mriqc_webapi.reports.session.verdict import Verdict
from tests.reports.session.rater import Rater
from tests.reports.session.running import LiveSession
from tests.reports.session.study import make_study

GRADES = {'ada': '444334342', 'ben': '443333242322'}
TIMES_S = (14.0, 22.5, 9.0)


def photograph_session(browser: Browser, folder: Path) -> None:
    """Photograph a session in use, light and dark and on a phone, and its overview and summary."""
    with TemporaryDirectory() as temporary:
        study = make_study(Path(temporary) / 'mriqc', 24)
        for rater, grades in GRADES.items():
            _rate(study, rater, grades)
        with LiveSession(study, '--rater', 'ada') as session:
            page = browser.new_page(viewport={'width': 1280, 'height': 800})
            _photograph(Rater(page).open(session.address), session.address, folder)
            page.close()


def _rate(study: Path, rater: str, grades: str) -> None:
    with Ledger.open(study / '.mriqc-webapi/ratings.sqlite') as ledger:
        review = open_review(study, ledger, rater=rater, found=find_reports(study), options={})
        for position, grade in enumerate(grades):
            review.submit(
                position,
                Verdict(
                    id=str(uuid.uuid4()),
                    score=float(grade),
                    duration_s=TIMES_S[position % len(TIMES_S)],
                ),
            )


def _photograph(rater: Rater, address: str, folder: Path) -> None:
    page = rater.page
    rater.rate('3').press('2', *['ArrowRight'] * 5, 'Shift+Digit3')
    page.set_viewport_size({'width': 390, 'height': 844})
    page.wait_for_timeout(800)
    page.screenshot(path=folder / 'rating-session-phone.png')
    page.set_viewport_size({'width': 1280, 'height': 800})
    rater.press('a', 'm', 'l')
    page.wait_for_timeout(800)
    page.screenshot(path=folder / 'rating-session.png')
    page.emulate_media(color_scheme='dark')
    page.screenshot(path=folder / 'rating-session-dark.png')
    page.emulate_media(color_scheme='light')
    for name in ('overview', 'summary'):
        page.goto(f'{address}/{name}')
        page.wait_for_timeout(800)
        page.screenshot(path=folder / f'rating-session-{name}.png')
