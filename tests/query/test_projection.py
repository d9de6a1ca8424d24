import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.projection import ALWAYS_SERVED, Projection, parse_projection

META = {
    '_id': 'i',
    '_created': 'c',
    '_updated': 'u',
    '_etag': 'e',
    '_links': {'self': {'href': 'T1w/i'}},
}
RECORD = {
    'cjv': 0.5,
    'bids_meta': {
        'subject_id': '01',
        'EchoTime': 2,
        'Coils': [{'name': 'a', 'n': 1}, 'plain', [{'name': 'b', 'n': 2}]],
    },
    'provenance': {'md5sum': 'x', 'version': '1'},
    **META,
}
BIDS = RECORD['bids_meta']


def projected(text):
    found = parse_projection(text).apply(RECORD)
    assert {name: found.pop(name) for name in META} == META
    return found


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('{"cjv": 1}', {'cjv': 0.5}),
        ('{"cjv": true}', {'cjv': 0.5}),
        ('{"cjv": 1.0}', {'cjv': 0.5}),
        ('{"cjv": 1, "bids_meta": 0}', {'cjv': 0.5}),
        ('{"_id": 1}', {}),
        ('{"nope": 1}', {}),
        ('{"nope.nada": 1}', {}),
        ('{"bids_meta.subject_id": 1}', {'bids_meta': {'subject_id': '01'}}),
        ('{"bids_meta.nope": 1}', {'bids_meta': {}}),
        ('{"cjv.x": 1}', {}),
        (
            '{"provenance.md5sum": 1, "provenance.version": 1}',
            {'provenance': {'md5sum': 'x', 'version': '1'}},
        ),
        ('{"bids_meta": 1, "bids_meta.subject_id": 1}', {'bids_meta': BIDS}),
        ('{"bids_meta.subject_id": 1, "bids_meta": 1}', {'bids_meta': BIDS}),
        (
            '{"bids_meta.Coils.name": 1}',
            {'bids_meta': {'Coils': [{'name': 'a'}, [{'name': 'b'}]]}},
        ),
        ('{"_links.self.nope": 1}', {}),
    ],
)
def test_an_inclusive_projection_serves_what_it_names(text, expected):
    assert projected(text) == expected


def without(*names):
    return {k: v for k, v in RECORD.items() if k not in {*names, *META}}


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', without()),
        (' ', without()),
        ('{}', without()),
        ('{"bids_meta": 0, "provenance": 0}', {'cjv': 0.5}),
        ('{"bids_meta": false}', without('bids_meta')),
        ('{"nope": 0}', without()),
        ('{"_etag": 0, "_id": 0, "_created": 0, "_links": 0}', without()),
        ('{"_links.self": 0}', without()),
        (
            '{"provenance.md5sum": 0}',
            {**without(), 'provenance': {'version': '1'}},
        ),
        (
            '{"provenance": 0, "provenance.md5sum": 0}',
            without('provenance'),
        ),
        ('{"cjv.x": 0}', without()),
        (
            '{"bids_meta.Coils.n": 0, "bids_meta.EchoTime": 0}',
            {
                **without(),
                'bids_meta': {
                    'subject_id': '01',
                    'Coils': [{'name': 'a'}, 'plain', [{'name': 'b'}]],
                },
            },
        ),
    ],
)
def test_an_exclusive_projection_serves_the_rest(text, expected):
    assert projected(text) == expected


@pytest.mark.parametrize('text', ['', '{}', '{"_id": 0}'])
def test_a_projection_that_changes_nothing_knows_it(text):
    assert parse_projection(text).is_everything


@pytest.mark.parametrize('text', ['{"_id": 1}', '{"cjv": 0}'])
def test_a_projection_that_changes_something_knows_it(text):
    assert not parse_projection(text).is_everything


@pytest.mark.parametrize(
    ('text', 'complaint'),
    [
        ('{"cjv":1', 'no JSON'),
        ('cjv', 'no JSON'),
        ('[1]', 'must be a JSON object'),
        ('null', 'must be a JSON object'),
        ('1', 'must be a JSON object'),
        ('[' * 50_000, 'no JSON|nested'),
    ],
)
def test_what_is_no_projection_is_said(text, complaint):
    with pytest.raises(QueryError, match=complaint):
        parse_projection(text)


names = st.sampled_from(['a', 'b', '_id', '_links'])
records = st.dictionaries(
    names,
    st.recursive(
        st.integers(0, 3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=6,
    ),
)
paths = st.lists(st.lists(names, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)


@given(record=records, paths=paths, inclusive=st.booleans())
def test_a_projection_leaves_the_record_alone_and_is_stable(record, paths, inclusive):
    before = copy.deepcopy(record)
    projection = Projection(inclusive, paths)
    once = projection.apply(record)
    assert record == before
    assert projection.apply(once) == once
    assert all(once[name] == record[name] for name in ALWAYS_SERVED & record.keys())
