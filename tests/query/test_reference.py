"""The reference evaluator against mongomock, and by hand where mongomock is not MongoDB.

What is kept out of the generated questions, since mongomock 4.3 answers otherwise than MongoDB:

- 0 and 1 beside false and true: equal to mongomock, as they are to Python;
- a path through a number, a text or a null: it finds nothing rather than a missing field;
- several operators on one path into a list of objects: asked of one and the same element;
- ``$exists`` on such a path: any element may lack the field; ``$not``: false on an empty list;
- lists in lists, and lists within ``$eq``, ``$in`` and ``$all``;
- an empty object as the value to find: it finds the missing field;
- ``$size`` of what is no list, ``$all`` of nothing or of null, ``$mod``, ``$type`` of null.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mongomock.filtering import filter_applies

from mriqc_webapi.query.where import parse_where
from tests.query.reference import evaluate

scalars = st.sampled_from([None, 2, 2.0, 2.5, -3, 7, 'a', 'b', 'B', 'é', '', True, False])
lists = st.lists(scalars, max_size=3)
leaves = scalars | lists
objects = st.fixed_dictionaries({}, optional={'x': leaves, 'y': leaves})
documents = st.fixed_dictionaries(
    {},
    optional={
        's': leaves,
        'l': lists,
        'n': objects,
        'o': objects | st.lists(objects, max_size=3),
    },
)

single_tests = st.one_of(
    scalars,
    st.tuples(st.sampled_from(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']), scalars),
    st.tuples(st.sampled_from(['$in', '$nin']), lists),
    st.tuples(
        st.just('$type'),
        st.sampled_from(['string', 'number', 'bool', 'double', 'int', 'array', 'object']),
    ),
).map(lambda test: dict([test]) if isinstance(test, tuple) else test)
operators = single_tests.filter(lambda test: isinstance(test, dict))
element_tests = st.tuples(operators, operators).map(lambda pair: pair[0] | pair[1])
plain_tests = st.one_of(
    single_tests,
    lists,
    objects.filter(bool),
    element_tests,
    st.booleans().map(lambda wanted: {'$exists': wanted}),
    operators.map(lambda test: {'$not': test}),
    st.lists(scalars.filter(lambda v: v is not None), min_size=1, max_size=2).map(
        lambda values: {'$all': values}
    ),
    element_tests.map(lambda test: {'$elemMatch': test}),
)
object_queries = st.dictionaries(st.sampled_from(['x', 'y']), single_tests, min_size=1)
conditions = st.one_of(
    st.tuples(st.sampled_from(['s', 'n', 'n.x', 'nope']), plain_tests),
    st.tuples(st.sampled_from(['o.x', 'o.y']), single_tests),
    st.tuples(st.sampled_from(['l.0', 'l.1']), single_tests),
    st.tuples(st.just('l'), st.integers(0, 3).map(lambda n: {'$size': n})),
    st.tuples(st.just('o'), object_queries.map(lambda query: {'$elemMatch': query})),
).map(lambda condition: dict([condition]))
queries = st.recursive(
    conditions,
    lambda inner: st.tuples(
        st.sampled_from(['$and', '$or', '$nor']), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: dict([pair])),
    max_leaves=4,
)


@given(query=queries, document=documents)
def test_mongomock_answers_alike(query, document):
    expected = bool(filter_applies(query, document))
    assert evaluate(parse_where(json.dumps(query)), document) is expected


@pytest.mark.parametrize(
    ('query', 'document', 'expected'),
    [
        ('{"a": 1}', {'a': True}, False),
        ('{"a": 1}', {'a': 1.0}, True),
        ('{"a": true}', {'a': 1}, False),
        ('{"a": [1]}', {'a': [True]}, False),
        ('{"a": {"x": 1, "y": 2}}', {'a': {'y': 2, 'x': 1.0}}, True),
        ('{"a": {"x": 1}}', {'a': {'x': 1, 'y': 2}}, False),
        ('{"a": [1, 2]}', {'a': [[1, 2]]}, True),
        ('{"a": 1}', {'a': [[1]]}, False),
        ('{"a.b": null}', {'a': 5}, True),
        ('{"a.b": null}', {'a': []}, False),
        ('{"a.b": null}', {'a': [1, 'x']}, False),
        ('{"a.b": null}', {'a': [{'b': 1}, {}]}, True),
        ('{"a.b": {"$exists": false}}', {'a': [{'b': 1}, {}]}, False),
        ('{"a.b": {"$exists": false}}', {'a': []}, True),
        ('{"a.b": {"$ne": null}}', {'a': []}, True),
        ('{"a.b": 1}', {'a': [[{'b': 1}]]}, False),
        ('{"a.0.b": 1}', {'a': [[{'b': 1}]]}, True),
        ('{"a.1": 2}', {'a': [1, 2]}, True),
        ('{"a.0": 2}', {'a': [1, 2]}, False),
        ('{"a.0": 1}', {'a': [[1, 2]]}, False),
        ('{"a.0": [1, 2]}', {'a': [[1, 2]]}, True),
        ('{"a.0": 3}', {'a': {'0': 3}}, True),
        ('{"a.00": 1}', {'a': [1]}, False),
        ('{"a": {"$gt": 1, "$lt": 3}}', {'a': [0, 5]}, True),
        ('{"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}', {'a': [0, 5]}, False),
        ('{"a": {"$elemMatch": {"x": null}}}', {'a': [5]}, False),
        ('{"a": {"$elemMatch": {"x": null}}}', {'a': [{'y': 5}]}, True),
        ('{"a": {"$elemMatch": {}}}', {'a': [{}]}, True),
        ('{"a": {"$elemMatch": {}}}', {'a': [1]}, False),
        ('{"a": {"$elemMatch": {"$gt": 1}}}', {'a': [[2]]}, False),
        ('{"a": {"$size": 1}}', {'a': 'x'}, False),
        ('{"a": {"$size": 1}}', {'a': {'x': 1}}, False),
        ('{"a": {"$size": 2}}', {'a': [[1, 2], 3]}, True),
        ('{"a": {"$all": []}}', {'a': []}, False),
        ('{"a": {"$all": [null]}}', {}, True),
        ('{"a": {"$in": []}}', {'a': 1}, False),
        ('{"a": {"$in": [[1]]}}', {'a': [1]}, True),
        ('{"a": {"$mod": [4, 1]}}', {'a': 5}, True),
        ('{"a": {"$mod": [4, 1]}}', {'a': 5.9}, True),
        ('{"a": {"$mod": [4, -1]}}', {'a': -5}, True),
        ('{"a": {"$mod": [4, 3]}}', {'a': -5}, False),
        ('{"a": {"$mod": [-4, 1]}}', {'a': 5}, True),
        ('{"a": {"$mod": [4, 1]}}', {'a': True}, False),
        ('{"a": {"$mod": [4, 1]}}', {'a': [2, 5]}, True),
        ('{"a": {"$type": "null"}}', {'a': None}, True),
        ('{"a": {"$type": "null"}}', {}, False),
        ('{"a": {"$type": "array"}}', {'a': []}, True),
        ('{"a": {"$type": "int"}}', {'a': 2**31 - 1}, True),
        ('{"a": {"$type": "long"}}', {'a': 2**31}, True),
        ('{"a": {"$gte": null}}', {'a': None}, True),
        ('{"a": {"$gte": null}}', {}, False),
        ('{"a": {"$gt": null}}', {'a': 1}, False),
        ('{"a": {"$gt": false}}', {'a': True}, True),
        ('{"a": {"$gt": "Z"}}', {'a': 'a'}, True),
        ('{"a": {"$gt": 9007199254740992.0}}', {'a': 9007199254740993}, True),
    ],
)
def test_mongodb_answers_so(query, document, expected):
    assert evaluate(parse_where(query), document) is expected


SERVED = {
    '_id': '5f0000000000000000000002',
    '_created': 'Thu, 24 Aug 2017 23:55:19 GMT',
    '_updated': 'Thu, 24 Aug 2017 23:55:19 GMT',
    '_etag': 'a' * 40,
    'serial': '5f0000000000000000000002',
    'stamp': 'Thu, 24 Aug 2017 23:55:19 GMT',
}


@pytest.mark.parametrize(
    'query',
    [
        '{"_id": "5f0000000000000000000002"}',
        '{"_id": "5F0000000000000000000002"}',
        '{"_id": {"$gt": "5f0000000000000000000001", "$lt": "5f0000000000000000000003"}}',
        '{"_id": {"$type": "objectId"}}',
        '{"_created": "Thu, 24 Aug 2017 23:55:19 GMT"}',
        '{"_updated": {"$type": "date"}}',
        '{"_created": {"$gt": "2017-08-24", "$lt": "2017-08-25"}}',
        '{"_etag": "%s"}' % ('a' * 40),
        '{"serial": "5f0000000000000000000002"}',
        '{"stamp": "Thu, 24 Aug 2017 23:55:19 GMT"}',
        '{"stamp": {"$type": "string"}}',
    ],
)
def test_ids_and_dates_of_a_served_record_are_ids_and_dates(query):
    assert evaluate(parse_where(query), SERVED)
