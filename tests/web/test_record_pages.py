"""The pages of records and images, errors as pages, and what browsers see of the frozen API."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser import watched_page
from tests.live import LiveService
from tests.web.asking import AUTHORIZATION, payload, upload

N_PEERS = 25
EVIL = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">"\'{{7*7}}'
AS_BROWSER = {'Accept': 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'}


@dataclass(frozen=True)
class Study:
    """Some images of one scanner, one of them far out, measured twice, rated, and hostile."""

    id: str
    md5sum: str
    where: str


def scan(dataset: str, cjv: float, **provenance: Any) -> dict[str, Any]:
    document = payload('T1w_real', version='23.1.0', **provenance)
    document['bids_meta'] |= {'dataset': dataset, 'Manufacturer': 'GE'}
    document['bids_meta'] |= {'MagneticFieldStrength': 1.5, 'InstitutionName': 'A place'}
    return document | {'cjv': cjv}


def rate(service: LiveService, md5sum: str, rating: str, **members: Any) -> requests.Response:
    return requests.post(
        f'{service.root}/api/v2/ratings',
        json={'md5sum': md5sum, 'rating': rating, **members},
        headers=AUTHORIZATION | {'Idempotency-Key': uuid.uuid4().hex},
        timeout=30,
    )


@pytest.fixture(scope='module')
def study(service: LiveService) -> Study:
    """Upload it, and rate the image that is far out."""
    dataset, md5sum = uuid.uuid4().hex, uuid.uuid4().hex
    others = [scan(dataset, 0.4 + i / 1000) for i in range(N_PEERS)]
    odd = scan(dataset, 9.0, md5sum=md5sum)
    odd['bids_meta'] |= {'InstitutionName': EVIL, EVIL: EVIL}
    older = scan(dataset, 8.0, md5sum=md5sum) | {}
    older['provenance']['version'] = '22.0.6'
    results = upload(service, [*others, older, odd]).json()['results']
    for rating, comment in (('1.00', EVIL), ('3.05', 'fine')):
        answer = rate(service, md5sum, rating, name=EVIL, comment=comment, artifacts=[EVIL])
        assert answer.status_code == 201, answer.text
    return Study(results[-1]['id'], md5sum, json.dumps({'bids_meta.dataset': dataset}))


@pytest.fixture
def page(browser: Browser):
    """A page that has complained of nothing in the end."""
    with watched_page(browser) as watched:
        yield watched.page
    assert watched.complaints == []


def rows(page: Page) -> dict[str, list[str]]:
    """Read the table of IQMs."""
    found = page.locator('table.standing tbody tr:has(td)').all()
    cells = [[c.inner_text() for c in row.locator('th, td').all()] for row in found]
    return {row[0].split()[0]: row for row in cells}


def test_a_record_is_shown_with_the_percentiles_of_the_api(service, study, page):
    asked = {'where': study.where, 'peers': 'epoch'}
    page.goto(f'{service.root}/T1w/{study.id}?{requests.compat.urlencode(asked)}')
    route = f'{service.root}/api/v2/T1w/records/{study.id}/standing'
    told = requests.get(route, params=asked, timeout=30).json()
    shown = rows(page)
    for one in told['iqms']:
        if one['percentile'] is not None:
            assert f'{one["percentile"]:.1f}' in shown[one['iqm']]
    assert shown['cjv'][1:2] == ['9']
    assert 'worse than 100.0 %' in shown['cjv'][2]


def test_what_is_unusual_comes_first(service, study, page):
    page.goto(f'{service.root}/T1w/{study.id}?{requests.compat.urlencode({"where": study.where})}')
    assert next(iter(rows(page))) == 'cjv'
    assert 'Unusual: 1 of' in page.inner_text('table.standing')


def test_the_closest_peers_that_are_enough_are_chosen(service, study, page):
    page.goto(f'{service.root}/T1w/{study.id}?{requests.compat.urlencode({"where": study.where})}')
    assert page.inner_text('.chips [aria-current]') == 'same epoch, vendor and field strength'
    assert f'{N_PEERS} other images of epoch mriqc-23.1, GE, 1.5 T' in page.inner_text('main')


def test_other_peers_are_a_link_away_and_keep_the_filter(service, study, page):
    page.goto(f'{service.root}/T1w/{study.id}?{requests.compat.urlencode({"where": study.where})}')
    page.get_by_role('link', name='all', exact=True).click()
    assert 'peers=all' in page.url
    assert page.input_value('#where') == study.where
    assert f'{N_PEERS} other images,' in page.inner_text('main')


def test_too_few_peers_are_said_to_be_no_support(service, study, page):
    where = json.dumps({'cjv': {'$gt': 1e9}})
    page.goto(f'{service.root}/T1w/{study.id}?{requests.compat.urlencode({"where": where})}')
    assert 'No support: 0 other images' in page.inner_text('main')


def test_an_image_shows_its_newest_record_and_all_others(service, study, page):
    page.goto(f'{service.root}/scans/{study.md5sum}')
    versions = page.locator('[aria-labelledby=records] tbody tr').all_inner_texts()
    assert ['23.1.0' in versions[0], '22.0.6' in versions[1]] == [True, True]
    assert 'shown here' in versions[0]
    page.locator('[aria-labelledby=records] tbody a').click()
    assert page.inner_text('h1').startswith('T1w record')
    assert 'mriqc 22.0.6' in page.inner_text('.lead')


def test_ratings_are_summed_up(service, study, page):
    page.goto(f'{service.root}/scans/{study.md5sum}')
    assert page.locator('.grades li').all_inner_texts() == [
        '1 exclude',
        '0 poor',
        '1 acceptable',
        '0 excellent',
    ]
    assert '2 ratings' in page.inner_text('[aria-labelledby=ratings]')


def test_an_image_that_was_only_rated_has_a_page(service, page):
    md5sum = uuid.uuid4().hex
    assert rate(service, md5sum, '2').status_code == 201
    page.goto(f'{service.root}/scans/{md5sum}')
    assert '1 rating' in page.inner_text('main')


def test_what_people_wrote_comes_out_as_text(service, study, page):
    for path in (f'/T1w/{study.id}', f'/scans/{study.md5sum}', f'/api/v1/T1w/{study.id}'):
        page.goto(service.root + path)
        assert page.evaluate('window.hacked') is None
        assert EVIL in page.locator('main').text_content()


@pytest.mark.parametrize(
    'path',
    [
        '/T1w/' + 'f' * 24,
        '/no_such/' + 'f' * 24,
        '/docs/' + 'f' * 24,
        '/scans/' + requests.utils.quote(EVIL, safe=''),
        '/scans/' + 'f' * 32,
        '/scans/' + 'f' * 32 + '?resource=T1w',
        '/nothing',
    ],
)
def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(service, path):
    shown = requests.get(service.root + path, headers=AS_BROWSER, timeout=15)
    assert (shown.status_code, 'Nothing here' in shown.text) == (404, True)
    assert '<script>window' not in shown.text
    assert "default-src 'self'" in shown.headers['Content-Security-Policy']
    told = requests.get(service.root + path, timeout=15)
    assert (told.status_code, told.headers['Content-Type'].endswith('json')) == (404, True)


def test_a_filter_that_cannot_be_read_is_explained_on_a_page(service, study):
    shown = requests.get(
        f'{service.root}/T1w/{study.id}', params={'where': '{'}, headers=AS_BROWSER, timeout=15
    )
    assert shown.status_code == 400
    assert 'JSON' in shown.text


@pytest.mark.parametrize(
    'accept', ['*/*', 'application/json', 'application/json, text/html', None]
)
def test_programs_get_json_of_the_frozen_api_as_before(service, accept):
    told = requests.get(f'{service.root}/api/v1/T1w', headers={'Accept': accept}, timeout=15)
    assert told.headers['Content-Type'] == 'application/json'


def test_a_browser_pages_through_the_records_of_the_frozen_api(service, study, page):
    page.goto(f'{service.root}/api/v1/')
    page.get_by_role('link', name='T1w').click()
    page.fill('#where', study.where)
    page.fill('#max_results', '10')
    page.get_by_role('button', name='Show').click()
    assert f'{N_PEERS + 2} in all that match; page 1 of 3' in page.inner_text('.lead')
    page.get_by_role('link', name='Next').click()
    assert 'page 2 of 3' in page.inner_text('.lead')
    page.locator('tbody a').first.click()
    assert page.inner_text('h1').startswith('T1w record')
    href = page.get_by_role('link', name='JSON', exact=True).get_attribute('href')
    told = requests.get(f'{service.root}{href}', headers=AS_BROWSER, timeout=15)
    assert told.json()['bids_meta']['Manufacturer'] == 'GE'


def test_errors_of_the_frozen_api_are_pages_in_browsers(service):
    for path, status in (('T1w?where={', 400), ('T1w/' + 'f' * 24, 404), ('no_such', 404)):
        shown = requests.get(f'{service.root}/api/v1/{path}', headers=AS_BROWSER, timeout=15)
        assert (shown.status_code, shown.text[:15]) == (status, '<!doctype html>')


def test_a_page_of_the_frozen_api_is_never_taken_for_its_json(service, study):
    shown = requests.get(
        f'{service.root}/api/v1/T1w/{study.id}',
        headers=AS_BROWSER | {'Origin': 'null'},
        timeout=15,
    )
    assert 'Accept' in shown.headers['Vary']
    assert 'ETag' not in shown.headers


@pytest.mark.parametrize(('scheme', 'width'), [('light', 1280), ('dark', 390)])
@pytest.mark.parametrize(
    'path', ['/T1w/{id}', '/scans/{md5sum}', '/nothing', '/api/v1/T1w', '/api/v1/T1w/{id}']
)
def test_a_page_fits_and_is_open_to_everybody(service, study, browser, scheme, width, path):
    view = {'viewport': {'width': width, 'height': 900}, 'color_scheme': scheme}
    with watched_page(browser, **view) as watched:
        page = watched.page
        page.goto(service.root + path.format(id=study.id, md5sum=study.md5sum))
        page.wait_for_load_state('networkidle')
        found = Axe().run(page).response['violations']
        is_wider = page.evaluate('document.documentElement.scrollWidth > innerWidth')
    grave = [v['id'] for v in found if v['impact'] in {'serious', 'critical'}]
    noise = [c for c in watched.complaints if '404' not in c]
    assert (grave, noise, watched.foreign(service.root), is_wider) == ([], [], [], False)


def test_a_record_is_useful_without_script(service, study, browser):
    with watched_page(browser, java_script_enabled=False) as watched:
        watched.page.goto(f'{service.root}/T1w/{study.id}')
        assert watched.page.locator('table.standing svg').count() > 50
