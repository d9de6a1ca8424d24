"""What the rating widget says when a rating does not get through, and what helps."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from tests.browser import watched_page
from tests.live import TOKEN, LiveService
from tests.web.rating_pages import Form, form_of, make_report

# the network fails until `isDown` is taken back; then another tab has the answer to the first
# rating at the same time as this one, and the correction fails once more
OTHER_TAB = """
window.isDown = true;
window.nCorrections = 0;
const real = window.fetch;
window.fetch = async (url, options) => {
  if (isDown || (options?.method === 'PATCH' && ++nCorrections === 1)) throw new TypeError();
  const answer = await real(url, options);
  if (options?.method === 'POST') {
    const { id, receipt } = await answer.clone().json();
    const key = Object.keys(localStorage).find((k) => localStorage[k].includes('"steps":[{'));
    const state = JSON.parse(localStorage[key]);
    const steps = state.steps.slice(1);
    localStorage[key] = JSON.stringify({ ...state, id, receipt, steps });
  }
  return answer;
};
"""


@pytest.fixture(scope='module')
def service(started: Callable[[str], LiveService]) -> LiveService:
    """A running service on one database: the script is tested here, its routes on both."""
    return started('sqlite')


def submit(form: Form, key: str = '3') -> None:
    """Choose and submit by key."""
    form.page.keyboard.press(key)
    form.page.keyboard.press('Enter')


def test_an_unknown_token_is_told_of_and_another_one_helps(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, service.root, token='made up')
    with form_of(browser, report) as form:
        submit(form)
        form.wait_for('does not know this token. Ask those who run it for one, and enter it.')
        form.page.get_by_label('Token').fill(TOKEN)
        form.button('Submit').click()
        form.wait_for('Submitted: Usable')
    assert report.answers['n_ratings'] == 1


def test_a_token_that_may_not_rate_is_told_of(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    with Store.open(service.database) as store, store.write() as tx:
        tokens.create(tx, name=f'sender of {tmp_path}', scopes=('submit',), text=str(tmp_path))
    with form_of(browser, make_report(tmp_path, service.root, token=str(tmp_path))) as form:
        submit(form)
        form.wait_for('lets this token rate nothing')
        assert form.page.get_by_label('Token').is_visible()


def test_a_service_that_cannot_be_reached_is_told_of_and_asked_again(
    browser: Browser, tmp_path: Path
) -> None:
    with form_of(browser, make_report(tmp_path, 'http://127.0.0.1:9')) as form:
        submit(form)
        form.wait_for('127.0.0.1:9 cannot be reached: it is down, or its address is wrong.')
        form.wait_for('Your rating waits in this browser, also when it is closed. Next try in')
        assert form.button('Try now').is_visible()


def test_an_address_without_ratings_is_told_of_and_the_form_stays(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, f'{service.root}/elsewhere')
    with form_of(browser, report) as form:
        submit(form)
        form.wait_for('takes no ratings there')
        assert form.page.get_by_label('Usable').is_checked()
        assert form.button('Save as file').is_visible()


def test_a_refused_rating_is_told_of_in_the_words_of_the_service(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, service.root)
    with form_of(browser, report) as form:
        form.widget.evaluate("widget => widget.setAttribute('session', 'x'.repeat(70000))")
        submit(form)
        form.wait_for('refused it (422)')
        form.widget.evaluate("widget => widget.removeAttribute('session')")
        form.button('Submit').click()
        form.wait_for('Submitted: Usable')
    assert report.answers['n_ratings'] == 1


def test_a_browser_that_keeps_nothing_says_so(browser: Browser, tmp_path: Path) -> None:
    report = make_report(tmp_path, 'http://127.0.0.1:9')
    frame = tmp_path / 'frame.html'  # a sandbox without an origin has no storage
    frame.write_text(
        f'<iframe sandbox="allow-scripts" width=900 height=700 src="{report.path.name}"></iframe>'
    )
    page = browser.new_page()
    page.goto(frame.as_uri())
    inner = page.frame_locator('iframe')
    inner.get_by_label('Good').check(force=True)
    inner.get_by_role('button', name='Submit').click()
    inner.get_by_role('status').filter(has_text='This browser keeps nothing').wait_for()
    page.context.close()


def test_a_correction_survives_another_tab_that_sends_the_same(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, service.root)
    with watched_page(browser) as watched:
        watched.page.add_init_script(OTHER_TAB)
        form = Form(watched.page).open(report)
        submit(form, '2')
        form.wait_for('cannot be reached')
        form.page.keyboard.press('u')
        submit(form, '4')
        form.wait_for('cannot be reached')
        form.page.evaluate('isDown = false')
        form.button('Try now').click()
        form.page.wait_for_function('nCorrections === 1')
        form.wait_for('cannot be reached')
        form.button('Try now').click()
        form.wait_for('Submitted: Good')
    assert report.only_rating['label'] == 'good'


def test_a_rating_that_the_service_lost_can_be_submitted_anew(
    browser: Browser, service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, service.root)
    with form_of(browser, report) as form:
        submit(form, '2')
        form.wait_for('Submitted: Exclude')
        form.page.evaluate("""() => {
            const real = window.fetch;
            window.fetch = async (url, options) => options?.method === 'PATCH'
              ? new Response('{}', { status: 404 }) : real(url, options);
        }""")
        form.page.keyboard.press('u')
        submit(form, '4')
        form.wait_for('lacks this rating now. Submit it anew.')
        form.page.keyboard.press('Enter')
        form.wait_for('Submitted: Good')
    assert [r['label'] for r in report.answers['ratings']] == ['good', 'exclude']


@pytest.fixture(scope='module')
def slow_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that takes one rating in six seconds, and a few in advance."""
    folder = tmp_path_factory.mktemp('slow')
    live = LiveService(folder, rate_per_token=1 / 6, rate_on_loopback=1, rate_per_address=0)
    live.make_token()
    with live:
        yield live


def test_a_busy_service_is_asked_again_when_it_said(
    browser: Browser, slow_service: LiveService, tmp_path: Path
) -> None:
    report = make_report(tmp_path, slow_service.root)
    with form_of(browser, report) as form:
        while _post_one(slow_service) != 429:
            pass
        submit(form)
        form.wait_for('cannot take it now (429)')
        form.wait_for('Next try in')
        form.wait_for('Submitted: Usable')
    assert report.answers['n_ratings'] == 1


def _post_one(service: LiveService) -> int:
    url, headers = f'{service.root}/api/v2/ratings', {'Authorization': TOKEN}
    return requests.post(url, json={'rating': '3'}, headers=headers, timeout=15).status_code
