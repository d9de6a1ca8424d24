import json
from datetime import datetime

import pytest

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import (
    All,
    And,
    Compare,
    ElementMatch,
    Equal,
    Exists,
    In,
    Mod,
    Not,
    ObjectId,
    Or,
    Size,
    TypeIs,
)
from mriqc_webapi.query.where import parse_where

A, B = ('a',), ('b',)
HEX = '5f00000000000000000000aa'
at = datetime.fromisoformat


@pytest.mark.parametrize(
    ('where', 'expected'),
    [
        ('{"a": 1}', Equal(A, 1)),
        ('{"a.b.0": 1}', Equal(('a', 'b', '0'), 1)),
        ('{"a": null}', Equal(A, None)),
        ('{"a": {}}', Equal(A, {})),
        ('{"a": {"b": {"$gt": 1}}}', Equal(A, {'b': {'$gt': 1}})),
        ('{"a": [1, "x"]}', Equal(A, [1, 'x'])),
        ('{"a": {"$eq": {"b": 1}}}', Equal(A, {'b': 1})),
        ('{"a": {"$ne": null}}', Not(Equal(A, None))),
        ('{"a": {"$gt": 1}}', Compare(A, 'gt', 1)),
        ('{"a": {"$gte": "x"}}', Compare(A, 'gte', 'x')),
        ('{"a": {"$lt": true}}', Compare(A, 'lt', True)),
        ('{"a": {"$lte": 1.5}}', Compare(A, 'lte', 1.5)),
        ('{"a": {"$lte": null}}', TypeIs(A, frozenset({'null'}))),
        ('{"a": {"$lt": null}}', Or(())),
        ('{"a": {"$in": [1, null]}}', In(A, (1, None))),
        ('{"a": {"$nin": []}}', Not(In(A, ()))),
        ('{"a": {"$all": [1, 2]}}', All(A, (1, 2))),
        ('{"a": {"$not": {"$gt": 1}}}', Not(Compare(A, 'gt', 1))),
        (
            '{"a": {"$not": {"$gt": 1, "$lt": 9}}}',
            Not(And((Compare(A, 'gt', 1), Compare(A, 'lt', 9)))),
        ),
        ('{"a": {"$exists": true}}', Exists(A)),
        ('{"a": {"$exists": 0}}', Not(Exists(A))),
        ('{"a": {"$mod": [4.9, 1]}}', Mod(A, 4, 1)),
        ('{"a": {"$size": 2.0}}', Size(A, 2)),
        ('{"a": {"$gt": 1, "$lt": 2}}', And((Compare(A, 'gt', 1), Compare(A, 'lt', 2)))),
        ('{"a": 1, "b": 2}', And((Equal(A, 1), Equal(B, 2)))),
        ('{"$and": [{"a": 1}]}', Equal(A, 1)),
        ('{"$and": [{"a": 1}, {}]}', And((Equal(A, 1), And(())))),
        ('{"$or": [{"a": 1}, {"b": 2}]}', Or((Equal(A, 1), Equal(B, 2)))),
        ('{"$nor": [{"a": 1}, {"b": 2}]}', Not(Or((Equal(A, 1), Equal(B, 2))))),
        ('{"a": {"$elemMatch": {"$gt": 1}}}', ElementMatch(A, Compare((), 'gt', 1))),
        (
            '{"a": {"$elemMatch": {"b": 1}}}',
            ElementMatch(A, And((TypeIs((), frozenset({'object'})), Equal(B, 1)))),
        ),
        (
            '{"a": {"$elemMatch": {"$or": [{"b": 1}, {"a": 2}]}}}',
            ElementMatch(
                A, And((TypeIs((), frozenset({'object'})), Or((Equal(B, 1), Equal(A, 2)))))
            ),
        ),
        (
            '{"a": {"$all": [{"$elemMatch": {"$gt": 1}}, {"$elemMatch": {"$lt": 1}}]}}',
            And(
                (
                    ElementMatch(A, Compare((), 'gt', 1)),
                    ElementMatch(A, Compare((), 'lt', 1)),
                )
            ),
        ),
    ],
)
def test_a_query_document_becomes_an_expression(where, expected):
    assert parse_where(where) == expected


@pytest.mark.parametrize('where', ['', '  \n', 'null', ' null ', '{}'])
def test_nothing_to_ask_filters_nothing(where):
    assert parse_where(where) == And(())


@pytest.mark.parametrize(
    ('named', 'types'),
    [
        ('"string"', {'string'}),
        ('2', {'string'}),
        ('2.0', {'string'}),
        ('"number"', {'double', 'int', 'long'}),
        ('1', {'double'}),
        ('16', {'int'}),
        ('18', {'long'}),
        ('3', {'object'}),
        ('4', {'array'}),
        ('7', {'objectId'}),
        ('8', {'bool'}),
        ('9', {'date'}),
        ('10', {'null'}),
        ('"objectId"', {'objectId'}),
        ('["bool", 10]', {'bool', 'null'}),
        ('"decimal"', set()),
        ('-1', set()),
        ('127', set()),
    ],
)
def test_a_type_is_named_by_alias_or_code(named, types):
    assert parse_where(f'{{"a": {{"$type": {named}}}}}') == TypeIs(A, frozenset(types))


@pytest.mark.parametrize(
    'where',
    [
        f'{{"_id": "{HEX}"}}',
        f'{{"_id": "{HEX.upper()}"}}',
        f'{{"_id": {{"$eq": "{HEX}"}}}}',
        f'{{"$and": [{{"_id": "{HEX}"}}]}}',
    ],
)
def test_hex_digits_under_id_are_an_id(where):
    assert parse_where(where) == Equal(('_id',), ObjectId(HEX))


def test_ids_in_a_list_are_ids():
    assert parse_where(f'{{"_id": {{"$in": ["{HEX}", "x"]}}}}') == In(
        ('_id',), (ObjectId(HEX), 'x')
    )


@pytest.mark.parametrize(
    ('where', 'path'),
    [
        (f'{{"a": "{HEX}"}}', A),
        (f'{{"a._id": "{HEX}"}}', ('a', '_id')),
        (f'{{"_etag": "{HEX}"}}', ('_etag',)),
    ],
)
def test_hex_digits_elsewhere_stay_text(where, path):
    assert parse_where(where) == Equal(path, HEX)


def test_hex_digits_under_the_id_of_an_element_stay_text():
    expression = parse_where(f'{{"a": {{"$elemMatch": {{"_id": "{HEX}"}}}}}}')
    assert expression.part.parts[1] == Equal(('_id',), HEX)


@pytest.mark.parametrize(
    ('text', 'date'),
    [
        ('Thu, 24 Aug 2017 23:55:19 GMT', at('2017-08-24T23:55:19')),
        ('Fri, 24 Aug 2017 23:55:19 GMT', at('2017-08-24T23:55:19')),
        ('Sat, 1 Jan 2000 00:00:00 GMT', at('2000-01-01T00:00:00')),
        ('2000-01-01', at('2000-01-01T00:00:00')),
        ('2000-01-01T10:00:00', at('2000-01-01T10:00:00')),
        ('2000-01-01T10:00:00Z', at('2000-01-01T10:00:00')),
        ('2000-01-01T10:00:00+02:00', at('2000-01-01T08:00:00')),
        ('2000-01-01T10:00:00.5Z', at('2000-01-01T10:00:00.500000')),
    ],
)
@pytest.mark.parametrize('field', ['_created', '_updated'])
def test_dates_are_dates_where_a_record_has_dates(field, text, date):
    assert parse_where(json.dumps({field: text})) == Equal((field,), date)


@pytest.mark.parametrize(
    'text',
    [
        'Sat, 01 Jan 2000 00:00:00 UTC',
        'Sat, 32 Jan 2000 00:00:00 GMT',
        'Sat, 01 Foo 2000 00:00:00 GMT',
        'Sat, 01 Jan 0000 00:00:00 GMT',
        'yesterday',
        '0001-01-01T00:00:00+23:00',
    ],
)
def test_what_is_no_date_stays_text(text):
    assert parse_where(json.dumps({'_created': text})) == Equal(('_created',), text)


def test_dates_elsewhere_stay_text():
    text = 'Thu, 24 Aug 2017 23:55:19 GMT'
    assert parse_where(json.dumps({'a': text})) == Equal(A, text)


@pytest.mark.parametrize(
    ('number', 'expected'),
    [
        ('9223372036854775807', 9223372036854775807),
        ('-9223372036854775808', -9223372036854775808),
        ('9223372036854775808', 9223372036854775808.0),
        ('1' * 300, float('1' * 300)),
        ('-0.0', -0.0),
        ('1e-400', 0.0),
    ],
)
def test_numbers_are_what_a_database_can_hold(number, expected):
    value = parse_where(f'{{"a": {number}}}').value
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ('where', 'complaint'),
    [
        ('[1]', 'must be an object'),
        ('5', 'must be an object'),
        ('"abc"', 'must be an object'),
        ('true', 'must be an object'),
        ('{"_updated":{', 'no JSON: .* at character 14'),
        ('{"a": 1', 'no JSON'),
        ("{'a': 1}", 'no JSON'),
        ('{"": 1}', 'empty'),
        ('{"a": {"": 1}}', 'empty'),
        ('{"a\\u0000": 1}', 'no field name'),
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ('{"a": NaN}', 'NaN'),
        ('{"a": -Infinity}', 'Infinity'),
        ('{"a": 1e999}', '1e999'),
        ('{"a": ' + '9' * 5000 + '}', 'beyond the range'),
        ('{"a": "\\ud800"}', 'surrogate'),
        ('{"\\ud800": 1}', 'surrogate'),
        ('{"$where": "1"}', r'\$where'),
        ('{"$comment": "x"}', r'\$comment'),
        ('{"a": {"$regex": "^Sie"}}', r'\$regex'),
        ('{"a": {"$regex": "^sie", "$options": "i"}}', r'\$'),
        ('{"a": {"$options": "i"}}', r'\$options'),
        ('{"$or": [{"a": 1}, {"b": {"$not": {"$regex": "x"}}}]}', r'\$regex'),
        ('{"a": {"b": [{"$regex": "x"}]}}', r'\$regex'),
        ('{"a": {"$foo": 1}}', r'\$foo'),
        ('{"$foo": 1}', r'\$foo'),
        ('{"$expr": {"$gt": ["$cjv", 0.2]}}', r'\$expr is not supported'),
        ('{"$text": {"$search": "x"}}', r'\$text is not supported'),
        ('{"a": {"$near": [1, 2]}}', r'\$near is not supported'),
        ('{"a": {"$bitsAllSet": 1}}', r'\$bitsAllSet is not supported'),
        ('{"$gt": 1}', 'where a field name belongs'),
        ('{"$not": {"a": 1}}', 'where a field name belongs'),
        ('{"a": {"$and": [{"b": 1}]}}', r'a: \$and belongs outside'),
        ('{"a": {"$gt": 1, "b": 2}}', 'a: b is no operator'),
        ('{"a": {"b": 2, "$gt": 1}}', 'a: b is no operator'),
        ('{"$or": {"a": 1}}', r'\$or needs a list'),
        ('{"$or": []}', r'\$or needs a list with at least one'),
        ('{"$and": []}', r'\$and needs a list with at least one'),
        ('{"$nor": null}', r'\$nor needs a list'),
        ('{"$and": [1]}', 'must be an object'),
        ('{"a.b": {"$in": 5}}', r'a\.b: \$in needs a list'),
        ('{"a": {"$nin": "x"}}', r'\$nin needs a list'),
        ('{"a": {"$in": [{"$gt": 1}]}}', r'\$in takes values'),
        ('{"a": {"$all": 1}}', r'\$all needs a list'),
        ('{"a": {"$all": [{"$gt": 1}]}}', r'\$all takes values'),
        ('{"a": {"$all": [1, {"$elemMatch": {"b": 1}}]}}', r'\$all takes values'),
        ('{"a": {"$not": 1}}', r'\$not needs an object of operators'),
        ('{"a": {"$not": {}}}', r'\$not needs an object of operators'),
        ('{"a": {"$not": {"b": 1}}}', r'\$not needs an object of operators'),
        ('{"a": {"$exists": "yes"}}', r'\$exists needs true or false'),
        ('{"a": {"$exists": []}}', r'\$exists needs true or false'),
        ('{"a": {"$type": "nope"}}', r"\$type does not know 'nope'"),
        ('{"a": {"$type": 99}}', r'\$type does not know'),
        ('{"a": {"$type": true}}', r'\$type does not know'),
        ('{"a": {"$type": {}}}', r'\$type does not know'),
        ('{"a": {"$type": []}}', r'\$type needs at least one'),
        ('{"a": {"$mod": 3}}', r'\$mod needs two numbers'),
        ('{"a": {"$mod": [3]}}', r'\$mod needs two numbers'),
        ('{"a": {"$mod": [3, true]}}', r'\$mod needs two numbers'),
        ('{"a": {"$mod": [0.5, 1]}}', r'\$mod cannot divide by 0\.5'),
        ('{"a": {"$mod": [1e30, 1]}}', r'\$mod cannot divide'),
        ('{"a": {"$size": -1}}', r'\$size needs a whole number'),
        ('{"a": {"$size": 1.5}}', r'\$size needs a whole number'),
        ('{"a": {"$size": "1"}}', r'\$size needs a whole number'),
        ('{"a": {"$size": true}}', r'\$size needs a whole number'),
        ('{"a": {"$elemMatch": 1}}', r'\$elemMatch needs an object'),
        ('{"a": {"$elemMatch": {"$gt": 1, "b": 2}}}', 'b is no operator'),
        ('{"a": {"$gt": [1]}}', r'\$gt needs a number'),
        ('{"a": {"$lte": {"b": 1}}}', r'\$lte needs a number'),
    ],
)
def test_what_cannot_be_understood_is_said(where, complaint):
    with pytest.raises(QueryError, match=complaint):
        parse_where(where)


@pytest.mark.parametrize(
    'where',
    [
        '{"a": "' + 'x' * 70_000 + '"}',
        '{"a": ' + '[' * 40 + ']' * 40 + '}',
        '{"a": ' + '[' * 30_000 + ']' * 30_000 + '}',
        '{"a":' * 10_000,
        '{"a": [1' + ',1' * 20_000 + ']}',
        '{"a' + '.a' * 100 + '": 1}',
    ],
)
def test_what_is_beyond_a_limit_is_refused(where):
    with pytest.raises(QueryError):
        parse_where(where)


def test_nesting_up_to_the_limit_is_understood():
    where = '{"$and": [' * 15 + '{"a": 1}' + ']}' * 15
    assert parse_where(where) == Equal(A, 1)


def test_a_filter_for_two_thousand_ids_is_within_the_limits():
    ids = [f'{n:024x}' for n in range(2_000)]
    where = json.dumps({'_id': {'$in': ids}})
    assert parse_where(where).values == tuple(map(ObjectId, ids))
