"""Versions sort as they came out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from mriqc_webapi.iqm.versions import release_numbers, version_key

IN_ORDER = [
    'a1b2c3d',
    '0.9.6',
    '0.9.7-rc5',
    '0.9.7',
    '0.9.7-0',
    '0.9.8',
    '0.9.8-1',
    '0.15.2.post1',
    '0.16.0.dev1',
    '0.16.0',
    '21.0.0rc2',
    '22.0',
    '22.0.1-12-g3f2a91c',
    '22.0.6',
    'v23.1',
    '24.0.2',
    '24.0.2+dirty',
]


def test_versions_of_mriqc_sort_as_they_came_out():
    assert sorted(set(IN_ORDER), key=version_key) == IN_ORDER


@pytest.mark.parametrize('text', ['', ' ', 'unknown', 'abcdef0', 'gabcdef0123', None])
def test_what_is_no_version_is_lowest(text):
    assert version_key(text) == '' < version_key('0')
    assert release_numbers(text) is None


def test_case_blanks_and_trailing_zeros_do_not_matter():
    assert version_key(' V22.0.0RC1 ') == version_key('22rc1')


numbers = st.integers(0, 10**8).map(str)
stages = st.sampled_from(['', 'a', 'b', 'rc'])
versions = st.builds(
    lambda release, pre, n, post, dev: (
        '.'.join(release)
        + (f'{pre}{n}' if pre else '')
        + ('' if post is None else f'.post{post}')
        + ('' if dev is None else f'.dev{dev}')
    ),
    release=st.lists(numbers, min_size=2, max_size=4),
    pre=stages,
    n=numbers,
    post=st.none() | numbers,
    dev=st.none() | numbers,
)


@given(versions, versions)
def test_public_versions_sort_as_pep_440_says(one, other):
    expected = (Version(one) > Version(other)) - (Version(one) < Version(other))
    mine, its = version_key(one), version_key(other)
    assert (mine > its) - (mine < its) == expected


@given(st.text(max_size=40))
def test_any_text_has_a_key(text):
    assert isinstance(version_key(text), str)
