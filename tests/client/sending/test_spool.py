"""What waits stays until it is answered for, whoever is killed when."""

import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from mriqc_webapi.client.sending.spool import LEASE_S, REMEMBERED_S, Parcel, Spool, file_system
from mriqc_webapi.errors import SpoolError

URL = 'https://example.org'
NOW = 1_700_000_000.0


def parcel(key='a', **given):
    found = {
        'key': key,
        'resource': 'T1w',
        'document': b'{"cjv":0.5}',
        'digest': f'digest of {key}',
        'dataset': '/data',
        'source': f'{key}.json',
        'md5sum': 'f' * 32,
        'policy': 'default',
    }
    return Parcel(**(found | given))


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'state' / 'spool.sqlite'


@pytest.fixture
def spool(path):
    with Spool.open(path) as opened:
        yield opened


def take(spool, now=NOW, **given):
    return spool.take(URL, now=now, **given)


def test_what_was_put_in_is_there_after_a_restart(path):
    with Spool.open(path) as spool:
        assert spool.add(URL, [parcel()], now=NOW) == ['pending']
    with Spool.open(path) as spool:
        assert take(spool) == ['a']
        assert spool.find(URL, 'a') == parcel()


def test_it_is_its_owners_alone(spool, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_record_is_in_once(spool):
    spool.add(URL, [parcel(), parcel()], now=NOW)
    assert take(spool) == ['a']


def test_the_same_record_for_another_service_is_another(spool):
    spool.add(URL, [parcel()], now=NOW)
    spool.add('https://other.example', [parcel()], now=NOW)
    spool.note_sent(URL, 'a', id='1', receipt=None, now=NOW)
    assert spool.take('https://other.example', now=NOW) == ['a']


def test_what_waits_gives_way_to_the_same_record_under_another_policy(spool):
    spool.add(URL, [parcel('loose', digest='same')], now=NOW)
    spool.add(URL, [parcel('strict', digest='same')], now=NOW)
    assert take(spool) == ['strict']


def test_what_was_sent_does_not_give_way(spool):
    spool.add(URL, [parcel()], now=NOW)
    spool.note_sent(URL, 'a', id='1', receipt='mrq_1', now=NOW)
    assert spool.add(URL, [parcel()], now=NOW) == ['sent']
    assert take(spool) == []


def test_what_was_sent_leaves_no_document_behind(spool, path):
    spool.add(URL, [parcel(document=b'{"secret":"planted"}')], now=NOW)
    spool.note_sent(URL, 'a', id='1', receipt='mrq_1', now=NOW)
    spool.close()
    assert b'planted' not in path.read_bytes()


def test_the_oldest_comes_first(spool):
    for at, key in enumerate('cab'):
        spool.add(URL, [parcel(key)], now=NOW + at)
    assert take(spool, now=NOW + 9) == ['c', 'a', 'b']


def test_what_one_run_has_taken_is_left_alone_by_others_for_a_while(spool, path):
    spool.add(URL, [parcel()], now=NOW)
    assert take(spool) == ['a']
    with Spool.open(path) as other:
        assert take(other) == []
        assert take(other, now=NOW + LEASE_S) == ['a']


def test_who_asks_for_their_own_gets_it_at_once(spool):
    spool.add(URL, [parcel()], now=NOW)
    take(spool)
    assert take(spool, datasets=['/data'], at_once=True) == ['a']


def test_what_was_not_sent_is_given_back(spool):
    spool.add(URL, [parcel()], now=NOW)
    spool.give_back(URL, take(spool))
    assert take(spool) == ['a']


def test_a_dataset_is_taken_by_itself(spool):
    spool.add(URL, [parcel(), parcel('b', dataset='/other')], now=NOW)
    assert take(spool, datasets=['/other']) == ['b']
    assert spool.waiting_datasets(URL) == ['/data', '/other']


def test_what_was_refused_stays_with_its_reason_and_is_not_sent_again(spool):
    spool.add(URL, [parcel()], now=NOW)
    spool.note_refused(URL, 'a', reason='cjv: required field', now=NOW)
    assert take(spool, at_once=True) == []
    fate = spool.fate(URL, 'digest of a', dataset='/data')
    assert (fate.state, fate.problem) == ('refused', 'cjv: required field')


def test_what_was_refused_is_sent_again_when_somebody_says_so(spool):
    spool.add(URL, [parcel()], now=NOW)
    spool.note_refused(URL, 'a', reason='no', now=NOW)
    assert spool.retry_refused(URL, '/data') == 1
    assert take(spool) == ['a']


@pytest.fixture
def kept(spool):
    """Hand over receipts; gives what was handed over."""

    def kept(now=NOW, *, is_written=True):
        handed = {}
        spool.keep_receipts(lambda *told: not handed.update([told]) and is_written, now=now)
        return handed

    return kept


def test_receipts_are_handed_over_until_they_are_written(spool, kept):
    spool.add(URL, [parcel()], now=NOW)
    spool.note_sent(URL, 'a', id='1', receipt='mrq_1', now=NOW)
    (receipt,) = kept(is_written=False)['/data']
    assert (receipt.id, receipt.receipt) == ('1', 'mrq_1')
    assert receipt.sent_at == '2023-11-14T22:13:20Z'
    assert kept() == {'/data': [receipt]}
    assert kept() == {}


def test_what_was_sent_is_forgotten_a_while_after_its_dataset_has_the_receipt(spool, kept):
    spool.add(URL, [parcel()], now=NOW)
    spool.note_sent(URL, 'a', id='1', receipt='mrq_1', now=NOW)
    kept(NOW + REMEMBERED_S - 1)
    assert spool.fate(URL, 'digest of a', dataset='/data').state == 'sent'
    kept(NOW + REMEMBERED_S + 1)
    assert spool.fate(URL, 'digest of a', dataset='/data').state == 'new'


def test_threads_may_share_it(spool):
    def put(number):
        for i in range(50):
            spool.add(URL, [parcel(f'{number}-{i}')], now=NOW)

    threads = [threading.Thread(target=put, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(take(spool)) == 200


def test_a_file_that_is_no_spool_is_told_and_left_alone(path):
    path.parent.mkdir()
    path.write_text('something else ' * 500)
    with pytest.raises(SpoolError, match='file is not a database'):
        Spool.open(path)
    assert path.read_text().startswith('something else')


def test_a_spool_of_a_later_version_is_told_and_left_alone(path):
    Spool.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute('PRAGMA user_version = 99')
    connection.close()
    with pytest.raises(SpoolError, match='later version'):
        Spool.open(path)


def test_one_in_memory_works_alike():
    with Spool.in_memory() as spool:
        spool.add(URL, [parcel()], now=NOW)
        assert take(spool) == ['a']


def test_a_full_spool_is_as_fast_as_an_empty_one(spool, kept):
    def seconds(first):
        begun = time.perf_counter()
        names = [f'{number}' for number in range(first, first + 300)]
        spool.add(URL, map(parcel, names), now=NOW)
        for name in names:
            assert spool.fate(URL, f'digest of {name}', dataset='/data').state == 'pending'
            spool.note_sent(URL, name, id=name, receipt=None, now=NOW)
        kept()
        return time.perf_counter() - begun

    empty = seconds(0)
    spool.add(URL, (parcel(f'more {number}') for number in range(6_000)), now=NOW)
    assert seconds(300) < 5 * empty


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local xfs rw 0 0
share /my\\040files cifs rw 0 0
"""


@pytest.mark.parametrize(
    ('place', 'kind'),
    [
        ('/tmp/spool', 'ext4'),
        ('/home/jane/spool', 'nfs4'),
        ('/home/local/spool', 'xfs'),
        ('/homes/spool', 'ext4'),
        ('/my files/spool', 'cifs'),
    ],
)
def test_it_is_known_whether_machines_share_the_file(place, kind):
    assert file_system(Path(place), MOUNTS) == kind
