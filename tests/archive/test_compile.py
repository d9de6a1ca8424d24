"""The SQL finds what the plain evaluator finds, whatever the documents and the filter."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriqc_webapi.archive.compile import (
    MAX_ELEMENT_NESTING,
    Target,
    _element_nesting,
    predicate,
)
from mriqc_webapi.archive.predicates import Parameters
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
    SortKey,
    TypeIs,
)
from tests.archive.conftest import Table
from tests.query.reference import evaluate

numbers = st.one_of(
    st.sampled_from([0, 1, -1, 2, 3, 0.0, 1.0, 1.5, -0.5, 2.0, 1e300]),
    st.sampled_from([2**31, -(2**31) - 1, 2**53, 2**53 + 1, 2.0**53, 2**63 - 1, 2.0**63]),
    st.sampled_from([-(2**63), 2**64 - 1, 2.0**64]),
)
texts = st.sampled_from(['', 'a', 'B', 'é', '\U0001f600', '1', 'true', 'null', '"', 'a\0b', "'"])
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
keys = st.sampled_from(['a', 'b', '0', '1', 'x"y', 'k.d', '~/', 'EchoTime', 'testing', 'cjv'])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
segments = st.one_of(
    st.sampled_from(['a', 'b', '0', '1', '00', '-', 'x"y', '~/', "'; DROP TABLE x; --"]),
    st.sampled_from(['cjv', 'snr', 'size_x', 'bids_meta', 'EchoTime', 'provenance', 'settings']),
)
paths = st.one_of(
    st.sampled_from(
        [
            ('cjv',),
            ('snr',),
            ('size_x',),
            ('bids_meta',),
            ('bids_meta', 'EchoTime'),
            ('bids_meta', 'Manufacturer'),
            ('provenance', 'settings'),
            ('provenance', 'settings', 'testing'),
            ('a',),
            ('a', 'b'),
            ('a', '0'),
            ('a', 'b', 'a'),
            ('bids_meta', '0', 'EchoTime'),
        ]
    ),
    st.lists(segments, min_size=1, max_size=4).map(tuple),
)
TYPE_NAMES = ['double', 'int', 'long', 'string', 'bool', 'date', 'objectId', 'null', 'array']


def _tests(where: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    orders = st.sampled_from(['gt', 'gte', 'lt', 'lte'])
    bounds = st.one_of(numbers, texts, st.booleans())
    several = st.lists(values, max_size=3).map(tuple)
    types = st.frozensets(st.sampled_from([*TYPE_NAMES, 'object']), max_size=3)
    small = st.integers(-3, 3)
    return st.one_of(
        st.builds(Equal, where, values),
        st.builds(Compare, where, orders, bounds),
        st.builds(In, where, several),
        st.builds(Exists, where),
        st.builds(TypeIs, where, types),
        st.builds(Mod, where, st.sampled_from([2, 3, -3, 2**40]), small),
        st.builds(Size, where, small),
        st.builds(All, where, several),
    )


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, parts),
        st.builds(Or, parts),
        st.builds(Not, inner),
        st.builds(ElementMatch, paths, inner),
        st.builds(ElementMatch, paths, _tests(st.just(()))),
    )


expressions = st.recursive(_tests(paths), _combined, max_leaves=4)
documents = st.fixed_dictionaries(
    {},
    optional={
        'cjv': values,
        'snr': st.one_of(st.floats(-2, 2), scalars),
        'size_x': st.one_of(st.integers(-3, 3), scalars),
        'bids_meta': st.one_of(
            values,
            st.fixed_dictionaries(
                {}, optional={'EchoTime': values, 'Manufacturer': values, 'a': values}
            ),
        ),
        'provenance': st.fixed_dictionaries(
            {},
            optional={
                'md5sum': texts,
                'settings': st.one_of(
                    values, st.fixed_dictionaries({}, optional={'testing': st.booleans()})
                ),
            },
        ),
        'a': values,
        'b': values,
        'x"y': values,
        '~/': values,
    },
)


def as_stored(table: Table, index: int, document: dict[str, Any]) -> dict[str, Any]:
    """Coerce as the columns do, and add what the server adds."""
    row = table.rows[index]
    coerced = table.layout.join(*table.layout.split(document))
    date = datetime.fromtimestamp(row.created_at, UTC).replace(tzinfo=None)
    return {
        **coerced,
        '_id': ObjectId(row.id),
        '_created': date,
        '_updated': date,
        '_etag': row.etag,
    }


def found_by_evaluator(table: Table, documents: list[dict[str, Any]], where: Any) -> list[int]:
    """Give the positions of the documents that the plain evaluator finds."""
    return [i for i, d in enumerate(documents) if evaluate(where, as_stored(table, i, d))]


def _places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every path of a document with what stands there."""
    members = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        members = enumerate(value)
        for element in value:
            yield from _places(element, path)
    for key, inner in members:
        yield (*path, str(key)), inner
        yield from _places(inner, (*path, str(key)))


_WHATEVER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


answerable = expressions.filter(lambda where: _element_nesting(where) <= MAX_ELEMENT_NESTING)


@settings(max_examples=60, deadline=None, suppress_health_check=_WHATEVER)
@given(
    found=st.lists(documents, min_size=1, max_size=8),
    where=st.lists(answerable, min_size=5, max_size=5),
)
def test_sql_finds_what_the_plain_evaluator_finds(table_of, found, where):
    table = table_of(*found)
    for expression in where:
        expected = found_by_evaluator(table, found, expression)
        assert table.matches(expression) == expected, expression


@settings(max_examples=60, deadline=None, suppress_health_check=_WHATEVER)
@given(found=st.lists(documents, min_size=1, max_size=6), data=st.data())
def test_sql_finds_what_is_asked_for_by_its_own_value(table_of, found, data):
    table = table_of(*found)
    places = [place for d in found for place in _places(d)] or [(('a',), 1)]
    for path, value in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=5)):
        if any('.' in s or not s for s in path):
            continue
        kinds = st.frozensets(st.sampled_from([*TYPE_NAMES, 'object']), min_size=1, max_size=3)
        order = data.draw(st.sampled_from(['gt', 'gte', 'lt', 'lte']))
        parts = (Equal(path, value), In(path, (value, None)), All(path, (value,)), Exists(path))
        if isinstance(value, int | float | str):
            parts = (*parts, Compare(path, order, value))
        if isinstance(value, list):
            inner = value[0] if value else 1
            parts = (*parts, Size(path, len(value)), ElementMatch(path, Equal((), inner)))
        for expression in (*parts, TypeIs(path, data.draw(kinds))):
            for where in (expression, Not(expression)):
                expected = found_by_evaluator(table, found, where)
                assert table.matches(where) == expected, where


@pytest.mark.parametrize('field', ['snr', 'size_x', 'other'])
@pytest.mark.parametrize('order', ['gt', 'gte', 'lt', 'lte'])
def test_numbers_compare_exactly(table_of, field, order):
    near = [2**53 - 1, 2**53, 2.0**53, 2**53 + 1, 2**53 + 2, 2**62 + 1, 0.1, 2.5, -3]
    found = [{field: n} for n in near]
    table = table_of(*found)
    for bound in [*near, 2**70, -(2**70), 10**400, 1e308, math.inf, -math.inf, math.nan]:
        for where in (Compare((field,), order, bound), Equal((field,), bound)):
            expected = found_by_evaluator(table, found, where)
            assert table.matches(where) == expected, where


def test_an_object_equals_its_columns_and_residual_together(table_of):
    table = table_of(
        {'provenance': {'settings': {'testing': False}}},
        {'provenance': {'settings': {'testing': False, 'new': 1}}},
        {'provenance': {'settings': {'testing': False, 'fd_thres': 0.2}}},
        {'provenance': {'settings': {'testing': 'no'}}},
        {'provenance': {'settings': {}}},
        {'provenance': {'settings': [{'testing': False}]}},
    )
    path = ('provenance', 'settings')
    assert table.matches(Equal(path, {'testing': False})) == [0, 5]
    assert table.matches(Equal(path, {'new': 1, 'testing': False})) == [1]
    assert table.matches(Equal(path, {'testing': 'no'})) == [3]
    assert table.matches(Equal(path, {})) == [4]
    assert table.matches(Not(Equal(path, {'testing': False}))) == [1, 2, 3, 4]


def test_ids_and_dates_are_found_by_value_only(table_of):
    table = table_of({}, {}, {})
    date = datetime(1970, 1, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere inside
    assert table.matches(Equal(('_id',), ObjectId(f'{1:024x}'))) == [1]
    assert table.matches(Compare(('_id',), 'gt', ObjectId(f'{1:024x}'))) == [2]
    assert table.matches(Equal(('_id',), f'{1:024x}')) == []
    assert table.matches(Compare(('_created',), 'gte', date)) == [1, 2]
    assert table.matches(Equal(('_updated',), date)) == [1]
    assert table.matches(Equal(('_created',), '1970-01-01T01:00:00')) == []
    assert table.matches(Equal(('cjv',), date)) == []
    assert table.matches(TypeIs(('_id',), frozenset({'objectId'}))) == [0, 1, 2]
    assert table.matches(Exists(('_links',))) == []


@pytest.mark.parametrize(
    'text',
    ["'", '"', '\'; DROP TABLE "T1w"; --', '$p0', '?', '\\', '%', 'a\0b', '\n', '{}', '"a":'],
)
def test_texts_and_names_stay_data(table_of, text):
    table = table_of(
        {'bids_meta': {'Manufacturer': text}}, {text: text}, {'a': [{text: [text]}]}, {'a': 1}
    )
    assert table.matches(Equal(('bids_meta', 'Manufacturer'), text)) == [0]
    assert table.matches(Equal((text,), text)) == [1]
    assert table.matches(Equal(('a', text), text)) == [2]
    assert table.matches(Equal(('a',), {text: [text]})) == [2]
    assert table.matches(ElementMatch(('a',), Exists((text,)))) == [2]
    assert table.ordered(SortKey((text,))) == [0, 2, 3, 1]


@pytest.mark.parametrize('path', [('bids_meta', 'Manufacturer'), ('other',)])
def test_half_a_character_is_refused(table_of, path):
    with pytest.raises(QueryError):
        table_of({'other': 'x'}).matches(Equal(path, '\ud800'))


def test_a_filter_that_is_nested_too_deep_is_refused(table_of):
    where = Exists(('a',))
    for _ in range(200):
        where = Not(where)
    with pytest.raises(QueryError):
        table_of({}).matches(where)


def test_a_filter_of_many_values_is_answered_or_refused(table_of):
    table = table_of({'cjv': 7.0}, {'bids_meta': {'Manufacturer': 'x9000'}})
    many = tuple(range(9_000))
    assert table.matches(In(('cjv',), many)) == [0]
    assert table.matches(In(('bids_meta', 'Manufacturer'), tuple(map('x{}'.format, many)))) == []
    with pytest.raises(QueryError):
        table.matches(In(('cjv',), tuple(range(30_000))))


def test_a_field_of_plain_numbers_is_one_comparison(table_of):
    table = table_of({'cjv': 1.0, 'snr': None, 'other': [1]}, {'cjv': 2.0, 'other': {'cjv': 'x'}})
    parameters = Parameters()
    target = Target(table.layout, table.profile)
    assert predicate(Compare(('cjv',), 'gt', 1), target, parameters) == '"cjv" > $p0'
    assert 'residual' not in predicate(Compare(('snr',), 'gt', 1), target, parameters)
    assert 'residual' in predicate(Compare(('other',), 'gt', 1), target, parameters)


def test_tests_of_elements_that_nest_too_deep_are_refused(table_of):
    where = Equal(('x',), 1)
    for _ in range(3):
        where = ElementMatch(('0',), where)
    with pytest.raises(QueryError, match='elemMatch'):
        table_of({'x': [[1]]}).matches(where)
