"""The MD5 by which an address names an image, however it is written."""

import re
from typing import Final

from mriqc_webapi.errors import NotFoundError

_MD5: Final = re.compile('[0-9a-f]{32}')


def is_md5(name: str) -> bool:
    """Tell whether a text in lower case could be an MD5."""
    return _MD5.fullmatch(name) is not None


def spellings(name: str) -> list[str]:
    """Give the ways in which records may write an MD5, the usual one first.

    What is no MD5 stands for itself, since old records name some images otherwise; ratings keep
    every name in lower case.
    """
    lower = name.lower()
    found = [lower, name, name.upper()] if is_md5(lower) else [name, lower]
    return list(dict.fromkeys(found))


def unknown_image(name: str) -> NotFoundError:
    """Say that nothing is about an image, and what its name should have looked like."""
    text = f'nothing is about the image {name[:64]!r}'
    if not is_md5(name.lower()):
        text += ': images are named by the MD5 of their file, 32 hex digits'
    return NotFoundError(text)
