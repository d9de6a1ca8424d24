"""Taking records back over HTTP."""

import uuid

import pytest
import requests

from tests.live import LiveService
from tests.web.asking import payload, upload
from tests.web.rating import rated


def sent(service, document=None, **headers):
    """Send a record that is taken; give the answer."""
    answer = upload(service, document or payload(), **headers)
    assert answer.status_code == 201, answer.text
    return answer.json()['results'][0]


def ask(service, path, body):
    return requests.post(f'{service.root}/api/v2/{path}', json=body, timeout=60)


def withdraw(service, record, **given):
    return ask(service, 'withdrawals', {'id': record['id'], 'receipt': record['receipt']} | given)


def state(service, *pairs):
    items = [{'id': p['id'], 'receipt': p['receipt']} for p in pairs]
    return ask(service, 'receipts/state', {'items': items}).json()['items']


@pytest.mark.parametrize(
    'path',
    ['v1/T1w/{id}', 'v2/T1w/records/{id}', 'v1/T1w?where={{"_id":"{id}"}}', 'v2/scans/{md5}'],
)
def test_a_withdrawn_record_is_gone_from_reading_routes(service, path) -> None:
    document = payload()
    record = sent(service, document)
    withdraw(service, record)
    md5sum = document['provenance']['md5sum']
    url = f'{service.root}/api/{path.format(id=record["id"], md5=md5sum)}'
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 404 or record['etag'] not in answer.text


def test_what_is_answered_tells_of_the_withdrawal(service) -> None:
    record = sent(service)
    first, again = withdraw(service, record), withdraw(service, record)
    told = first.json()
    assert (first.status_code, told['status'], told['state']) == (200, 'withdrawn', 'withdrawn')
    assert again.json() == told | {'status': 'unchanged'}


def test_the_feed_tells_mirrors_of_it(service) -> None:
    record = sent(service)
    began = requests.get(f'{service.root}/api/v2/T1w/records?limit=1', timeout=60).json()['since']
    withdraw(service, record)
    url = f'{service.root}/api/v2/T1w/records'
    items = requests.get(url, params={'since': began}, timeout=60).json()['items']
    gone = [item['id'] for item in items if item['type'] == 'withdrawn']
    assert record['id'] in gone


def test_a_record_is_deleted_with_its_receipt_as_a_header(service) -> None:
    record = sent(service)
    url = f'{service.root}/api/v2/T1w/records/{record["id"]}'
    assert requests.delete(url, timeout=60).status_code == 403
    answer = requests.delete(url, headers={'Receipt': record['receipt']}, timeout=60)
    assert (answer.status_code, answer.json()['status']) == (200, 'withdrawn')


def test_a_record_is_deleted_under_its_own_resource_only(service) -> None:
    record = sent(service)
    url = f'{service.root}/api/v2/bold/records/{record["id"]}'
    headers = {'Receipt': record['receipt']}
    assert requests.delete(url, headers=headers, timeout=60).status_code == 404
    assert state(service, record)[0]['state'] == 'standing'


def test_a_wrong_receipt_opens_nothing(service) -> None:
    record, other = sent(service), sent(service)
    answer = withdraw(service, record, receipt=other['receipt'])
    assert (answer.status_code, answer.json()['code']) == (403, 'bad-receipt')


def test_a_rating_is_corrected_instead(service) -> None:
    answer = withdraw(service, rated(service))
    assert (answer.status_code, answer.json()['code']) == (409, 'rating-stays')


def test_ratings_by_others_keep_a_record(service) -> None:
    document = payload()
    record = sent(service, document)
    elsewhere = {'X-Forwarded-For': '198.51.100.7'}
    rated(service, md5sum=document['provenance']['md5sum'], headers=elsewhere)
    assert withdraw(service, record).json()['code'] == 'rated'
    (told,) = state(service, record)
    assert (told['withdrawable'], told['problem']['code']) == (False, 'rated')


def test_a_late_retry_is_told_that_it_was_withdrawn(service) -> None:
    document, key = payload(), uuid.uuid4().hex
    withdraw(service, sent(service, document, Idempotency_Key=key))
    answer = upload(service, document, Idempotency_Key=key)
    assert (answer.status_code, answer.json()['code']) == (409, 'withdrawn')


def test_states_come_in_the_order_asked_for(service) -> None:
    standing, gone = sent(service), sent(service)
    withdraw(service, gone)
    unknown = {'id': '0' * 24, 'receipt': 'x'}
    wrong = {'id': standing['id'], 'receipt': 'x'}
    told = state(service, gone, standing, unknown, wrong)
    assert [t['state'] for t in told] == ['withdrawn', 'standing', 'unknown', 'unknown']
    assert [t['withdrawable'] for t in told] == [False, True, False, False]
    assert [t['problem'] and t['problem']['code'] for t in told[2:]] == [
        'not-found',
        'bad-receipt',
    ]


def test_a_new_contact_is_shown_to_nobody(service) -> None:
    record = sent(service)
    email = f'{uuid.uuid4().hex}@example.org'
    body = {'id': record['id'], 'receipt': record['receipt'], 'email': email}
    assert ask(service, 'receipts/contact', body).status_code == 200
    for path in (f'v1/T1w/{record["id"]}', f'v2/T1w/records/{record["id"]}'):
        assert email not in requests.get(f'{service.root}/api/{path}', timeout=60).text


@pytest.mark.parametrize('path', ['withdrawals', 'receipts/state', 'receipts/contact'])
@pytest.mark.parametrize('body', [None, [], {}, {'id': 7}, {'items': [1]}, {'items': {}}, 'x'])
def test_junk_is_refused(service: LiveService, path: str, body: object) -> None:
    assert ask(service, path, body).status_code in {400, 422}


@pytest.mark.parametrize('email', ['', '@', 'x', 'a@b\nc', 'x' * 300 + '@y.org', 7])
def test_an_address_that_is_none_is_refused_or_removes_the_contact(service, email) -> None:
    record = sent(service)
    body = {'id': record['id'], 'receipt': record['receipt'], 'email': email}
    assert ask(service, 'receipts/contact', body).status_code == (422 if email else 200)
