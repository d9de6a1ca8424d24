"""The pages about the archive itself: ratings, dictionary, drift, about."""

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from mriqc_webapi.web.pages.about import contact_of
from tests.browser import watched_page
from tests.live import LiveService
from tests.web.asking import AUTHORIZATION, payload, upload

EVIL = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">"\'{{7*7}}'


@pytest.fixture
def page(browser: Browser):
    """A page that has complained of nothing in the end."""
    with watched_page(browser) as watched:
        yield watched.page
    assert watched.complaints == []


@pytest.fixture
def scriptless(browser: Browser):
    """A page in a browser that runs no scripts."""
    with watched_page(browser, java_script_enabled=False) as watched:
        yield watched.page


def rate(service: LiveService, **members: Any) -> dict[str, Any]:
    answer = requests.post(
        f'{service.root}/api/v2/ratings',
        json={'rating': '3.05', **members},
        headers=AUTHORIZATION | {'Idempotency-Key': uuid.uuid4().hex},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ask(live: LiveService, path: str, **asked: Any) -> Any:
    return requests.get(f'{live.root}/api/v2/{path}', params=asked, timeout=60).json()


def numbers(page: Page) -> dict[str, str]:
    cards = page.locator('.stat').all()
    return {c.locator('span').inner_text(): c.locator('b').inner_text() for c in cards}


def test_ratings_are_counted_as_the_api_does(demo: LiveService, scriptless: Page) -> None:
    scriptless.goto(demo.root + '/ratings')
    told = ask(demo, 'ratings/activity')
    shown = numbers(scriptless)
    assert shown['ratings'] == f'{told["n_ratings"]:,}'
    assert shown['rated images'] == f'{told["n_images"]:,}'


def test_agreement_is_told_with_its_interval_and_n(demo: LiveService, scriptless: Page) -> None:
    scriptless.goto(demo.root + '/ratings')
    told = ask(demo, 'ratings/agreement')['overall']
    table = scriptless.get_by_role('region', name='Agreement over all raters')
    shown = table.locator('tbody tr').first.inner_text()
    alpha = told['alpha']
    assert f'{alpha["value"]:.2f} ({alpha["low"]:.2f} to {alpha["high"]:.2f})' in shown
    assert str(told['n_shared']) in shown
    assert scriptless.get_by_role('region', name='Raters', exact=True).locator(
        'tbody tr'
    ).count() == len(told['pairs'])


def test_ratings_are_paged_from_the_newest_to_the_oldest(
    demo: LiveService, scriptless: Page
) -> None:
    told = ask(demo, 'ratings', linked='true', limit=1000)['items']
    scriptless.goto(demo.root + '/ratings')
    found: list[str | None] = []
    while True:
        rows = scriptless.get_by_role('region', name='Latest ratings').locator('tbody tr')
        links = rows.get_by_role('link', name='JSON').all()
        found += [link.get_attribute('href') for link in links]
        older = scriptless.get_by_role('link', name='Older')
        if not older.count():
            break
        scriptless.goto(demo.root + str(older.get_attribute('href')))
    assert found == [f'/api/v2/ratings/{rating["id"]}' for rating in told]


def test_a_filter_narrows_figures_tables_and_labels(demo: LiveService, page: Page) -> None:
    day = '2017-09-10'
    page.goto(demo.root + '/ratings')
    page.fill('#since', day)
    page.locator('#since').dispatch_event('change')
    page.wait_for_url('**since=**')
    told = ask(demo, 'ratings/activity', since=day)['n_ratings']
    assert 0 < told < ask(demo, 'ratings/activity')['n_ratings']
    assert numbers(page)['ratings'] == str(told)
    source = page.locator('.figure img').first.evaluate('e => e.currentSrc')
    assert parse_qs(urlsplit(source).query)['since'] == [day]
    assert f'since={day}' in str(page.get_by_role('link', name='CSV').last.get_attribute('href'))


@pytest.mark.parametrize(
    'asked', ['scale=v9', 'since=yesterday', 'cursor=abc', 'by=rater', 'loose=AAAA']
)
def test_a_choice_that_cannot_be_read_is_told(demo: LiveService, asked: str) -> None:
    answer = requests.get(f'{demo.root}/ratings?{asked}', timeout=60)
    assert answer.status_code == 400
    assert 'This choice cannot be understood.' in answer.text


def test_a_rating_without_an_image_is_listed_apart(service: LiveService, scriptless: Page) -> None:
    linked = rate(service, md5sum=uuid.uuid4().hex)
    loose = rate(service)
    scriptless.goto(service.root + '/ratings')
    latest = scriptless.get_by_role('region', name='Latest ratings').inner_html()
    apart = scriptless.get_by_role('region', name='Ratings without an image').inner_html()
    assert [linked['id'] in latest, loose['id'] in latest] == [True, False]
    assert [linked['id'] in apart, loose['id'] in apart] == [False, True]


def test_scripts_in_ratings_come_out_as_text(service: LiveService, page: Page) -> None:
    rate(service, md5sum=uuid.uuid4().hex, name=EVIL, comment=EVIL, artifacts=[EVIL])
    rate(service, name=EVIL, comment=EVIL)
    page.goto(service.root + '/ratings')
    page.wait_for_load_state('networkidle')
    assert page.evaluate('window.hacked') is None
    assert page.get_by_text(EVIL).count() >= 4


def test_scripts_in_what_drifts_come_out_as_text(service: LiveService, page: Page) -> None:
    software, field = f'{uuid.uuid4().hex} {EVIL}', '<b onclick=alert(1)>{{7*7}}'
    document = payload(software=software, version=EVIL) | {field: EVIL}
    assert upload(service, document).status_code == 201
    page.goto(service.root + '/drift')
    assert page.evaluate('window.hacked') is None
    section = page.locator('section', has_text=software[:32])
    assert '<script>window.hacked = 1' in section.locator('h2').inner_text()
    assert field in section.locator('tbody').inner_text()


def test_a_new_version_is_on_top_with_what_it_brings(
    service: LiveService, scriptless: Page
) -> None:
    version = f'99.{uuid.uuid4().int % 10**6}.0'
    document = payload(version=version) | {'brand_new': 1.5}
    document['bids_meta']['EchoTime'] = 'short'
    assert upload(service, document).status_code == 201
    scriptless.goto(f'{service.root}/drift?resource=T1w&software=mriqc&version={version}')
    rows = scriptless.locator('.drift tbody tr').all_inner_texts()
    assert [row for row in rows if 'brand_new' in row and 'not in the catalogue' in row]
    assert [row for row in rows if 'bids_meta.EchoTime' in row and 'of another type' in row]


def test_the_api_tells_what_is_new_first(service: LiveService) -> None:
    assert upload(service, payload(version='98.0.0') | {'novel': 1}).status_code == 201
    days = [row['first_day'] for row in ask(service, 'drift', order='newest')]
    assert days == sorted(days, reverse=True)


def test_a_field_that_drifts_leads_to_its_meaning(demo: LiveService, page: Page) -> None:
    page.goto(demo.root + '/drift')
    page.get_by_role('link', name='bids_meta.PartialFourier').click()
    page.wait_for_url('**/dictionary/T2w#bids_meta.PartialFourier')
    target = page.locator('tbody:target')
    assert 'bids_meta.PartialFourier' in target.inner_text()
    assert target.evaluate('e => e.getBoundingClientRect().top < innerHeight')


def test_a_resource_without_drift_says_so(demo: LiveService, scriptless: Page) -> None:
    scriptless.goto(demo.root + '/drift?resource=dwi')
    assert 'Nothing of this choice deviates.' in scriptless.inner_text('main')


@pytest.mark.parametrize('path', ['/drift?resource=nope', '/dictionary/nope'])
def test_an_unknown_resource_is_not_found(demo: LiveService, path: str) -> None:
    assert requests.get(demo.root + path, timeout=30).status_code == 404


def test_every_iqm_is_in_the_dictionary_under_its_own_address(
    demo: LiveService, scriptless: Page
) -> None:
    scriptless.goto(demo.root + '/dictionary')
    shown = scriptless.locator('.dictionary tbody').evaluate_all('all => all.map((e) => e.id)')
    iqms = [row['name'] for row in ask(demo, 'dictionary') if row['role'] == 'iqm']
    assert len(shown) == len(set(shown))
    assert set(shown) == set(iqms)


@pytest.mark.parametrize('resource', ['T1w', 'rating', 'nipype_telemetry', 'dwi'])
def test_every_field_of_a_resource_is_on_its_page(
    demo: LiveService, scriptless: Page, resource: str
) -> None:
    scriptless.goto(f'{demo.root}/dictionary/{resource}')
    shown = scriptless.locator('.dictionary tbody').evaluate_all('all => all.map((e) => e.id)')
    rows = ask(demo, 'dictionary', resource=resource)
    assert sorted(shown) == sorted(row['name'] for row in rows)
    text = scriptless.inner_text('main')
    assert [row['meaning'] for row in rows if row['meaning'].replace('`', '') not in text] == []


def test_an_entry_leads_to_its_distribution(demo: LiveService, page: Page) -> None:
    page.goto(demo.root + '/dictionary#fd_mean')
    page.locator('tbody:target').get_by_role('link', name='bold').click()
    page.wait_for_url('**/explore?resource=bold&iqm=fd_mean#large')
    expect(page.locator('#large')).to_contain_text('fd_mean')


def test_the_search_shows_the_same_with_and_without_script(
    demo: LiveService, page: Page, scriptless: Page
) -> None:
    page.goto(demo.root + '/dictionary')
    page.get_by_label('Search', exact=True).press_sequentially('noise grey')
    scriptless.goto(demo.root + '/dictionary')
    scriptless.fill('#q', 'noise grey')
    with scriptless.expect_navigation():
        scriptless.get_by_role('button', name='Search').click()
    with_script = page.locator('.dictionary tbody:visible').evaluate_all('l => l.map(e => e.id)')
    without = scriptless.locator('.dictionary tbody').evaluate_all('l => l.map(e => e.id)')
    assert with_script == without
    assert 0 < len(without) < 20
    assert parse_qs(urlsplit(page.url).query) == parse_qs(urlsplit(scriptless.url).query)
    assert (
        page.locator('[role=status]').inner_text()
        == scriptless.locator('[role=status]').inner_text()
    )


def test_a_search_in_the_address_can_be_changed(demo: LiveService, page: Page) -> None:
    page.goto(demo.root + '/dictionary?q=tsnr')
    assert page.locator('.dictionary tbody').count() == 1
    page.fill('#q', 'cjv')
    page.keyboard.press('Enter')
    page.wait_for_url('**q=cjv')
    assert page.locator('.dictionary tbody').first.get_attribute('id') == 'cjv'


def test_a_search_for_nothing_known_helps_on(demo: LiveService) -> None:
    answer = requests.get(demo.root + '/dictionary', params={'q': EVIL}, timeout=30)
    assert 'No name, meaning or source has' in answer.text
    assert '<script>window' not in answer.text


def test_the_values_of_an_iqm_are_those_of_the_summary(
    demo: LiveService, scriptless: Page
) -> None:
    scriptless.goto(demo.root + '/dictionary/bold')
    scriptless.get_by_role('link', name='With the values that the archive holds').click()
    told = ask(demo, 'bold/summary', view='canonical')
    found = next(part for part in told['iqms'] if part['iqm'] == 'tsnr')
    known = {p['p']: p['value'] for p in found['percentiles']}
    row = scriptless.locator('tbody#tsnr').inner_text()
    assert f'{known[5.0]:.3g} to {known[95.0]:.3g}' in row
    assert f'{told["n_used"]:,} records' in scriptless.inner_text('main')


def test_epochs_and_scanners_are_told(demo: LiveService, page: Page) -> None:
    page.goto(demo.root + '/dictionary')
    text = page.inner_text('main')
    assert 'mriqc-23.1' in text
    page.locator('summary', has_text='Siemens').click()
    expect(page.get_by_role('region', name='Models of Siemens')).to_contain_text('Prisma')


def test_the_rules_of_sharing_and_privacy_are_told(demo: LiveService, scriptless: Page) -> None:
    scriptless.goto(demo.root + '/about')
    text = scriptless.inner_text('main')
    for told in ('CC0', 'twelve months', 'E-mail addresses', '10.1038/s41597-019-0035-4'):
        assert told in text


def test_the_contact_that_is_set_is_shown(tmp_path: Path) -> None:
    with LiveService(tmp_path, contact='https://example.org/"><script>') as live:
        text = requests.get(live.root + '/about', timeout=30).text
    assert 'href="https://example.org/&#34;&gt;&lt;script&gt;"' in text


@pytest.mark.parametrize(
    ('text', 'href'),
    [
        ('qc@example.org', 'mailto:qc@example.org'),
        ('https://example.org', 'https://example.org'),
        ('javascript:alert(1)', ''),
        ('The imaging core, room 5', ''),
    ],
)
def test_only_addresses_become_links(text: str, href: str) -> None:
    contact = contact_of(text)
    assert contact is not None
    assert contact.href == href


def test_no_contact_is_none() -> None:
    assert contact_of('  ') is None


def test_pages_of_an_empty_archive_say_what_to_do(tmp_path: Path) -> None:
    with LiveService(tmp_path) as live:
        found = {
            path: requests.get(live.root + path, timeout=60)
            for path in ('/ratings', '/drift', '/dictionary/T1w?range=1', '/about')
        }
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(
        found, 200
    )
    assert 'Nobody has rated an image yet.' in found['/ratings'].text
    assert 'Nothing deviates' in found['/drift'].text
    assert 'holds no T1w records yet' in found['/dictionary/T1w?range=1'].text


def test_the_api_is_not_shadowed_by_the_pages(demo: LiveService) -> None:
    for path in ('ratings', 'dictionary', 'drift'):
        answer = requests.get(f'{demo.root}/api/v2/{path}', timeout=30)
        assert json.loads(answer.text)
