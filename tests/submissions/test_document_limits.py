"""How large one document may be."""

import pytest

from mriqc_webapi.errors import LimitError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.limits import check_limits


def nested(n: int, leaf: object = 1) -> object:
    value = leaf
    for _ in range(n):
        value = {'a': value}
    return value


def test_the_deepest_allowed_nesting_passes():
    assert check_limits(nested(4), Limits(max_depth=4)) == 4


def test_too_deep_a_document_says_where():
    with pytest.raises(LimitError, match=r'nested deeper than 3 levels at a\.a\.a'):
        check_limits(nested(4), Limits(max_depth=3))


def test_depth_is_bounded_by_what_can_be_written_whatever_the_setting():
    with pytest.raises(LimitError, match='nested deeper than 200 levels'):
        check_limits(nested(100_000), Limits(max_depth=10**6))


def test_members_and_elements_count_alike_at_any_depth():
    document = {'a': [1, 2], 'b': {'c': [[]]}}
    assert check_limits(document, Limits(max_keys=6)) == 6
    with pytest.raises(LimitError, match='more than 5 members and elements'):
        check_limits(document, Limits(max_keys=5))


def test_too_long_a_name_says_in_which_object():
    with pytest.raises(LimitError, match=r'name longer than 5 characters in a'):
        check_limits({'a': {'b' * 6: 1}}, Limits(max_key_chars=5))


def test_many_short_names_are_fine():
    check_limits({str(i): i for i in range(100)}, Limits(max_key_chars=2))


def test_too_long_a_text_says_where():
    with pytest.raises(LimitError, match=r'text longer than 5 characters at a\.1'):
        check_limits({'a': ['x', 'y' * 6]}, Limits(max_text_chars=5))
