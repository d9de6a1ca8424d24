"""Whatever the text: it is understood, or it is a QueryError."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.paging import parse_max_results, parse_page
from mriqc_webapi.query.projection import parse_projection
from mriqc_webapi.query.sort import parse_sort
from mriqc_webapi.query.where import parse_where
from tests.query.reference import evaluate

LETTERS = 'aZ_é€😀\ud800\0 \t\n0159.eE+-$<>=!&|#;:,()[]{}"\'\\'
OPERATORS = [
    *('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$not', '$exists', '$type'),
    *('$mod', '$size', '$all', '$elemMatch', '$and', '$or', '$nor', '$where', '$expr', '$foo'),
]
WORDS = [
    *('a', 'cjv', 'bids_meta', '.', ',', '(', ')', '[', ']', '{', '}', ':', '==', '!=', '<', '<='),
    *('>', '=', '+', '-', 'and', 'or', 'not', 'in', 'True', 'None', '1', '-0.5', '1e999', '007'),
    *('"x"', "'y'", '"', '\\', 'ObjectId(', 'datetime(', '2000,1,1', '"' + 'ab' * 12 + '"', '\0'),
]

keys = st.sampled_from([*OPERATORS, 'a', 'a.b', '_id', '_created', '', 'a.0', '.', '\0'])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(LETTERS, max_size=5) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
texts = st.one_of(
    st.text(LETTERS),
    values.map(json.dumps),
    values.map(repr),
    st.lists(st.sampled_from(WORDS), max_size=12).map(''.join),
    st.lists(st.sampled_from(WORDS), max_size=12).map(' '.join),
)
documents = st.dictionaries(st.sampled_from(['a', 'b', '0']), values, max_size=2)


@pytest.mark.parametrize('parse', [parse_where, parse_sort, parse_projection])
@given(text=texts)
def test_a_text_is_understood_or_refused(parse, text):
    try:
        parse(text)
    except QueryError as error:
        assert len(str(error)) < 600


@given(query=st.dictionaries(keys, values, max_size=3), document=documents)
def test_what_is_understood_can_be_evaluated(query, document):
    try:
        expression = parse_where(json.dumps(query))
    except QueryError:
        return
    assert evaluate(expression, document) in {True, False}


@given(text=texts)
def test_any_page_is_a_page(text):
    assert 1 <= parse_page(text) * parse_max_results(text) < 2**63
