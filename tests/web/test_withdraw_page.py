"""Taking a record back in a browser."""

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser import watched_page
from tests.web.asking import payload, upload
from tests.web.rating import rated


def sent(service):
    return upload(service, payload()).json()['results'][0]


def fill_in(page, root, record, receipt=None):
    page.goto(f'{root}/withdraw')
    page.get_by_label('Id of the record').fill(record['id'])
    page.get_by_label('Its receipt').fill(receipt or record['receipt'])
    page.get_by_role('button', name='Look it up').click()


def is_there(service, record):
    url = f'{service.root}/api/v1/T1w/{record["id"]}'
    return requests.get(url, timeout=30).status_code == 200


@pytest.mark.parametrize('script', [True, False])
def test_a_record_is_shown_and_then_withdrawn(service, browser: Browser, script) -> None:
    record = sent(service)
    with watched_page(browser, java_script_enabled=script) as watched:
        fill_in(watched.page, service.root, record)
        expect(watched.page.locator('main')).to_contain_text('Withdraw it for good?')
        assert is_there(service, record)
        watched.page.get_by_role('button', name='Withdraw the record').click()
        expect(watched.page.get_by_role('status')).to_contain_text('Done.')
        assert watched.complaints == []
    assert not is_there(service, record)


def test_it_can_be_left(service, browser: Browser) -> None:
    record = sent(service)
    with watched_page(browser) as watched:
        fill_in(watched.page, service.root, record)
        watched.page.get_by_role('link', name='Leave it').click()
        expect(watched.page.get_by_label('Its receipt')).to_have_value('')
    assert is_there(service, record)


def test_a_wrong_receipt_is_explained_and_what_was_typed_stays(service, browser) -> None:
    record = sent(service)
    with watched_page(browser) as watched:
        fill_in(watched.page, service.root, record, 'mrq_wrong')
        expect(watched.page.get_by_role('alert')).to_contain_text('not the receipt')
        expect(watched.page.get_by_label('Id of the record')).to_have_value(record['id'])


def test_a_rating_is_not_offered(service, browser: Browser) -> None:
    with watched_page(browser) as watched:
        fill_in(watched.page, service.root, rated(service))
        expect(watched.page.get_by_role('status')).to_contain_text('correct it')
        assert watched.page.get_by_role('button', name='Withdraw the record').count() == 0


@pytest.mark.parametrize(
    ('form', 'status'),
    [
        ({}, 404),
        ({'id': 'x', 'receipt': 'y', 'sure': 'yes'}, 404),
        ({'id': '<script>', 'receipt': '"'}, 404),
    ],
)
def test_junk_is_answered_by_the_form(service, form, status) -> None:
    answer = requests.post(f'{service.root}/withdraw', data=form, timeout=30)
    assert (answer.status_code, 'Look it up' in answer.text) == (status, True)
    assert '<script>' not in answer.text
    assert answer.headers['Cache-Control'] == 'no-store'
