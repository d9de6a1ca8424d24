"""Reports that attack the session which shows them, and links that lead out of the folder."""

import json
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.reports.session.conftest import Serve, Served
from tests.reports.session.rater import Rater
from tests.reports.session.study import image_json, make_study, report_page

ATTACK = """<script>
const said = document.createElement('pre');
const note = (what, worked) => { said.textContent += `${what}:${worked}\\n`; };
async function tryTo(what, act) {
  try { note(what, (await act()) ?? 'done'); } catch (error) { note(what, 'failed'); }
}
(async () => {
  await tryTo('parent', () => parent.document.body.innerHTML.length);
  await tryTo('parent-address', () => parent.location.href);
  await tryTo('storage', () => localStorage.length);
  await tryTo('cookie', () => document.cookie);
  await tryTo('referrer', () => { if (!document.referrer) throw 1; return document.referrer; });
  await tryTo('top', () => { top.location = 'SESSION/summary'; throw 1; });
  await tryTo('popup', () => { if (!open('SESSION/summary')) throw 1; });
  await tryTo('undo', () => fetch('SESSION/undo', {method: 'POST', body: '{}', mode: 'no-cors'}));
  await tryTo('read', () => fetch('SESSION/state', {mode: 'no-cors'}));
  navigator.sendBeacon('SESSION/undo', '{}'); // says that it is on its way, whatever comes of it
  await tryTo('abroad', () => fetch('http://127.0.0.1:9/'));
  await tryTo('neighbour', () => fetch('../1/sub-02_T1w.html'));
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action: 'SESSION/reports/0/rating', target: '_top'});
  form.innerHTML = '<input name="rating" value="1.00">';
  document.body.append(form);
  await tryTo('form', () => { form.submit(); throw 1; });
  parent.postMessage({scroll: 'end', submit: true, key: 'Enter'}, '*');
  for (const key of ['1', 'Enter']) parent.postMessage({type: 'keydown', key}, '*');
  note('over', 'yes');
})();
document.documentElement.append(said);
</script>"""


def attacked(serve: Serve, study: Path) -> tuple[Served, Path]:
    """Serve a study whose first report knows the session's address, and uses it."""
    served = serve()
    body = ATTACK.replace('SESSION', served.address)
    (study / 'sub-01_T1w.html').write_text(report_page('Attack', '', body))
    return served, study


def test_a_hostile_report_reaches_nothing_even_if_it_knows_where_the_session_is(
    serve: Serve, study: Path, rater: Rater
) -> None:
    served, _ = attacked(serve, study)
    rating = {'id': '2b2d9d2e-5a0c-4d6a-9a55-0c8b8d8f4f3a', 'rating': '3.00'}
    served.post('reports/3/rating', rating)
    rater.open(served.address)
    said = rater.page.frame_locator('iframe.current').locator('pre')
    expect(said).to_contain_text('over:yes')
    outcome = dict(line.split(':', 1) for line in said.inner_text().split())
    assert outcome.pop('over') == 'yes'
    assert {what for what, worked in outcome.items() if worked != 'failed'} == set()
    assert len(outcome) == 12
    assert rater.page.url == f'{served.address}/reports/0'
    assert len(rater.page.context.pages) == 1
    rater.page.wait_for_timeout(300)
    assert set(served.review.standing()) == {3}


def test_a_report_cannot_rate_by_messages(serve: Serve, study: Path, rater: Rater) -> None:
    served, _ = attacked(serve, study)
    rater.open(served.address)
    expect(rater.page.frame_locator('iframe.current').locator('pre')).to_contain_text('over')
    rater.page.wait_for_timeout(300)
    expect(rater.page.locator('[data-part=score]')).to_have_text('–')


def test_a_report_that_leads_elsewhere_is_brought_back(
    serve: Serve, study: Path, rater: Rater
) -> None:
    served = serve()
    page = study / 'sub-01_T1w.html'
    link = '<a id="next" href="../1/sub-02_T1w.html">next report</a>'
    page.write_text(report_page('sub-01', '', link))
    rater.open(served.address)
    rater.page.frame_locator('iframe.current').locator('#next').click()
    rater.expect('alert', 'led elsewhere')
    expect(rater.page.frame_locator('iframe.current').locator('#next')).to_be_visible()


def test_a_report_that_keeps_leading_elsewhere_is_named_as_such(
    serve: Serve, study: Path, rater: Rater
) -> None:
    served = serve()
    script = '<script>onload = () => location.replace("../1/sub-02_T1w.html")</script>'
    (study / 'sub-01_T1w.html').write_text(report_page('sub-01', '', script))
    rater.page.goto(f'{served.address}/')
    rater.expect('alert', 'keeps leading elsewhere')


def test_a_report_that_leads_elsewhere_before_the_session_is_up_is_brought_back(
    serve: Serve, study: Path, rater: Rater
) -> None:
    served = serve()
    script = '<script>onload = () => location.replace("../1/sub-02_T1w.html")</script>'
    (study / 'sub-01_T1w.html').write_text(report_page('sub-01', '', script))

    def late(route: Route) -> None:
        rater.page.wait_for_timeout(500)
        route.continue_()

    rater.page.route('**/rating-session.js', late)
    rater.page.goto(f'{served.address}/', wait_until='commit')
    rater.expect('alert', 'keeps leading elsewhere')


MARKUP = '<img src=x onerror="document.title=666">'


def test_markup_in_names_and_comments_comes_out_as_text(
    tmp_path: Path, serve: Serve, rater: Rater
) -> None:
    folder = make_study(tmp_path / 'other', 2)
    name = 'sub-<img src=x onerror=alert(1)>"\'&_T1w'
    (folder / f'{name}.html').write_text(report_page('x', '', ''))
    (folder / f'{name}.json').write_text(image_json('x'))
    served = serve(folder=folder, rater=MARKUP)
    rater.open(served.address)
    positions = [i for i, item in enumerate(served.review.items) if '<img' in item.report]
    rater.page.goto(f'{served.address}/reports/{positions[0]}')
    rater.wait_for(positions[0])
    assert rater.title == name
    rater.press('1', 'c')
    rater.page.keyboard.type(MARKUP + '</script><script>document.title=666</script>')
    rater.rate()
    for path in ('overview', 'summary', f'reports/{positions[0]}'):
        rater.page.goto(f'{served.address}/{path}')
        rater.page.wait_for_timeout(200)
        assert '666' not in rater.page.title()
        assert rater.page.locator('img[src=x]').count() == 0
        assert MARKUP in rater.page.locator('.who').inner_text()


@pytest.fixture
def linked(study: Path, tmp_path: Path) -> Path:
    """A study with links that lead out of it, and one that stays inside."""
    (tmp_path / 'secret.txt').write_text('secret')
    (tmp_path / 'secret.html').write_text('secret')
    (study / 'sub-07_T1w.html').symlink_to(tmp_path / 'secret.html')
    (study / 'out.txt').symlink_to(tmp_path / 'secret.txt')
    (study / 'up').symlink_to(tmp_path)
    (study / 'inside.svg').symlink_to(study / 'sub-01/figures/sub-01_T1w_desc-zoomed_T1w.svg')
    return study


@pytest.mark.parametrize(
    'name',
    [
        'out.txt',
        'up/secret.txt',
        '../secret.txt',
        '..%2fsecret.txt',
        '%2e%2e/secret.txt',
        'sub-01/../../secret.txt',
        '/etc/passwd',
        '.mriqc-webapi/ratings.sqlite',
        'sub-01',
        'nothing.svg',
        'a%00b',
    ],
)
def test_no_file_outside_the_folder_is_served(linked: Path, serve: Serve, name: str) -> None:
    served = serve()
    assert ask_for(served, name).status_code == 404


def test_links_within_the_folder_are_followed(linked: Path, serve: Serve) -> None:
    answer = ask_for(serve(), 'inside.svg')
    assert (answer.status_code, answer.headers['content-type']) == (200, 'image/svg+xml')


def test_a_report_that_links_to_outside_is_no_report(linked: Path, serve: Serve) -> None:
    assert all('sub-07' not in item.report for item in serve().review.items)


def ask_for(served: Served, name: str) -> requests.Response:
    """Ask the origin of reports for a file, spelled exactly so."""
    state = served.http.get(f'{served.address}/reports/0', timeout=10).text
    frame = json.loads(state.partition('data-state>')[2].partition('</script>')[0])['items'][0]
    root = frame['frame'].rpartition('/')[0]
    request = requests.Request('GET', root).prepare()
    request.url = f'{root}/{name}'
    return served.http.send(request, timeout=10)


def test_a_picture_cannot_run_scripts(serve: Serve, study: Path) -> None:
    served = serve()
    answer = served.http.get(_first_picture(served), timeout=10)
    assert answer.headers['content-security-policy'].startswith("sandbox; default-src 'none'")


def _first_picture(served: Served) -> str:
    page = served.http.get(f'{served.address}/overview', timeout=10).text
    return page.partition('<img src="')[2].partition('"')[0]


def test_other_hosts_are_asked_for_nothing(serve: Serve, study: Path, rater: Rater) -> None:
    served = serve()
    head = (
        '<script src="http://localhost:9/x.js"></script><link rel=stylesheet href="//x.invalid">'
    )
    (study / 'sub-01_T1w.html').write_text(report_page('x', '', '', head=head))
    asked: list[str] = []
    rater.page.on('requestfinished', lambda request: asked.append(request.url))
    rater.open(served.address)
    assert {url.split('/')[2].partition(':')[0] for url in asked} == {'127.0.0.1'}
    assert is_blocked(rater.page)


def is_blocked(page: Page) -> bool:
    """Whether the browser refused what a report wanted from elsewhere, instead of trying."""
    return page.frames[1].evaluate(
        "performance.getEntriesByType('resource').every(e => e.transferSize === 0 || "
        'e.name.startsWith(location.origin))'
    )
