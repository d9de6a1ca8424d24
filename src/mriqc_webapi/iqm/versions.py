"""Versions of software, in the order in which they came out."""

import re
from functools import lru_cache
from typing import Final

MAX_DIGITS: Final = 9  # of a number; longer ones are equal
MAX_LOCAL_CHARS: Final = 64

# PEP 440, and what versioneer, setuptools-scm and hurried people make of it
_VERSION: Final = re.compile(
    r"""
    v?(?:(?P<epoch>\d+)!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<n_pre>\d*))?
    (?:-(?P<n_revision>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<n_post>\d*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<n_dev>\d*))?
    (?P<local>(?:[-_.+].*)?)
    """,
    re.VERBOSE | re.ASCII,
)
_HASH: Final = re.compile(r'g?(?=\d*[a-f])[0-9a-f]{7,40}', re.ASCII)
_STAGES: Final = {'alpha': 'a', 'beta': 'b', 'c': 'r', 'rc': 'r', 'pre': 'r', 'preview': 'r'}


@lru_cache(maxsize=4096)
def release_numbers(version: str | None) -> tuple[int, ...] | None:
    """Give the numbers of a release, ``(22, 0, 6)``; None for a commit or what is no version."""
    found = _parsed(version)
    return None if found is None else tuple(int(n) for n in found['release'].split('.'))


@lru_cache(maxsize=4096)
def version_key(version: str | None) -> str:
    """Give a text whose alphabetical order is the order of versions, which is PEP 440's.

    Names of commits, and whatever else is no version, are lowest; ``'1.0'`` equals ``'1'``.
    """
    found = _parsed(version)
    if found is None:
        return ''
    numbers = [_digits(n) for n in found['release'].split('.')]
    while numbers and numbers[-1] == _digits('0'):
        numbers.pop()
    release = ''.join(numbers) + '.'  # which is before every number
    epoch = _digits(found['epoch'])
    return epoch + release + _stage(found) + _post(found) + _dev(found) + _local(found)


def _parsed(version: str | None) -> re.Match[str] | None:
    text = (version or '').strip().casefold()
    return None if _HASH.fullmatch(text) else _VERSION.fullmatch(text)


def _stage(found: re.Match[str]) -> str:
    if found['pre']:
        return _STAGES.get(found['pre'], found['pre']) + _digits(found['n_pre'])
    is_before = found['dev'] and not _is_post(found)
    return '0' if is_before else 'z'  # `1.0.dev1` comes before `1.0a1`


def _post(found: re.Match[str]) -> str:
    return '1' + _digits(found['n_revision'] or found['n_post']) if _is_post(found) else '0'


def _is_post(found: re.Match[str]) -> bool:
    return bool(found['post'] or found['n_revision'])


def _dev(found: re.Match[str]) -> str:
    return '0' + _digits(found['n_dev']) if found['dev'] else '1'


def _local(found: re.Match[str]) -> str:
    return found['local'][1 : MAX_LOCAL_CHARS + 1]


def _digits(number: str | None) -> str:
    """Write a number behind its length, so that texts are in the order of numbers."""
    digits = (number or '').lstrip('0') or '0'
    return f'{len(digits)}{digits}' if len(digits) <= MAX_DIGITS else '9' * (MAX_DIGITS + 1)
