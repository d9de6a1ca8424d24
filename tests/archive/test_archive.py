"""What is asked of the archive: complete, current, within limits."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mriqc_webapi.archive import progress
from mriqc_webapi.archive.archive import MAX_RESULT_ROWS
from mriqc_webapi.archive.reading import DEEP_OFFSET, Reading
from mriqc_webapi.errors import (
    ArchiveNotReadyError,
    NotFoundError,
    QueryError,
    QueryTimeoutError,
    SetupError,
)
from mriqc_webapi.query.expression import Equal, Exists, Not, ObjectId, SortKey
from tests.archive.conftest import (
    EVERYTHING,
    LARGE_CJV,
    in_the_end,
    make_catalogue,
    make_resource,
    put,
    seqs_of,
    take_back,
)

SLOW = (
    'SELECT count(*) FROM range(1000000000) AS a, range(1000000) AS b WHERE a.range % 7 = b.range'
)


def test_a_filter_gives_total_and_page(archive, local_store):
    put(local_store, *({'cjv': n / 10} for n in range(10)))
    found = archive.find('T1w', where=LARGE_CJV, offset=1, limit=2)
    assert (found.total, found.seqs, found.version) == (4, [8, 9], 10)


def test_a_page_past_the_end_is_empty_and_keeps_the_total(archive, local_store):
    put(local_store, {'cjv': 1.0})
    found = archive.find('T1w', where=LARGE_CJV, offset=5)
    assert (found.total, found.seqs) == (1, [])


def test_a_commit_is_read_by_the_next_question(store, open_archive):
    archive = open_archive(store)
    for n in range(1, 4):
        put(store, {'cjv': 1.0})
        assert archive.count('T1w', where=LARGE_CJV) == n


def test_a_commit_is_read_through_another_archive_too(store, open_archive):
    archives = [open_archive(store), open_archive(store)]
    for n in range(1, 4):
        put(store, {'cjv': 1.0})
        assert [a.count('T1w', where=LARGE_CJV) for a in archives] == [n, n]


def test_withdrawn_records_are_gone(store, open_archive):
    archive = open_archive(store)
    first, _ = put(store, {'cjv': 1.0}, {'cjv': 2.0})
    assert seqs_of(archive) == [1, 2]
    take_back(store, first)
    assert seqs_of(archive) == [2]
    assert archive.count('T1w', where=Equal(('_id',), ObjectId(first))) == 0


def test_a_record_withdrawn_before_it_was_copied_never_shows(local_store, open_archive):
    first, _ = put(local_store, {'cjv': 1.0}, {'cjv': 2.0})
    take_back(local_store, first)
    assert seqs_of(open_archive(local_store)) == [2]


def test_resources_are_kept_apart(archive, local_store):
    put(local_store, {'cjv': 1.0})
    put(local_store, {'cjv': 2.0}, resource='bold')
    assert (seqs_of(archive), seqs_of(archive, resource='bold')) == ([1], [2])


def test_records_of_a_resource_that_has_no_entry_are_passed_over(local_store, open_archive):
    put(local_store, {'cjv': 1.0}, resource='forgotten')
    put(local_store, {'cjv': 1.0})
    assert seqs_of(open_archive(local_store)) == [2]


def test_an_unknown_resource_is_not_found(archive):
    with pytest.raises(NotFoundError):
        archive.find('T3w', where=EVERYTHING)


def test_too_many_records_at_once_are_refused(archive):
    with pytest.raises(QueryError):
        archive.find('T1w', where=EVERYTHING, limit=MAX_RESULT_ROWS + 1)


def test_undeclared_fields_are_found_by_an_archive_opened_again(local_store, open_archive):
    put(local_store, {'new': {'field': 7}}, {'new': None})
    first = open_archive(local_store)
    assert seqs_of(first, Equal(('new', 'field'), 7)) == [1]
    first.close()
    again = open_archive(local_store)
    assert seqs_of(again, Equal(('new', 'field'), 7)) == [1]
    assert seqs_of(again, Exists(('new',))) == [1, 2]


def test_undeclared_fields_are_found_however_they_come_between(archive, local_store):
    for n in range(1, 20):
        put(local_store, {f'new_{n}': n})
        assert seqs_of(archive, Equal((f'new_{n}',), n)) == [n]


@pytest.mark.parametrize('descending', [False, True])
@pytest.mark.parametrize('path', [('cjv',), ('size_x',), ('_created',)])
def test_a_deep_page_is_the_one_of_the_whole_order(archive, local_store, path, descending):
    n_rows = DEEP_OFFSET * 3
    put(
        local_store,
        *(
            {'cjv': n * 7919 % 997 / 10, 'size_x': n % 3} if n % 4 else {'cjv': 0.1 * (n % 11)}
            for n in range(n_rows)
        ),
    )
    key = SortKey(path, descending)
    where = Not(Equal(('cjv',), 0.3))
    total = in_the_end(lambda: archive.count('T1w', where=where))
    whole = archive.find('T1w', where=where, sort=(key,), limit=MAX_RESULT_ROWS).seqs
    assert len(whole) == total
    for offset in (DEEP_OFFSET, DEEP_OFFSET + 777, total - 60, total - 20):
        page = archive.find('T1w', where=where, sort=(key,), offset=offset, limit=50)
        assert page.seqs == whole[offset : offset + 50]


def test_a_question_that_takes_too_long_is_stopped(local_store, open_archive):
    archive = open_archive(local_store, query_timeout_s=0.3)
    started_at = time.monotonic()
    told = r'stopped after 0\.3 s, .*: narrow the filter, or take an export$'
    with pytest.raises(QueryTimeoutError, match=told), archive.reading('T1w') as reading:
        reading.cursor.execute(SLOW).fetchall()
    assert time.monotonic() - started_at < 5
    assert seqs_of(archive) == []


def test_the_work_behind_a_stopped_question_stops(local_store, open_archive):
    archive = open_archive(local_store, query_timeout_s=0.3)
    with pytest.raises(QueryTimeoutError), archive.reading('T1w') as reading:
        reading.cursor.execute(SLOW).fetchall()
    used = time.process_time()
    time.sleep(1)
    assert time.process_time() - used < 0.5


def test_a_question_beyond_the_memory_is_stopped(local_store, open_archive):
    archive = open_archive(local_store, memory='64MB')
    with pytest.raises(QueryTimeoutError), archive.reading('T1w') as reading:
        reading.cursor.execute('SELECT list(range) FROM range(100000000)').fetchall()
    assert seqs_of(archive) == []


def test_questions_reach_no_files(archive):
    with pytest.raises(Exception, match='disabled'), archive.reading('T1w') as reading:
        reading.cursor.execute("SELECT * FROM read_csv('/etc/passwd')")


@pytest.mark.parametrize('name', ['T1w', 't1w', 'seq', 'x"; DROP TABLE "T1w"; --'])
def test_a_resource_may_have_any_name(local_store, open_archive, name):
    resources = [make_resource('T1w'), make_resource(name)]
    archive = open_archive(local_store, catalogue=make_catalogue(*resources))
    put(local_store, {'cjv': 1.0}, resource=name)
    assert seqs_of(archive, LARGE_CJV, resource=name) == [1]


def test_memory_that_means_nothing_stops_the_start(local_store, open_archive):
    with pytest.raises(SetupError):
        open_archive(local_store, memory='a lot')


def test_a_folder_that_cannot_be_used_stops_the_start(local_store, open_archive, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SetupError):
        open_archive(local_store, tmp_path / 'file' / 'data')


def test_what_runs_is_ended_by_closing(local_store, open_archive):
    archive = open_archive(local_store)
    started = threading.Event()

    def ask():
        with archive.reading('T1w') as reading:
            started.set()
            reading.cursor.execute(SLOW).fetchall()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        started.wait()
        archive.close()
        with pytest.raises(ArchiveNotReadyError):
            answer.result(5)


def test_a_closed_archive_is_not_ready(local_store, open_archive):
    archive = open_archive(local_store)
    archive.close()
    with pytest.raises(ArchiveNotReadyError):
        archive.require_ready()


def test_many_ask_while_records_come_in(archive, local_store):
    """Totals never go back, and never exceed what is stored."""

    def ask(_):
        return archive.count('T1w', where=LARGE_CJV)

    totals = []
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            put(local_store, {'cjv': 1.0, 'new': [1]})
            totals.append(list(pool.map(ask, range(4))))
    assert totals == [[n] * 4 for n in range(1, 21)]


def test_the_same_total_is_not_counted_twice(archive, local_store, monkeypatch):
    put(local_store, {'cjv': 1.0})
    assert archive.count('T1w', where=LARGE_CJV) == 1
    monkeypatch.setattr(Reading, 'count', None)
    put(local_store, {'cjv': 1.0}, resource='bold')  # changes nothing for T1w
    assert archive.count('T1w', where=LARGE_CJV) == 1
    with pytest.raises(TypeError):
        archive.count('T1w', where=Equal(('cjv',), True))


def test_long_work_is_told_to_the_log(caplog, monkeypatch):
    monkeypatch.setattr(progress, 'LOG_EVERY_S', 0)
    told = progress.Progress()
    with caplog.at_level(logging.INFO):
        told.note(n_rows=10_000, took_s=0.5, done=10_000, total=50_000)
        told.note(n_rows=40_000, took_s=2.0, done=50_000, total=50_000)
    assert 'holds 10000 of 50000 changes; 20000 per second, 2 s left' in caplog.text
    assert 'complete: 50000' in caplog.text
