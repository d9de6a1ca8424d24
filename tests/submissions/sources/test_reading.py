import math

import pytest

from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.sources import read_source

OID = '599f6767265d2000079e86c5'
DATE = 'Thu, 24 Aug 2017 23:55:19 GMT'


@pytest.fixture
def read(catalogue, write):
    def read(name, content, resource=None):
        path = write(name, content)
        return list(read_source(path, catalogue=catalogue, limits=Limits(), resource=resource))

    return read


def test_a_posted_line_gives_its_document_and_text(read):
    (line,) = read('T1w.ndjson', '{"cjv": 0.5}\n')
    assert (line.resource, line.document, line.text) == ('T1w', {'cjv': 0.5}, b'{"cjv": 0.5}\n')
    assert (line.line_no, line.keeps_identity, line.error) == (1, False, '')


def test_a_served_line_keeps_its_identity(read):
    (line,) = read('T1w.ndjson', f'{{"cjv": 0.5, "_id": "{OID}", "_created": "{DATE}"}}')
    assert line.keeps_identity
    assert line.document == {'cjv': 0.5, '_id': OID, '_created': DATE}


def test_a_dumped_line_reads_as_if_served(read):
    (line,) = read(
        'T1w.json',
        f'{{"_id": {{"$oid": "{OID}"}}, "cjv": {{"$numberDouble": "NaN"}}, '
        '"_created": {"$date": "2017-08-24T23:55:19Z"}}',
    )
    assert line.keeps_identity
    assert math.isnan(line.document.pop('cjv'))
    assert line.document == {'_id': OID, '_created': DATE}


def test_bare_nan_and_infinity_are_numbers(read):
    (line,) = read('T1w.ndjson', '{"a": NaN, "b": -Infinity}')
    assert math.isnan(line.document['a'])
    assert line.document['b'] == -math.inf


def test_the_resource_asked_for_outranks_the_name_of_the_file(read):
    (line,) = read('T1w.ndjson', '{}', resource='rating')
    assert line.resource == 'rating'


def test_without_a_name_the_modality_of_each_line_tells_the_resource(read):
    lines = read(
        'dump.json', '{"bids_meta": {"modality": "bold"}}\n{"bids_meta": {"modality": "T1w"}}\n'
    )
    assert [line.resource for line in lines] == ['bold', 'T1w']


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('{"cjv": 1}', 'nothing says which resource this is: name it with --resource'),
        ('{"bids_meta": {"modality": "pet"}}', "no resource takes the modality 'pet'"),
        ('[1]', 'not a JSON object but a int'),
        ('"x"', 'not a JSON object but a str'),
        ('{"a": }', 'broken JSON: Expecting value: line 1 column 7 (char 6)'),
        (b'{"a": "\xff"}', 'the body is not UTF-8 at byte 7'),
        ('{"a": ' * 100_000, 'nested deeper than 32 levels'),
        ('{"a": {"$numberInt": "x"}}', "$numberInt cannot hold 'x'"),
    ],
)
def test_a_line_that_is_no_submission_says_why(read, text, reason):
    (line,) = read('dump.json', text)
    assert line.error == reason
