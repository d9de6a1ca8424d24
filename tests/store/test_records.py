"""Look-ups: by id, by position, by hash, by commit order."""

import pytest

from mriqc_webapi.store import records
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.withdrawal import withdraw
from tests.factories import BOLD, MD5, NOW, T1W, ready_rating, ready_record

OTHER_MD5 = '0' * 32


@pytest.fixture
def put(store):
    def put(*given):
        with store.write() as tx:
            insert_batch(tx, given)
        return [record.id for record in given]

    return put


@pytest.fixture
def take_back(store):
    def take_back(*ids):
        with store.write() as tx:
            for record_id in ids:
                withdraw(tx, id=record_id, rule='asked', now=NOW)

    return take_back


@pytest.fixture
def tx(store):
    with store.read() as tx:
        yield tx


def ids_at(tx, offset, limit=50, resource='T1w'):
    return [d.id for d in records.page(tx, resource=resource, offset=offset, limit=limit)]


def test_an_item_is_found_by_its_id(tx, put):
    record = ready_record()
    put(record)
    found = records.find_item(tx, resource='T1w', id=record.id)
    assert found == (record.id, record.etag, record.created_at, record.doc)


@pytest.mark.parametrize('wrong', ['', 'x', '0' * 24, "' OR 1=1 --", 'a\x00' * 12, '\ud800' * 24])
def test_what_is_no_id_of_a_record_finds_nothing(tx, put, wrong):
    put(ready_record())
    assert records.find_item(tx, resource='T1w', id=wrong) is None


def test_an_item_is_not_found_under_another_resource(tx, put):
    (record_id,) = put(ready_record())
    assert records.find_item(tx, resource='bold', id=record_id) is None


def test_pages_follow_the_order_of_insertion_within_a_resource(tx, put):
    mixed = [ready_record(BOLD if i % 3 else T1W) for i in range(30)]
    put(*mixed)
    wanted = [record.id for record in mixed if record.resource == 'T1w']
    assert ids_at(tx, 0, 4) + ids_at(tx, 4, 4) + ids_at(tx, 8, 4) == wanted


def test_a_page_past_the_end_is_empty(tx, put):
    put(ready_record())
    assert ids_at(tx, 1) == []
    assert ids_at(tx, 10**30) == []
    beyond = {'resource': 'T1w', 'offset': 10**30, 'limit': 9}
    assert records.find_by_md5(tx, md5sums=[MD5], **beyond) == (1, [])


@pytest.mark.parametrize(
    'holes',
    [[0], [19], [0, 1, 2, 3, 4], [3, 4, 5, 17, 18, 19], list(range(0, 20, 2)), list(range(20))],
)
def test_pages_close_up_over_withdrawn_records(tx, put, take_back, holes):
    ids = put(*[ready_record() for _ in range(20)])
    take_back(*[ids[hole] for hole in holes])
    standing = [id_ for i, id_ in enumerate(ids) if i not in holes]
    assert [ids_at(tx, k, 1) for k in range(len(standing))] == [[id_] for id_ in standing]
    assert ids_at(tx, 3, 50) == standing[3:]
    assert records.count(tx, resource='T1w') == len(standing)


def test_holes_of_one_resource_do_not_move_another(tx, put, take_back):
    ids = put(ready_record(BOLD), ready_record(), ready_record())
    take_back(ids[0])
    assert ids_at(tx, 1) == [ids[2]]


def test_counts_are_per_resource_and_without_the_withdrawn(tx, put, take_back):
    ids = put(ready_record(), ready_record(), ready_record(BOLD))
    take_back(ids[0])
    assert records.counts(tx) == {'T1w': 1, 'bold': 1}
    assert records.count(tx, resource='T2w') == 0


def test_documents_come_in_the_order_asked_for(tx, put):
    ids = put(*[ready_record() for _ in range(5)])
    found = records.documents(tx, seqs=[4, 1, 5, 99])
    assert [doc.id for doc in found] == [ids[3], ids[0], ids[4]]
    assert records.documents(tx, seqs=[]) == []


def test_records_of_a_scan_are_counted_and_paged_in_order(tx, put):
    ids = put(
        *[ready_record(md5sum=OTHER_MD5 if i % 2 else MD5) for i in range(10)], ready_record(BOLD)
    )
    total, found = records.find_by_md5(tx, resource='T1w', md5sums=[MD5], offset=1, limit=3)
    assert total == 5
    assert [doc.id for doc in found] == [ids[2], ids[4], ids[6]]


def test_several_scans_are_found_together(tx, put):
    ids = put(ready_record(md5sum=OTHER_MD5), ready_record(), ready_record(md5sum='x'))
    total, found = records.find_by_md5(
        tx, resource='T1w', md5sums=[MD5, OTHER_MD5, MD5], offset=0, limit=9
    )
    assert (total, [doc.id for doc in found]) == (2, ids[:2])


@pytest.mark.parametrize('odd', ['', 'a' * 5000, 'a\x00b', '\ud800', "'; DROP TABLE record"])
def test_odd_hashes_are_found_too(tx, put, odd):
    ids = put(ready_record(md5sum=odd), ready_record())
    total, found = records.find_by_md5(tx, resource='T1w', md5sums=[odd], offset=0, limit=9)
    assert (total, [doc.id for doc in found]) == (1, ids[:1])


def test_no_hashes_find_nothing(tx, put):
    put(ready_record())
    assert records.find_by_md5(tx, resource='T1w', md5sums=[], offset=0, limit=9) == (0, [])


def test_records_are_found_by_many_ids_in_order_of_insertion(tx, put):
    ids = put(*[ready_record() for _ in range(5)], ready_record(BOLD))
    total, found = records.find_by_ids(
        tx, resource='T1w', ids=[ids[4], ids[0], ids[5], 'nonsense\x00'], offset=0, limit=9
    )
    assert (total, [doc.id for doc in found]) == (2, [ids[0], ids[4]])


def test_the_head_is_the_number_of_the_last_change(tx, put, take_back):
    assert records.head(tx) == 0
    ids = put(ready_record(), ready_record())
    take_back(ids[0])
    assert records.head(tx) == 3


def test_changes_merge_records_and_withdrawals_in_commit_order(tx, put, take_back):
    ids = put(ready_record(), ready_record())
    take_back(ids[0])
    last = put(ready_record())
    found = records.changes(tx, after=0, limit=10)
    assert [(c.seq, c.id, c.doc is None) for c in found] == [
        (2, ids[1], False),
        (3, ids[0], True),
        (4, last[0], False),
    ]
    assert found[1].withdrawn_at == NOW


@pytest.mark.parametrize('limit', [1, 2, 3, 7, 100])
def test_chunks_of_changes_leave_nothing_out(tx, put, take_back, limit):
    ids = put(*[ready_record() for _ in range(10)])
    take_back(*ids[2:6])
    put(ready_record(), ready_record())
    chunks = list(records.iterate_changes(tx, after=0, chunk_size=limit))
    assert [c.seq for chunk in chunks for c in chunk] == [1, 2, 7, 8, 9, 10, *range(11, 17)]
    assert max(map(len, chunks)) <= limit


def test_ratings_are_counted_per_scan_and_text(tx, put):
    put(
        *[ready_rating(text) for text in ('3.05', '1', '3.05')],
        ready_rating('4', md5sum=OTHER_MD5),
        ready_rating('4', md5sum=None),
        ready_record(),
    )
    assert records.count_ratings(tx, md5sum=MD5) == {'3.05': 2, '1': 1}
    assert records.count_ratings(tx, md5sum='unspecified') == {}


def test_a_reader_sees_each_commit_at_once(store, put):
    with store.read() as tx:
        assert records.head(tx) == 0
        put(ready_record())
        assert records.head(tx) == 1


def test_look_ups_use_an_index(local_store):
    statements = {
        'id': records._ITEM,
        'page': records._PAGE,
        'md5': records._BY_MD5,
        'ids': records._BY_ID,
        'changes': records._STORED,
        'documents': records._DOCUMENTS,
    }
    with local_store.read() as tx:
        for name, statement in statements.items():
            plan = tx.connection.driver_connection.execute(
                f'EXPLAIN QUERY PLAN {statement._local}',
                dict.fromkeys(
                    ['id', 'resource', 'offset', 'limit', 'keys', 'after', 'until', 'seqs'], '[]'
                ),
            ).fetchall()
            assert not [row for row in plan if row[3] == 'SCAN record'], name
