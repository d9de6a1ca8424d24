"""Units as UCUM codes, https://ucum.org: the part of its grammar that measures of images need."""

import re
from typing import Final

_WORDS: Final = {
    '1': '',
    "[arb'U]": 'arbitrary units',
    '{voxel}': 'voxels',
    '{volume}': 'volumes',
    's/mm2': 's/mm²',
    'deg': '°',
}
_PREFIXES = ('Ki', 'Mi', 'Gi', 'Ti', 'k', 'M', 'G', 'T', 'h', 'd', 'c', 'm', 'u', 'n', 'p')
_METRIC = ('m', 's', 'g', 'Hz', 'T', 'rad', 'By', 'bit', 'V', 'A', 'W', 'J', 'N', 'K', 'Pa', 'L')
_RATIOS = ('10*', '%', '[ppth]', '[ppm]', '[ppb]', "[arb'U]")
_PLAIN = (*_RATIOS, 'deg', 'Cel', 'min', 'h', 'd', 'wk', 'mo', 'a')


def _any(codes: tuple[str, ...]) -> str:
    return '|'.join(re.escape(code) for code in codes)


_ATOM = rf'(?:(?:{_any(_PREFIXES)})?(?:{_any(_METRIC)})|{_any(_PLAIN)})(?:[+-]?\d+)?'
_NOTE = r'\{[!-z|~]+\}'  # printable ASCII: '{voxel}', '{volume}'
_TERM = rf'(?:(?:{_ATOM}|[1-9]\d*)(?:{_NOTE})?|{_NOTE})'
_UCUM = re.compile(rf'/?{_TERM}(?:[./]{_TERM})*')


def is_ucum(code: str) -> bool:
    """Tell whether ``code`` is a unit: ``mm``, ``s/mm2``, ``{voxel}``, ``1`` for a ratio."""
    return _UCUM.fullmatch(code) is not None


def in_words(code: str) -> str:
    """Write a unit as people do: ``voxels``; '' for a ratio."""
    return _WORDS.get(code, code)
