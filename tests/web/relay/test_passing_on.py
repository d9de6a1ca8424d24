"""A relay and the archive behind it, over real sockets: nothing is lost, nothing comes twice."""

import socket
import time
import uuid

import requests

from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store
from tests.live import TOKEN, LiveService
from tests.misbehaving import MisbehavingProxy, at_random
from tests.relaying import LiveRelay, get, post, wait_until
from tests.web.asking import count_of, payload
from tests.web.relay.conftest import RELAY_TOKEN, admit_relay


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def relay_to(root: str, folder, *options: str, **settings) -> LiveRelay:
    return LiveRelay(folder, '--to', root, '--token', RELAY_TOKEN, *options, **settings)


def ids_in(live: LiveService) -> list[str]:
    with Store.open(live.database) as store, store.read() as tx:
        return [c.id for c in records.changes(tx, after=0, limit=100_000) if c.doc]


def test_a_record_given_to_the_relay_arrives_with_its_id_and_date(upstream, folder, store_url):
    with relay_to(upstream.root, folder, database=store_url) as relay:
        id = post(relay, payload())['_id']
        wait_until(lambda: relay.counts() == {'sent': 1})
        here, there = get(relay, id), get(upstream, id)
    assert there == here


def test_what_came_in_while_the_archive_was_away_arrives_when_it_is_back(folder, tmp_path):
    port = free_port()
    archive = LiveService(tmp_path / 'archive')
    archive.command += ['--port', str(port)]
    admit_relay(archive)
    with relay_to(f'http://127.0.0.1:{port}', folder) as relay:
        sent = [post(relay, payload())['_id'] for _ in range(5)]
        wait_until(lambda: 'cannot be reached' in relay.summary().problem)
        wait_until(lambda: relay.counts() == {'pending': 5})
        with archive:
            wait_until(lambda: relay.counts() == {'sent': 5})
    assert sorted(ids_in(archive)) == sorted(sent)


def test_through_a_bad_network_each_record_arrives_once(upstream, folder):
    md5sum = uuid.uuid4().hex
    choose = at_random(0.4, seed=5)
    with MisbehavingProxy(upstream.root, choose) as proxy, relay_to(proxy.root, folder) as relay:
        for _ in range(25):
            post(relay, payload(md5sum=md5sum))
        wait_until(lambda: relay.counts() == {'sent': 25})
        assert {s.manner for s in proxy.seen} > {'behave', 'lose'}
    assert count_of(upstream, md5sum) == 25


def test_a_relay_that_is_killed_again_and_again_loses_and_doubles_nothing(upstream, folder):
    md5sum = uuid.uuid4().hex
    sent: list[str] = []
    for _ in range(3):
        relay = relay_to(upstream.root, folder).start()
        sent += [post(relay, payload(md5sum=md5sum))['_id'] for _ in range(15)]
        relay.kill()
    with relay_to(upstream.root, folder) as relay:
        wait_until(lambda: relay.counts() == {'sent': len(sent)})
    assert count_of(upstream, md5sum) == len(sent)
    assert all(get(upstream, id)['_id'] == id for id in sent)


def test_what_arrived_but_was_not_noted_is_recognised_even_under_another_token(upstream, folder):
    relay = relay_to(upstream.root, folder, '--hold')
    with relay:
        id = post(relay, payload())['_id']
        wait_until(lambda: relay.counts() == {'held': 1})
        document = get(relay, id)
    answer = requests.post(
        f'{upstream.root}/api/v2/T1w/records',
        json={k: v for k, v in document.items() if k not in {'_etag', '_links', '_updated'}},
        headers={'Authorization': RELAY_TOKEN, 'Idempotency-Key': 'of somebody else'},
        timeout=15,
    )
    assert answer.status_code == 201
    with relay:
        relay.run('approve', '--all')
        wait_until(lambda: relay.counts() == {'sent': 1})


def test_another_record_under_the_same_id_is_refused_and_said_so(upstream, folder):
    with relay_to(upstream.root, folder, '--hold') as relay:
        id = post(relay, payload())['_id']
        taken = payload() | {'_id': id}
        requests.post(
            f'{upstream.root}/api/v2/T1w/records',
            json=taken,
            headers={'Authorization': RELAY_TOKEN},
            timeout=15,
        )
        wait_until(lambda: relay.counts() == {'held': 1})
        relay.run('approve', id)
        wait_until(lambda: relay.counts() == {'refused': 1})
        assert 'is there already' in next(iter(relay.summary().reasons))


def test_without_the_scope_relay_the_id_is_kept_and_the_date_is_not(folder, tmp_path):
    archive = LiveService(tmp_path / 'archive')
    archive.make_token()
    with archive, LiveRelay(folder, '--keep') as relay:
        id = post(relay, payload())['_id']
        wait_until(lambda: relay.counts() == {'kept': 1})
        relay.stop()
        time.sleep(1.1)  # dates are whole seconds
        relay.command = ['relay', '--to', archive.root, '--token', TOKEN]
        relay.start()
        relay.run('approve', id)
        wait_until(lambda: relay.counts() == {'sent': 1})
        assert get(archive, id)['_created'] > get(relay, id)['_created']


def test_a_rating_and_its_correction_arrive_as_they_are(upstream, folder):
    with relay_to(upstream.root, folder) as relay:
        rating = {'md5sum': uuid.uuid4().hex, 'rating': '3', 'name': 'jane.doe@example.org'}
        token = {'Authorization': '<secret_token>'}
        answer = requests.post(
            f'{relay.root}/api/v2/ratings', json=rating, headers=token, timeout=15
        ).json()
        corrected = requests.patch(
            f'{relay.root}/api/v2/ratings/{answer["id"]}',
            json={'rating': '1'},
            headers={'Receipt': answer['receipt']},
            timeout=15,
        ).json()
        wait_until(lambda: relay.counts() == {'sent': 2})
        asked = f'/api/v2/scans/{rating["md5sum"]}/ratings'
        here = requests.get(f'{relay.root}{asked}', timeout=15).json()
        there = requests.get(f'{upstream.root}{asked}', timeout=15).json()
    assert there == here
    assert [r['id'] for r in there['ratings']] == [corrected['id']]
    assert here['ratings'][0]['rater'].startswith('rater-')


def test_a_record_withdrawn_here_is_withdrawn_there(upstream, folder):
    with relay_to(upstream.root, folder) as relay:
        answer = requests.post(
            f'{relay.root}/api/v2/T1w/records',
            json=payload(),
            headers={'Authorization': '<secret_token>'},
            timeout=15,
        ).json()['results'][0]
        wait_until(lambda: relay.counts() == {'sent': 1})
        gone = requests.delete(
            f'{relay.root}/api/v2/T1w/records/{answer["id"]}',
            headers={'Receipt': answer['receipt']},
            timeout=15,
        )
        assert gone.status_code == 200, gone.text
        wait_until(lambda: relay.counts() == {'withdrawn': 1})
    assert get(upstream, answer['id'])['status'] == 404


def test_a_wrong_token_stops_the_relay_and_says_so(upstream, folder):
    relay = LiveRelay(folder, '--to', upstream.root, '--token', 'wrong')
    with relay:
        post(relay, payload())
        wait_until(lambda: '401' in relay.summary().problem)
        ready = requests.get(f'{relay.root}/readyz', timeout=15).json()
    assert ready['relay']['pending'] == 1


def test_only_what_matches_the_filter_goes_and_what_is_stripped_stays(upstream, folder):
    options = ['--forward', 'cjv < 0.5', '--strip', 'bids_meta.InstitutionName']
    with relay_to(upstream.root, folder, *options) as relay:
        document = payload()
        document['bids_meta']['InstitutionName'] = 'Here'
        goes = post(relay, document | {'cjv': 0.4})['_id']
        stays = post(relay, document | {'cjv': 0.6})['_id']
        wait_until(lambda: relay.counts() == {'sent': 1, 'kept': 1})
        assert get(relay, goes)['bids_meta']['InstitutionName'] == 'Here'
    assert 'InstitutionName' not in get(upstream, goes)['bids_meta']
    assert get(upstream, stays)['status'] == 404
