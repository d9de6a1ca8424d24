"""The bytes that are served, made once."""

import hashlib
import json
import re
import threading

import orjson
import pytest

from mriqc_webapi.store.record import http_date, index_key, make_record, new_id
from tests.factories import MD5, NOW, RATING, T1W, make_resource, make_submission, ready_record

TAIL = (
    ',"_id":"{id}","_created":"Tue, 14 Nov 2023 22:13:20 GMT",'
    '"_updated":"Tue, 14 Nov 2023 22:13:20 GMT","_etag":"{etag}",'
    '"_links":{{"self":{{"title":"{title}","href":"{resource}/{id}"}}}}}}'
)


@pytest.mark.parametrize('resource', [T1W, RATING], ids=['T1w', 'rating'])
def test_a_document_ends_exactly_in_the_fields_of_the_service(resource):
    record = make_record(make_submission(resource), resource=resource, now=NOW)
    tail = TAIL.format(
        id=record.id, etag=record.etag, title=resource.title, resource=resource.name
    )
    assert record.doc.endswith(tail)


def test_a_served_document_is_the_posted_one_and_more():
    document = {'cjv': 92.0, 'size_x': 256, 'bids_meta': {'EchoTime': 1e-5, 'x': None}}
    served = orjson.loads(ready_record(document=document).doc)
    assert {name: served[name] for name in document} == document


def test_whole_floats_keep_their_point():
    assert '"cjv":92.0' in ready_record(document={'cjv': 92.0}).doc


@pytest.mark.parametrize('value', ['Zürich', '日本', '😀', '\u2028', '\ud800', '\x7f\x00"\\'])
def test_any_text_is_served_as_pure_ascii_and_comes_back(value):
    doc = ready_record(document={'note': value}).doc
    assert doc.isascii()
    assert json.loads(doc)['note'] == value


def test_integers_beyond_64_bits_survive():
    assert json.loads(ready_record(document={'n': 2**70}).doc)['n'] == 2**70


def test_an_empty_document_is_still_json():
    resource = make_resource('empty')
    submission = make_submission(resource)
    submission.document.clear()
    assert set(orjson.loads(make_record(submission, resource=resource, now=NOW).doc)) == {
        *('_id', '_created', '_updated', '_etag', '_links')
    }


def test_what_an_import_keeps_outranks_what_is_made():
    record = ready_record(id='0' * 24, etag='e' * 40, created_at=0)
    assert (record.id, record.etag, record.created_at) == ('0' * 24, 'e' * 40, 0)
    assert '"_created":"Thu, 01 Jan 1970 00:00:00 GMT"' in record.doc


def test_etags_are_40_hex_digits_and_differ_between_equal_documents():
    first, second = ready_record(), ready_record()
    assert re.fullmatch('[0-9a-f]{40}', first.etag)
    assert first.etag != second.etag


@pytest.mark.parametrize('n', [1, 2021, 2022, 2023, 5_000, 70_000])
def test_the_etag_is_the_sha1_of_id_and_document_whatever_its_length(n):
    record = ready_record(id='0' * 24, document={'a': 'x' * n})
    sent = record.doc.partition(',"_id":')[0] + '}'
    assert record.etag == hashlib.sha1(f'{record.id}{sent}'.encode()).hexdigest()


def test_dates_are_written_as_http_writes_them():
    assert http_date(1_503_618_919) == 'Thu, 24 Aug 2017 23:55:19 GMT'


def test_ids_start_with_the_time_and_grow():
    first, second = new_id(NOW), new_id(NOW)
    assert first.startswith(f'{NOW:08x}')
    assert re.fullmatch('[0-9a-f]{24}', first)
    assert first[:18] == second[:18]


def test_ids_made_by_many_threads_are_distinct():
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.extend([new_id(NOW) for _ in range(2000)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 8000


def test_the_private_part_is_not_in_the_document():
    record = ready_record(private={'provenance.email': 'jane@example.org'})
    assert 'jane' not in record.doc
    assert record.private == {'provenance.email': 'jane@example.org'}


@pytest.mark.parametrize('odd', ['a' * 201, 'a\x00b', 'a\nb', '\ud800'])
def test_a_long_or_odd_hash_is_indexed_under_its_own_hash(odd):
    key = index_key(odd)
    assert key.startswith('sha256:')
    assert key != index_key(odd + 'x')


def test_an_ordinary_hash_is_indexed_as_it_is():
    assert index_key(MD5) == MD5
    assert index_key(None) is None


def test_a_digest_does_not_depend_on_the_order_of_members():
    one = ready_record(key='k', document={'a': 1, 'b': 2})
    other = ready_record(key='k', document={'b': 2, 'a': 1})
    assert one.digest == other.digest
    assert one.key_hash == other.key_hash


def test_a_digest_covers_the_private_part():
    assert ready_record(key='k').digest != ready_record(key='k', private={'a': 1}).digest
