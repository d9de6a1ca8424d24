"""Rating sessions in a real browser, by keys alone."""

import re
from pathlib import Path

from playwright.sync_api import expect

from mriqc_webapi.reports.session.ledger import Ledger
from mriqc_webapi.reports.session.opinions import standing
from tests.reports.session.conftest import Serve
from tests.reports.session.rater import Rater
from tests.reports.session.running import LiveSession
from tests.reports.session.study import make_study

N_REPORTS = 50
N_BEFORE = 23


def test_a_session_of_fifty_reports_survives_a_kill_in_its_middle(
    tmp_path: Path, rater: Rater
) -> None:
    folder = make_study(tmp_path / 'study', N_REPORTS)
    session = LiveSession(folder, '--rater', 'ada').start()
    rater.open(session.address)
    for i in range(N_BEFORE):
        rater.rate(str(i % 4 + 1), *['ArrowRight'] * (i % 3))
    rater.press('2', 'a', 'm', 'Escape', 'Enter')  # the kill may come before this is stored
    session.kill()
    with session:
        rater.open(session.address)
        rater.complaints.clear()  # of requests that nobody answered
        assert rater.shown in {N_BEFORE, N_BEFORE + 1}
        n_rated = rater.shown
        rater.expect('count', f'^{n_rated} of {N_REPORTS} rated$')
        for _ in range(N_REPORTS - n_rated):
            rater.rate('3')
        rater.page.wait_for_url('**/summary')
        expect(rater.page.locator('h1')).to_have_text('All rated')
    assert rater.complaints == []
    with Ledger.open(folder / '.mriqc-webapi/ratings.sqlite') as ledger:
        kept = standing(ledger.ratings())
    assert [r.report for r in kept] == [f'sub-{i:02d}_T1w.html' for i in range(1, 51)]
    expected = [f'{min(4, i % 4 + 1 + 0.05 * (i % 3)):.2f}' for i in range(N_BEFORE)]
    assert [r.document['rating'] for r in kept[:N_BEFORE]] == expected


def test_the_next_report_is_loaded_before_it_is_asked_for(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address)
    rater.wait_until("document.querySelector('report-stage').isReady(1)")
    assert any('/1/sub-02_T1w.html' in url for url in rater.requests)
    assert rater.shown == 0


def test_a_rating_holds_what_the_keys_said(serve: Serve, rater: Rater) -> None:
    served = serve()
    rater.open(served.address)
    rater.press('3', 'ArrowLeft', 'ArrowLeft', 'a', 'm', 'g', 'a', 'Shift+Digit3', 'c')
    rater.page.keyboard.type('blurred at 1 side')
    rater.rate()
    (kept,) = served.review.standing().values()
    said = {k: kept.document[k] for k in ('rating', 'artifacts', 'confidence', 'comment')}
    assert said == {
        'rating': '2.90',
        'artifacts': ['head-motion', 'noise-global'],
        'confidence': 3.0,
        'comment': 'blurred at 1 side',
    }
    assert 0 < kept.document['time_s'] < 60


def test_without_a_grade_nothing_is_saved_and_the_page_says_why(
    serve: Serve, rater: Rater
) -> None:
    served = serve()
    rater.open(served.address).press('Enter').expect('alert', 'Choose a grade first')
    assert served.review.standing() == {}


def test_undo_brings_the_last_report_back_with_what_was_said(serve: Serve, rater: Rater) -> None:
    served = serve()
    rater.open(served.address).rate('4').press('u').wait_for(0)
    assert served.review.standing() == {}
    expect(rater.page.locator('[data-part=score]')).to_have_text('4.00')
    rater.rate('1')
    assert [r.document['rating'] for r in served.review.standing().values()] == ['1.00']


def test_going_back_corrects_a_rating_and_keeps_the_first_in_the_history(
    serve: Serve, rater: Rater
) -> None:
    served = serve()
    rater.open(served.address).rate('4').press('p').wait_for(0)
    rater.rate('2')
    first, second = served.review.ledger.ratings()
    assert (first.document['rating'], second.document['rating']) == ('4.00', '2.00')
    assert second.amends == first.id
    assert rater.shown == 1


def test_a_draft_survives_a_new_start(serve: Serve, rater: Rater) -> None:
    served = serve()
    rater.open(served.address).press('2', 'c')
    with rater.page.expect_response(lambda a: 'a thought' in (a.request.post_data or '')):
        rater.page.keyboard.type('half a thought')
    served.server.stop()
    rater.open(serve().address)
    expect(rater.page.locator('textarea')).to_have_value('half a thought')
    expect(rater.page.locator('[data-part=score]')).to_have_text('2.00')


def test_the_page_says_when_the_program_is_gone_and_keeps_what_was_entered(
    serve: Serve, rater: Rater
) -> None:
    served = serve()
    rater.open(served.address)
    served.server.stop()
    rater.wait_until('fetch(location.href).then(() => false, () => true)')
    rater.press('3', 'Enter').expect('alert', 'Not saved: the program does not answer')
    expect(rater.page.locator('[data-part=score]')).to_have_text('3.00')
    assert rater.shown == 0


def test_keys_scroll_the_report(serve: Serve, rater: Rater) -> None:
    rater.page.set_viewport_size({'width': 1280, 'height': 400})
    rater.open(serve().address).press('End')
    report = rater.page.frames[1]
    report.wait_for_function('scrollY > 0')


def test_keys_work_again_after_a_click_into_the_report(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address)
    rater.page.frame_locator('iframe.current').locator('h1').click()
    rater.page.wait_for_timeout(600)
    rater.press('4')
    expect(rater.page.locator('[data-part=score]')).to_have_text('4.00')


def test_the_overview_shows_a_picture_of_each_report(serve: Serve, rater: Rater) -> None:
    rater.open(serve().address).press('o')
    rater.page.wait_for_url('**/overview')
    pictures = rater.page.locator('.pictures img')
    expect(pictures).to_have_count(6)
    rater.wait_until(
        "[...document.querySelectorAll('.pictures img')].every(i => i.naturalWidth > 0)"
    )
    rater.page.locator('.pictures a').nth(4).click()
    rater.page.wait_for_selector('rating-session[data-shown="4"]')


def test_blind_raters_see_no_names(serve: Serve, rater: Rater) -> None:
    rater.open(serve(blind=True).address)
    assert rater.title == 'Report 1'
    report = rater.page.frames[1]
    report.wait_for_load_state()
    seen = report.inner_text('body') + report.title()
    assert 'sub-' not in seen + rater.page.content().partition('<iframe')[0]
    assert report.evaluate("document.querySelector('img').naturalWidth") > 0
    names = re.findall(r'sub-\d+', rater.page.inner_text('body') + rater.page.title())
    assert names == []


def test_without_script_a_session_works_by_forms(serve: Serve, browser) -> None:
    served = serve()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f'{served.address}/')
    page.get_by_label('Acceptable').check(force=True)
    page.get_by_role('button', name='Save and next').click()
    page.wait_for_url('**/reports/1')
    context.close()
    (kept,) = served.review.standing().values()
    assert kept.document['rating'] == '3.00'
