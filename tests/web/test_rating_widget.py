"""The rating widget in reports that were opened from disk, against the running service."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from tests.browser import watched_page
from tests.live import LiveService
from tests.reports import layouts
from tests.web.rating_pages import Form, Rated, form_of, make_report, reopened


@pytest.fixture(scope='module')
def service(started: Callable[[str], LiveService]) -> LiveService:
    """A running service on one database: the script is tested here, its routes on both."""
    return started('sqlite')


@pytest.fixture
def report(service: LiveService, tmp_path: Path) -> Rated:
    """A report with the simple face."""
    return make_report(tmp_path, service.root)


@pytest.fixture
def detailed(service: LiveService, tmp_path: Path) -> Rated:
    """A report with the detailed face."""
    return make_report(tmp_path, service.root, face='detailed')


def test_a_rater_chooses_names_themselves_comments_submits_and_sees_all_counts(
    browser: Browser, report: Rated
) -> None:
    with form_of(browser, report) as form:
        form.page.get_by_label('Usable').check(force=True)
        form.page.get_by_label('Name').fill('Ada')
        form.page.get_by_label('Comments').fill('A little ringing.')
        form.button('Submit').click()
        form.wait_for('Submitted: Usable')
        form.page.locator('mriqc-rating table').wait_for()
        rows = form.page.locator('mriqc-rating tr').all_inner_texts()
    assert rows == ['Invalid\t0', 'Exclude\t0', 'Usable\t1', 'Good\t0']
    rating = report.only_rating
    assert (rating['scale'], rating['label'], rating['rater']) == ('v0', 'usable', 'Ada')
    assert rating['comment'] == 'A little ringing.'
    assert rating['time_s'] > 0
    assert (rating['modality'], rating['version']) == ('T1w', '0.12.1')
    assert rating['report'] == 'sub-01_T1w.html'


def test_a_rater_needs_no_mouse(browser: Browser, detailed: Rated) -> None:
    with form_of(browser, detailed) as form:
        for key in ('3', 'ArrowLeft', 'ArrowLeft', 'Enter'):
            form.page.keyboard.press(key)
        form.wait_for('Submitted: 2.90 Acceptable')
    rating = detailed.only_rating
    assert (rating['scale'], rating['score'], rating['grade']) == ('v2', 2.9, 'acceptable')


def test_the_detailed_face_sends_artifacts_and_confidence(
    browser: Browser, detailed: Rated
) -> None:
    with form_of(browser, detailed) as form:
        form.button('Poor').click()
        form.page.get_by_text('Artifacts', exact=True).click()
        form.page.get_by_label('Head motion').check()
        form.page.get_by_label('Wrap-around').check()
        form.page.get_by_label('Your confidence', exact=False).last.fill('3.5')
        form.button('Submit').click()
        form.wait_for('Submitted: 2.00 Poor')
    rating = detailed.only_rating
    assert rating['artifacts'] == ['head-motion', 'wrap-around']
    assert rating['confidence'] == 3.5


def test_a_confidence_that_was_not_given_is_not_sent(browser: Browser, detailed: Rated) -> None:
    with form_of(browser, detailed) as form:
        form.page.keyboard.press('1')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: 1.00 Exclude')
    assert detailed.only_rating['confidence'] is None


def test_nothing_is_sent_before_something_is_chosen(browser: Browser, report: Rated) -> None:
    with form_of(browser, report) as form:
        form.button('Submit').click()
        form.wait_for('Choose one of the four first')
    assert report.answers['n_ratings'] == 0


def test_undoing_clears_what_was_not_submitted(browser: Browser, detailed: Rated) -> None:
    with form_of(browser, detailed) as form:
        form.page.keyboard.press('4')
        form.page.keyboard.press('u')
        assert form.page.get_by_text('not rated yet').is_visible()


def test_a_submitted_rating_is_changed_with_its_receipt_and_both_stand_in_the_history(
    browser: Browser, detailed: Rated
) -> None:
    with form_of(browser, detailed) as form:
        form.page.keyboard.press('1')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: 1.00 Exclude')
        for key in ('u', '4', 'Enter'):
            form.page.keyboard.press(key)
        form.wait_for('Submitted: 4.00 Excellent')
    answers = detailed.answers
    assert [r['score'] for r in answers['ratings']] == [4.0]
    assert [r['score'] for r in answers['history']] == [1.0]


def test_a_rating_can_be_changed_after_the_browser_was_closed(
    browser: Browser, report: Rated
) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(report)
        form.page.keyboard.press('2')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: Exclude')
        form.page.close()
        again = reopened(watched.context, report)
        again.wait_for('Submitted: Exclude')
        again.button('Change my rating').click()
        again.page.keyboard.press('4')
        again.page.keyboard.press('Enter')
        again.wait_for('Submitted: Good')
    assert report.only_rating['label'] == 'good'


def test_a_draft_survives_closing(browser: Browser, detailed: Rated) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(detailed)
        form.page.keyboard.press('4')
        form.page.get_by_label('Comments').fill('Half a tho')
        form.page.close()
        again = reopened(watched.context, detailed)
        assert again.page.get_by_text('4.00 Excellent').is_visible()
        assert again.page.get_by_label('Comments').input_value() == 'Half a tho'
        assert again.status.inner_text() == 'Not submitted yet.'
    assert detailed.answers['n_ratings'] == 0


def test_a_rating_without_network_goes_when_the_network_is_back(
    browser: Browser, report: Rated
) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(report)
        watched.context.set_offline(True)
        form.page.keyboard.press('3')
        form.page.keyboard.press('Enter')
        form.wait_for('No network. Your rating waits in this browser, also when it is closed.')
        assert report.answers['n_ratings'] == 0
        watched.context.set_offline(False)
        form.wait_for('Submitted: Usable')
    assert report.answers['n_ratings'] == 1


def test_a_rating_without_network_waits_in_the_closed_browser(
    browser: Browser, report: Rated
) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(report)
        watched.context.set_offline(True)
        form.page.keyboard.press('3')
        form.page.keyboard.press('Enter')
        form.wait_for('No network.')
        form.page.close()
        assert report.answers['n_ratings'] == 0
        watched.context.set_offline(False)
        reopened(watched.context, report).wait_for('Submitted: Usable')
    assert report.answers['n_ratings'] == 1


def test_the_ratings_of_other_reports_go_along(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    first, second = (make_report(tmp_path, service.root, name=f'sub-{n}_T1w.html') for n in 'ab')
    with watched_page(browser) as watched:
        form = Form(watched.page).open(first)
        watched.context.set_offline(True)
        form.page.keyboard.press('1')
        form.page.keyboard.press('Enter')
        form.wait_for('No network.')
        form.page.close()
        watched.context.set_offline(False)
        again = reopened(watched.context, second)
        until = time.monotonic() + 30
        while first.answers['n_ratings'] == 0 and time.monotonic() < until:
            again.page.wait_for_timeout(100)
    assert first.only_rating['label'] == 'invalid'


def test_a_rating_that_never_left_can_be_taken_back(browser: Browser, report: Rated) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(report)
        watched.context.set_offline(True)
        form.page.keyboard.press('1')
        form.page.keyboard.press('Enter')
        form.wait_for('No network.')
        form.page.keyboard.press('u')
        form.wait_for('Taken back, nothing was sent.')
        watched.context.set_offline(False)
        form.page.reload()
        form.wait_for('Not submitted yet.')
    assert report.answers['n_ratings'] == 0


def test_time_stands_still_while_the_page_is_hidden(browser: Browser, report: Rated) -> None:
    with watched_page(browser) as watched:
        page = watched.page
        page.clock.install()
        form = Form(page).open(report)
        page.clock.run_for(2_000)
        _hide(form, True)
        page.clock.run_for(60_000)
        _hide(form, False)
        page.clock.run_for(1_000)
        page.clock.resume()
        page.keyboard.press('2')
        page.keyboard.press('Enter')
        form.wait_for('Submitted')
    assert 3 <= report.only_rating['time_s'] < 30


def _hide(form: Form, is_hidden: bool) -> None:
    """Say what a browser says when one turns to another tab; headless ones never do."""
    form.page.evaluate(
        """hidden => {
          Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
          document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
        }""",
        is_hidden,
    )


def test_keys_can_be_kept_to_the_widget(browser: Browser, report: Rated) -> None:
    with form_of(browser, report) as form:
        form.page.get_by_text('Keys', exact=True).click()
        form.page.get_by_label('They work anywhere on this page').uncheck()
        form.page.evaluate('document.activeElement.blur()')
        form.page.keyboard.press('3')
        assert not form.page.get_by_label('Usable').is_checked()


def test_digits_in_a_comment_are_no_choice(browser: Browser, report: Rated) -> None:
    with form_of(browser, report) as form:
        form.page.get_by_label('Comments').press_sequentially('u 4')
        assert form.page.get_by_label('Comments').input_value() == 'u 4'
        assert not form.page.get_by_label('Good').is_checked()


def test_enter_in_the_name_submits(browser: Browser, report: Rated) -> None:
    with form_of(browser, report) as form:
        form.page.get_by_label('Good').check(force=True)
        form.page.get_by_label('Name').fill('Ada')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: Good')
    assert report.only_rating['rater'] == 'Ada'


def test_a_rating_can_be_saved_as_a_file(browser: Browser, report: Rated) -> None:
    with form_of(browser, report) as form:
        form.page.keyboard.press('2')
        with form.page.expect_download() as download:
            form.button('Save as file').click()
        assert download.value.suggested_filename == 'sub-01_T1w_rating.json'
        text = Path(download.value.path()).read_text()
    assert f'"md5sum": "{report.md5sum}"' in text
    assert '"rating": "1"' in text


def test_only_the_service_is_asked_and_nothing_complains(
    browser: Browser, service: LiveService, report: Rated
) -> None:
    with watched_page(browser) as watched:
        form = Form(watched.page).open(report)
        form.page.keyboard.press('2')
        form.page.keyboard.press('Enter')
        form.page.locator('mriqc-rating table').wait_for()
    assert (watched.complaints, watched.foreign('file:', service.root)) == ([], [])


def test_scripts_in_names_and_comments_show_as_text(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    attack = '"><img src=x onerror=alert(1)>'
    report = make_report(tmp_path, service.root, name=f'sub-{attack}_T1w.html')
    with watched_page(browser) as watched:
        dialogs: list[str] = []
        watched.page.on('dialog', lambda d: (dialogs.append(d.message), d.dismiss()))
        form = Form(watched.page).open(report)
        form.page.get_by_label('Name').fill(attack)
        form.page.get_by_label('Comments').fill(attack)
        form.page.keyboard.press('Tab')
        form.page.keyboard.press('1')
        form.button('Submit').click()
        form.wait_for('Submitted')
        n_images = form.page.locator('img').count()
    assert (dialogs, n_images, watched.complaints) == ([], 0, [])
    assert report.only_rating['report'] == f'sub-{attack}_T1w.html'


def test_the_report_of_nireports_has_one_widget_and_it_works(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    from mriqc_webapi.reports.annotate import Wishes, change_report, reports_at
    from mriqc_webapi.reports.widget import Widget
    from tests.live import TOKEN

    md5sum = layouts.MD5[::-1]
    path = layouts.made_by_nireports(tmp_path, md5sum=md5sum)
    (at,) = reports_at(path)
    change_report(at, Wishes(widget=Widget(url=service.root, token=TOKEN, face='detailed')))
    report = Rated(path, md5sum, service.root)
    with form_of(browser, report) as form:
        assert form.page.locator('#qcrating-menu, #qcrating-toggler').count() == 0
        form.page.keyboard.press('3')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: 3.00 Acceptable')
    assert report.only_rating['version'] == '24.0.2'


def test_the_widget_is_served_to_pages_of_any_host(service: LiveService) -> None:
    answer = requests.get(
        f'{service.root}/static/rating-widget.js', headers={'Origin': 'null'}, timeout=15
    )
    assert answer.headers['Access-Control-Allow-Origin'] == '*'
    assert 'javascript' in answer.headers['Content-Type']
