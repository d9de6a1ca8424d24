"""Records that the public service really served: all of them are accepted, nothing is lost."""

from pathlib import Path

import orjson
import pytest

TESTS = Path(__file__).parents[1]

RECORDS = [
    pytest.param(resource, line, id=f'{resource}-{number}')
    for resource in ('T1w', 'T2w', 'bold')
    for number, line in enumerate(
        (TESTS / 'data' / f'records_{resource}.ndjson').read_bytes().splitlines()
    )
]


def own_part(record):
    return {name: value for name, value in record.items() if not name.startswith('_')}


@pytest.mark.parametrize(('resource', 'line'), RECORDS)
def test_everything_a_real_record_says_is_kept(checkers, resource, line):
    record = orjson.loads(line)
    submission = checkers[resource](own_part(record))
    assert submission.document == own_part(record)
    assert submission.private == {}
    assert submission.md5sum == record['provenance']['md5sum']
    assert submission.software == record['provenance']['software']
    assert submission.version == record['provenance']['version']


@pytest.mark.parametrize(('resource', 'line'), RECORDS)
def test_an_import_keeps_the_id_and_date_of_a_real_record(checkers, resource, line):
    record = orjson.loads(line)
    submission = checkers[resource](record, keep_identity=True)
    assert submission.id == record['_id']
    assert submission.etag == record['_etag']
    assert abs(submission.created_at - int(record['_id'][:8], 16)) < 60  # an id starts with it
    assert submission.document == own_part(record)


@pytest.mark.parametrize(('resource', 'line'), RECORDS)
def test_real_records_call_for_few_notes(checkers, resource, line):
    notes = checkers[resource](own_part(orjson.loads(line))).notes
    assert {n.kind for n in notes} <= {'unknown', 'type'}


@pytest.mark.parametrize('resource', ['T1w', 'T2w', 'bold'])
def test_floats_are_floats_in_every_record(checkers, catalogue, resource):
    path = TESTS / 'data' / f'records_{resource}.ndjson'
    for line in path.read_bytes().splitlines():
        document = checkers[resource](orjson.loads(line)).document
        declared = catalogue[resource].by_name
        for name, value in document.items():
            if declared[name].type == 'float':
                assert type(value) is float


def test_the_sent_document_is_left_as_it_is(checkers, payload):
    document = payload('bold', {'fd_num': 19, 'provenance.email': 'a@example.org', 'a.b': [1.5]})
    document['x.y'] = 1
    before = orjson.dumps(document)
    checkers['bold'](document)
    assert orjson.dumps(document) == before
