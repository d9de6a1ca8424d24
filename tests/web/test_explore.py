"""The page of distributions: its filters, its figures, with and without script."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.web.pages.filters import MISSING, Choice
from tests.browser import watched_page
from tests.live import LiveService


def page(live: LiveService, **asked: str) -> requests.Response:
    return requests.get(f'{live.root}/explore', params=asked, timeout=60)


def test_a_choice_is_written_as_a_filter() -> None:
    choice = Choice({'vendor': 'GE', 'field_strength': '3'}, since='2020-01-31')
    assert json.loads(choice.expression()) == {
        '$and': [{'vendor': 'GE'}, {'field_strength': 3.0}, {'_created': {'$gte': '2020-01-31'}}]
    }


@pytest.mark.parametrize(
    ('own', 'same'),
    [
        ('{"cjv": {"$lt": 1}}', '{"$and": [{"vendor": "G\\"E"}, {"cjv": {"$lt": 1}}]}'),
        ('cjv < 1', '{"$and": [{"vendor": "G\\"E"}, {"cjv": {"$lt": 1}}]}'),
        ('cjv < 1 or cnr > 2', 'vendor == "G\\"E" and (cjv < 1 or cnr > 2)'),
    ],
)
def test_a_filter_of_ones_own_is_added_in_either_language(own: str, same: str) -> None:
    choice = Choice({'vendor': 'G"E'}, where=own)
    assert parse_where(choice.expression()) == parse_where(same)


@pytest.mark.parametrize('own', ['', 'cjv < 1'])
def test_records_that_do_not_say_can_be_chosen(own: str) -> None:
    choice = Choice({'vendor': MISSING}, until='2020-01-31', where=own)
    known = 'vendor == None and _created < datetime(2020, 1, 31)'
    expected = f'{known} and (cjv < 1)' if own else known
    assert parse_where(choice.expression()) == parse_where(expected)


@pytest.mark.parametrize(
    'choice', [Choice({}, since='yesterday'), Choice({'field_strength': 'three'})]
)
def test_a_choice_that_cannot_be_read_is_refused(choice: Choice) -> None:
    with pytest.raises(QueryError):
        choice.expression()


def test_nothing_chosen_is_everything() -> None:
    assert Choice({}).expression() == ''


def options(browser: Browser, live: LiveService, name: str, **asked: str) -> list[str]:
    with watched_page(browser, java_script_enabled=False) as watched:
        watched.page.goto(page(live, **asked).url)
        return watched.page.locator(f'#{name} option').all_inner_texts()


def test_a_filter_offers_the_values_that_occur(demo: LiveService, browser: Browser) -> None:
    assert options(browser, demo, 'vendor', resource='bold') == [
        'any',
        'Siemens (104)',
        'GE (76)',
        'not told (7)',
    ]


def test_counts_are_those_under_the_other_filters(demo: LiveService, browser: Browser) -> None:
    found = options(browser, demo, 'model', resource='bold', vendor='GE')
    assert 'DISCOVERY MR750w (63)' in found
    assert not [text for text in found if 'TrioTim' in text]
    assert 'Siemens (104)' in options(browser, demo, 'vendor', resource='bold', vendor='GE')


def test_a_value_that_does_not_occur_stays_chosen(demo: LiveService) -> None:
    assert 'selected>Toshiba (0)</option>' in page(demo, vendor='Toshiba').text


@pytest.mark.parametrize(
    'asked',
    [
        {'where': 'cjv ='},
        {'view': 'best'},
        {'since': 'yesterday'},
        {'field_strength': 'three'},
        {'where': 'nonsense('},
    ],
)
def test_a_filter_that_cannot_be_read_is_told(demo: LiveService, asked: dict[str, str]) -> None:
    answer = page(demo, **asked)
    assert answer.status_code == 400
    assert 'This filter cannot be understood.' in answer.text
    assert 'role="alert"' in answer.text


def test_a_resource_that_measures_no_image_is_not_there(demo: LiveService) -> None:
    assert page(demo, resource='rating').status_code == 404


@pytest.mark.parametrize('name', ['where', 'vendor', 'iqm', 'by', 'task', 'since', 'x'])
def test_scripts_in_the_address_come_out_as_text(demo: LiveService, name: str) -> None:
    hostile = '"><script>alert(1)</script>'
    assert '<script>alert' not in page(demo, **{name: hostile}).text


def test_the_figures_load_and_are_what_was_asked_for(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser, viewport={'width': 1280, 'height': 900}) as watched:
        watched.page.goto(page(demo, resource='bold', vendor='GE', by='model').url)
        watched.page.wait_for_load_state('networkidle')
        first = watched.page.locator('.gallery img').first
        assert first.evaluate('e => e.naturalWidth') > 0
        asked = parse_qs(urlsplit(str(first.evaluate('e => e.currentSrc'))).query)
    assert (asked['iqm'], asked['by']) == (['fd_mean'], ['model'])
    assert asked['where'] == ['{"vendor": "GE"}']


def test_a_page_does_not_move_while_its_figures_load(demo: LiveService, browser: Browser) -> None:
    script = """() => new Promise((done) => {
        new PerformanceObserver((list) => {
            done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0));
        }).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(0), 500);
    })"""
    for path in ('/', '/explore?resource=bold'):
        with watched_page(browser, viewport={'width': 1280, 'height': 900}) as watched:
            watched.page.goto(demo.root + path)
            watched.page.wait_for_load_state('networkidle')
            assert watched.page.evaluate(script) < 0.01


def test_choosing_shows_the_new_page_and_keeps_the_focus(
    demo: LiveService, browser: Browser
) -> None:
    with watched_page(browser, viewport={'width': 1280, 'height': 900}) as watched:
        shown = watched.page
        shown.goto(page(demo, resource='bold').url)
        shown.locator('#vendor').focus()
        shown.select_option('#vendor', 'GE')
        shown.wait_for_url('**vendor=GE**')
        shown.wait_for_load_state()
        assert parse_qs(urlsplit(shown.url).query) == {
            'resource': ['bold'],
            'vendor': ['GE'],
            'view': ['canonical'],
        }
        assert shown.evaluate('document.activeElement.id') == 'vendor'
        assert watched.complaints == []


def test_the_form_works_without_script(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser, java_script_enabled=False) as watched:
        watched.page.goto(page(demo, resource='bold').url)
        watched.page.select_option('#vendor', 'GE')
        watched.page.get_by_role('button', name='Show').first.click()
        text = watched.page.locator('main .lead').inner_text()
    assert text.startswith('76 bold records')


def test_two_iqms_are_related_by_choosing_them(demo: LiveService, browser: Browser) -> None:
    with watched_page(browser) as watched:
        watched.page.goto(page(demo, resource='bold', vendor='GE').url)
        watched.page.select_option('#y', 'tsnr')
        watched.page.wait_for_url('**y=tsnr**')
        asked = parse_qs(urlsplit(watched.page.url).query)
    assert (asked['x'], asked['y'], asked['vendor']) == (['fd_mean'], ['tsnr'], ['GE'])


def test_all_iqms_have_their_sentence(demo: LiveService) -> None:
    rows: list[dict[str, Any]] = requests.get(
        f'{demo.root}/api/v2/dictionary?resource=bold', timeout=30
    ).json()
    text = page(demo, resource='bold', all='1').text
    measured = [
        r['name'] for r in rows if r['role'] == 'iqm' and r['type'] in {'float', 'integer'}
    ]
    assert len(measured) > 40
    assert [name for name in measured if f'aria-label="{name}"' not in text] == []


def test_a_request_to_copy_gives_what_is_drawn(demo: LiveService, browser: Browser) -> None:
    import subprocess

    with watched_page(browser) as watched:
        watched.page.goto(page(demo, resource='bold', vendor='GE').url)
        watched.page.locator('.gallery details.get').first.locator('summary').click()
        curl = watched.page.locator('.gallery .code').first.locator('pre').inner_text()
    told = subprocess.run(['sh', '-c', f'{curl} --silent'], capture_output=True, check=True).stdout
    assert json.loads(told)['n_used'] == 76
