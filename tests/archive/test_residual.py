"""The profile knows every path of every residual, or that it does not know."""

from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.archive import residual
from mriqc_webapi.archive.residual import KINDS, Profile
from tests.archive.test_compile import values


def profile_of(*residuals):
    found = Profile()
    for one in residuals:
        found.add(one)
    return found


def test_kinds_of_a_path_add_up():
    found = profile_of({'a': {'b': 1}}, {'a': {'b': None}}, {'a': [1]})
    assert found.kinds(('a', 'b')) == {'number', 'null'}
    assert found.kinds(('a',)) == {'object', 'array'}


def test_a_path_that_never_occurred_has_no_kinds():
    assert profile_of({'a': {'b': 1}}).kinds(('a', 'c')) == set()


def test_what_a_list_leads_to_is_not_known():
    found = profile_of({'a': [{'b': 1}]})
    assert found.through_list(('a', 'b'))
    assert not found.through_list(('a',))


def test_only_new_entries_are_unsaved():
    found = profile_of({'a': 1})
    found.unsaved.clear()
    found.add({'a': 2})
    assert found.unsaved == []
    found.add({'a': 'x'})
    assert found.unsaved == [(('a',), 'string')]


def test_a_profile_is_the_same_after_saving():
    first = profile_of({'a': {'b': [1]}, 'c': None})
    again = Profile(first.unsaved)
    for path in [('a',), ('a', 'b'), ('c',), ('a', 'b', 'c'), ('d',)]:
        assert again.kinds(path) == first.kinds(path)
        assert again.through_list(path) == first.through_list(path)


def test_beyond_its_room_anything_may_be_there(monkeypatch):
    monkeypatch.setattr(residual, 'MAX_PATHS', 3)
    found = profile_of({'a': {f'x{n}': n for n in range(5)}, 'b': 1})
    assert found.kinds(('a', 'x4')) == KINDS
    assert found.through_list(('a', 'x4', 'y'))
    assert found.kinds(('c',)) == KINDS
    assert found.kinds(('a', 'x0')) == {'number'} or found.kinds(('a', 'x0')) == KINDS


def test_deep_paths_are_known_by_their_parents():
    found = profile_of({'a': {'b': {'c': {'d': {'e': {'f': {'g': 1}}}}}}})
    assert found.kinds(tuple('abcdefg')) == KINDS
    assert found.kinds(('a', 'z')) == set()


def test_long_keys_are_known_by_their_parents():
    found = profile_of({'a': {'k' * 1_000: 1}})
    assert found.kinds(('a', 'k' * 1_000)) == KINDS


@given(st.dictionaries(st.text(max_size=3), values, max_size=4))
def test_every_value_outside_of_lists_is_known(found):
    profile = profile_of(found)

    def check(path, value):
        assert profile.kinds(path)
        if isinstance(value, dict):
            for key, inner in value.items():
                check((*path, key), inner)

    for key, value in found.items():
        check((key,), value)
