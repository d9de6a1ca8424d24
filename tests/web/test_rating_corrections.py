"""Corrections, links and receipts: both versions stay, the newest counts, strangers stay out."""

import json
import uuid

import pytest
import requests

from mriqc_webapi.store import audit
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN
from tests.web.asking import payload, upload
from tests.web.rating import correct, get, make_token, post_v1, rate, rated


def link(service, rating, md5sum, **headers):
    url = f'{service.root}/api/v2/ratings/{rating["id"]}/link'
    return requests.post(url, json={'md5sum': md5sum}, headers=headers, timeout=30)


def fetch_receipt(service, record_id, token=TOKEN):
    url = f'{service.root}/api/v2/receipts'
    headers = {'Authorization': token}
    return requests.post(url, json={'id': record_id}, headers=headers, timeout=30)


def test_a_correction_replaces_what_was_sent_and_keeps_the_rest(service) -> None:
    first = rated(service, rating='3', confidence=2, comment='So-so.', name='jane')
    answer = correct(service, first, rating='1.2', confidence=None)
    assert answer.status_code == 201
    told = answer.json()
    assert (told['status'], told['amends'], told['grade']) == ('corrected', first['id'], 'exclude')
    assert told['receipt'] == first['receipt']
    chain = get(service, f'ratings/{first["id"]}')
    now, (before,) = chain['rating'], chain['history']
    assert (now['rating'], now['confidence'], now['comment']) == ('1.2', None, 'So-so.')
    assert now['rater'] == 'jane'
    assert (before['rating'], before['confidence'], before['is_standing']) == ('3', 2, False)


def test_corrections_of_corrections_make_one_chain(service) -> None:
    md5sum = uuid.uuid4().hex
    first = rated(service, rating='3', md5sum=md5sum)
    second = correct(service, first, rating='2').json()
    third = correct(service, second, receipt=first['receipt'], comment='Sure.').json()
    assert third['amends'] == first['id']
    assert get(service, f'ratings/{second["id"]}')['rating']['id'] == third['id']
    told = get(service, f'scans/{md5sum}/ratings')
    assert [r['id'] for r in told['ratings']] == [third['id']]
    assert [r['id'] for r in told['history']] == [second['id'], first['id']]
    assert told['score']['mean'] == 2


def test_each_count_counts_a_chain_once(service) -> None:
    md5sum, session = uuid.uuid4().hex, uuid.uuid4().hex
    first = rated(service, rating='3', md5sum=md5sum, session=session)
    correct(service, first, rating='1')
    asked = {'aggregate': json.dumps({'$value': md5sum})}
    url = f'{service.root}/api/v1/rating_counts'
    items = requests.get(url, params=asked, timeout=30).json()['_items']
    assert items == [{'_id': '1', 'count': 1}]
    assert get(service, 'ratings/activity', session=session)['n_ratings'] == 1
    (label,) = get(service, 'labels', session=session)['items']
    assert (label['n_ratings'], label['consensus']) == (1, 'exclude')
    listed = get(service, 'ratings', session=session, standing='all')['items']
    assert [(r['rating'], r['is_standing']) for r in listed] == [('1', True), ('3', False)]


def test_a_correction_that_changes_nothing_is_none(service) -> None:
    first = rated(service, rating='3')
    answer = correct(service, first, rating=3)
    assert (answer.status_code, answer.json()['status']) == (200, 'unchanged')
    assert get(service, f'ratings/{first["id"]}')['history'] == []


def test_a_correction_sent_twice_is_one(service) -> None:
    first = rated(service, rating='3')
    ids = {correct(service, first, rating='2').json()['id'] for _ in range(2)}
    assert len(ids) == 1


@pytest.mark.parametrize('receipt', ['', 'mrq_', 'mrq_' + '0' * 40, 'x' * 150])
def test_without_its_receipt_nobody_corrects_a_rating(service, receipt) -> None:
    answer = correct(service, rated(service), receipt=receipt, rating='1')
    assert (answer.status_code, answer.json()['code']) == (403, 'bad-receipt')


def test_the_receipt_of_another_rating_does_not_do(service) -> None:
    mine, yours = rated(service), rated(service)
    assert correct(service, yours, receipt=mine['receipt'], rating='1').status_code == 403


@pytest.mark.parametrize(
    ('change', 'issue'),
    [
        ({'rating': '7'}, 'rating'),
        ({'rating': None}, 'rating'),
        ({'_id': '0' * 24}, '_id'),
        ({'amends': '0' * 24}, 'amends'),
        ({'rater': 'x'}, 'rater'),
        ({'confidence': 9}, 'confidence'),
    ],
)
def test_a_correction_obeys_the_rules_of_a_rating(service, change, issue) -> None:
    answer = correct(service, rated(service), **change)
    assert answer.status_code == 422
    assert set(answer.json()['issues']) == {issue}


def test_a_name_may_become_an_address_and_back(service) -> None:
    first = rated(service, name='jane')
    hidden = correct(service, first, name='jane@example.org').json()
    assert hidden['rater'].startswith('rater-')
    kept = correct(service, first, comment='Sure.').json()
    assert kept['rater'] == hidden['rater']
    assert correct(service, first, name='jane').json()['rater'] == 'jane'


def test_artifacts_of_an_old_widget_can_be_corrected(service) -> None:
    id_ = post_v1(service, comment='["head-motion"]', md5sum=uuid.uuid4().hex)
    first = {'id': id_, 'receipt': fetch_receipt(service, id_).json()['receipt']}
    correct(service, first, artifacts=['inu'])
    told = get(service, f'ratings/{id_}')['rating']
    assert (told['artifacts'], told['comment'], told['scale']) == (['inu'], '', 'v2')


class TestLinks:
    """Ratings whose report did not know its image."""

    def test_the_receipt_links_a_rating_to_its_image(self, service) -> None:
        session, md5sum = uuid.uuid4().hex, uuid.uuid4().hex
        lost = rated(service, md5sum='unspecified', session=session)
        assert lost['md5sum'] is None
        assert len(get(service, 'ratings', session=session, linked=False)['items']) == 1
        answer = link(service, lost, md5sum, Receipt=lost['receipt'])
        assert (answer.status_code, answer.json()['md5sum']) == (201, md5sum)
        assert get(service, 'ratings', session=session, linked=False)['items'] == []
        told = get(service, f'scans/{md5sum}/ratings')
        assert (told['n_ratings'], [r['id'] for r in told['history']]) == (1, [lost['id']])

    def test_an_admin_links_without_seeing_the_receipt(self, service) -> None:
        lost, md5sum = rated(service, md5sum='unspecified'), uuid.uuid4().hex
        answer = link(service, lost, md5sum, Authorization=make_token(service, 'admin'))
        assert answer.status_code == 201
        assert (answer.json()['md5sum'], answer.json()['receipt']) == (md5sum, None)

    def test_the_link_of_an_admin_is_noted_with_its_reason(self, service) -> None:
        lost, md5sum = rated(service, md5sum='unspecified'), uuid.uuid4().hex
        url = f'{service.root}/api/v2/ratings/{lost["id"]}/link'
        headers = {'Authorization': make_token(service, 'admin')}
        body = {'md5sum': md5sum, 'why': 'The rater told.'}
        for status in (201, 200):
            answer = requests.post(url, json=body, headers=headers, timeout=30)
            assert answer.status_code == status
        with Store.open(service.database) as store, store.read() as tx:
            noted = [e for e in audit.newest(tx) if md5sum in e.what]
        assert [(e.act, e.what, e.why) for e in noted] == [
            ('link', f'{lost["id"]} to {md5sum}', 'The rater told.')
        ]
        assert noted[0].who.startswith('token ')
        told = get(service, f'scans/{md5sum}/ratings')
        assert (told['n_ratings'], [r['id'] for r in told['history']]) == (1, [lost['id']])

    def test_the_link_of_a_rater_is_no_act_of_an_operator(self, service) -> None:
        lost, md5sum = rated(service, md5sum='unspecified'), uuid.uuid4().hex
        link(service, lost, md5sum, Receipt=lost['receipt'])
        with Store.open(service.database) as store, store.read() as tx:
            assert not [e for e in audit.newest(tx) if md5sum in e.what]

    def test_whoever_may_rate_may_not_link(self, service) -> None:
        lost = rated(service, md5sum='unspecified')
        assert link(service, lost, 'x', Authorization=TOKEN).status_code == 403
        assert link(service, lost, 'x').status_code == 401
        assert link(service, lost, 'x', Receipt='mrq_').status_code == 403

    def test_a_linked_rating_stays_with_its_image(self, service) -> None:
        mine, other = rated(service), uuid.uuid4().hex
        again = link(service, mine, mine['md5sum'], Receipt=mine['receipt'])
        assert (again.status_code, again.json()['status']) == (200, 'unchanged')
        for answer in (
            link(service, mine, other, Receipt=mine['receipt']),
            correct(service, mine, md5sum=other),
            correct(service, mine, md5sum='unspecified'),
        ):
            assert (answer.status_code, answer.json()['code']) == (409, 'linked-rating')

    @pytest.mark.parametrize(
        'body',
        [{}, {'md5sum': ''}, {'md5sum': ' '}, {'md5sum': 1}, [], {'md5sum': 'x', 'rating': '1'}],
    )
    def test_a_link_names_an_image_and_nothing_else(self, service, body) -> None:
        lost = rated(service, md5sum='unspecified')
        url = f'{service.root}/api/v2/ratings/{lost["id"]}/link'
        headers = {'Receipt': lost['receipt']}
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        assert answer.status_code in {400, 422}


class TestReceipts:
    """`/receipts`, and receipts in other answers."""

    def test_every_upload_to_the_current_api_has_one(self, service) -> None:
        answers = [upload(service, [payload(), payload()]) for _ in range(2)]
        results = [r for answer in answers for r in answer.json()['results']]
        assert len({r['receipt'] for r in results}) == len(results) == 4

    def test_an_upload_that_is_sent_again_gets_the_same_one(self, service) -> None:
        document, key = payload(), str(uuid.uuid4())
        first, again = (
            upload(service, document, Idempotency_Key=key).json()['results'][0] for _ in range(2)
        )
        assert (again['status'], again['receipt']) == ('replayed', first['receipt'])

    def test_what_was_refused_has_none(self, service) -> None:
        results = upload(service, [payload(), {}]).json()['results']
        assert 'receipt' in results[0]
        assert 'receipt' not in results[1]

    def test_the_frozen_api_tells_none_but_its_token_fetches_it(self, service) -> None:
        id_ = post_v1(service)
        answer = fetch_receipt(service, id_)
        assert answer.status_code == 200
        assert answer.headers['Cache-Control'] == 'no-store'
        receipt = answer.json()['receipt']
        assert correct(service, {'id': id_, 'receipt': receipt}, rating='1').status_code == 201

    def test_it_is_the_one_that_the_upload_was_answered_with(self, service) -> None:
        (result,) = upload(service, payload()).json()['results']
        found = fetch_receipt(service, result['id']).json()
        assert found == {'id': result['id'], 'receipt': result['receipt']}

    def test_another_token_does_not_fetch_it(self, service) -> None:
        answer = fetch_receipt(service, post_v1(service), make_token(service, 'submit', 'rate'))
        assert (answer.status_code, answer.json()['code']) == (403, 'bad-receipt')

    def test_the_same_token_elsewhere_does_not_fetch_it(self, service) -> None:
        url = f'{service.root}/api/v2/receipts'
        headers = {'Authorization': TOKEN, 'X-Forwarded-For': '198.51.100.7'}
        body = {'id': post_v1(service)}
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()['code']) == (403, 'bad-receipt')

    def test_no_token_fetches_none(self, service) -> None:
        assert fetch_receipt(service, post_v1(service), 'nonsense').status_code == 401

    @pytest.mark.parametrize(('record_id', 'status'), [('0' * 24, 404), ('x', 404), (7, 422)])
    def test_a_record_that_is_not_there_has_none(self, service, record_id, status) -> None:
        assert fetch_receipt(service, record_id).status_code == status

    def test_no_receipt_is_told_to_readers(self, service) -> None:
        session = uuid.uuid4().hex
        told = rated(service, session=session)
        (result,) = upload(service, payload()).json()['results']
        secrets = {told['receipt'], result['receipt']}
        paths = (
            f'v1/rating/{told["id"]}',
            f'v2/ratings/{told["id"]}',
            f'v2/ratings?session={session}',
            f'v2/scans/{told["md5sum"]}/ratings',
            'v2/rating/export.ndjson',
            f'v2/T1w/records/{result["id"]}',
        )
        for path in paths:
            text = requests.get(f'{service.root}/api/{path}', timeout=30).text
            assert not any(secret in text for secret in secrets), path


def test_a_chosen_id_is_taken_once(service) -> None:
    id_ = uuid.uuid4().hex[:24]
    assert rate(service, _id=id_).json()['id'] == id_
    answer = rate(service, _id=id_)
    assert (answer.status_code, answer.json()['code']) == (409, 'duplicate-id')


JUNK = [{}, [], [[]], {'$gt': 1}, '', ' ', '\0', 'x' * 5000, True, 0, -1, 1e308, 2**70, [None, 1]]
MEMBERS = ['rating', 'md5sum', 'scale', 'name', 'comment', 'artifacts', 'confidence', 'time_s']


@pytest.mark.parametrize('member', [*MEMBERS, 'modality', 'version', 'session', 'defaced', 'more'])
def test_junk_is_taken_or_refused_and_never_a_fault(service, member) -> None:
    lost = rated(service, md5sum='unspecified')
    for junk in JUNK:
        for answer in (rate(service, **{member: junk}), correct(service, lost, **{member: junk})):
            assert answer.status_code in {200, 201, 409, 422}, (junk, answer.text)
    chain = get(service, f'ratings/{lost["id"]}')
    assert chain['rating']['is_standing']
