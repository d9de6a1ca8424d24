"""Bodies as clients really send them."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.errors import BrokenBodyError, LimitError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import parse_json

LIMITS = Limits()


def parse(body: bytes):
    return parse_json(body, LIMITS)


def test_a_byte_order_mark_is_skipped():
    assert parse(b'\xef\xbb\xbf{"a":1}') == {'a': 1}


def test_nan_and_infinity_are_taken_as_python_writes_them():
    nan, plus, minus = parse(b'[NaN, Infinity, -Infinity]')
    assert math.isnan(nan)
    assert (plus, minus) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    'number', [b'1e999', b'-1e999', b'9' * 400, b'9' * 5000, b'1' + b'0' * 309]
)
def test_a_number_beyond_double_range_is_infinite(number):
    assert math.isinf(parse(b'{"n":' + number + b'}')['n'])


@pytest.mark.parametrize('token', [b'', b', "b":NaN'])
def test_an_integer_beyond_64_bits_is_a_double_on_either_path(token):
    number = parse(b'{"n":99999999999999999999999' + token + b'}')['n']
    assert isinstance(number, float)
    assert number == 1e23


@pytest.mark.parametrize('token', [b'', b', "b":NaN'])
def test_64_bit_integers_stay_exact_on_either_path(token):
    body = b'{"n":9007199254740993, "m":-9223372036854775808' + token + b'}'
    assert parse(body) | {'b': 0} == {'n': 9007199254740993, 'm': -(2**63), 'b': 0}


@pytest.mark.parametrize('token', [b'1', b'NaN'])
def test_the_last_of_a_name_that_comes_twice_counts(token):
    assert parse(b'{"a":1, "b":' + token + b', "a":2}')['a'] == 2


@pytest.mark.parametrize('number', [0.1, 1.7976931348623157e308, 5e-324, -0.0])
@pytest.mark.parametrize('token', ['', ', NaN'])
def test_doubles_keep_their_last_digit(number, token):
    assert repr(parse(f'[{number!r}{token}]'.encode())[0]) == repr(number)


@pytest.mark.parametrize('body', [b'', b'  \n ', b'\xef\xbb\xbf'])
def test_an_empty_body_says_so(body):
    with pytest.raises(BrokenBodyError, match='empty'):
        parse(body)


def test_broken_json_says_where():
    with pytest.raises(BrokenBodyError, match='line 2 column 5'):
        parse(b'{"a":1,\n"b":,}')


def test_broken_utf8_says_where():
    with pytest.raises(BrokenBodyError, match='not UTF-8 at byte 11'):
        parse('{"rating":"é"}'.encode('latin-1'))


@pytest.mark.parametrize(
    'body', [rb'{"a":"\ud800"}', rb'{"\udfff":1}', rb'["\ud800 \ud800", NaN]']
)
def test_half_a_surrogate_pair_is_broken(body):
    with pytest.raises(BrokenBodyError, match='surrogate'):
        parse(body)


def test_a_whole_surrogate_pair_is_a_character():
    assert parse(rb'["\ud83e\udde0", NaN]')[0] == '🧠'


@pytest.mark.parametrize('n', [1_000, 1_100, 100_000])
@pytest.mark.parametrize(('opening', 'closing'), [(b'[', b']'), (b'{"a":', b'}')])
def test_a_deep_body_is_beyond_a_limit(n, opening, closing):
    with pytest.raises(LimitError, match='nested deeper than 32 levels'):
        parse(opening * n + b'NaN' + closing * n)


def test_a_body_beyond_its_limit_is_not_parsed():
    with pytest.raises(LimitError, match='larger than 10 bytes'):
        parse_json(b'{"a":' + b'1' * 10, Limits(max_body_bytes=10))


def test_messages_never_quote_the_body():
    with pytest.raises(BrokenBodyError) as caught:
        parse(b'{"name": "joe@example.org" "secret"}')
    assert 'joe' not in str(caught.value)
    assert 'secret' not in str(caught.value)


@given(st.binary())
def test_any_bytes_parse_or_are_refused(body):
    with suppress(BrokenBodyError, LimitError):
        parse(body)
