"""Takes the names of people and files out of a report's text."""

import re
from collections.abc import Callable, Iterable

HIDDEN = '▒▒▒▒'.encode()

_LABEL = re.compile(rb'(?:sub|ses)-([A-Za-z0-9]+)')
_SCRIPT = re.compile(rb'<(script|style)\b.*?</\1', re.IGNORECASE | re.DOTALL)
_SAYS_WHO = rb'(?i:subject|participant|session)\b(?:[^<>]|<[^<>]*>){0,40}?'


def blinded(page: bytes, *, report: str) -> bytes:
    """Replace a report's own name, its subject and its session, wherever they stand as text.

    Addresses of pictures stay, or the report would show none; so does what is drawn into a
    picture.
    """
    stem = report.rpartition('/')[2].rpartition('.')[0].encode()
    labels = {m[0]: m[1] for m in _LABEL.finditer(stem)}
    page = _replaced(page, rb'()(?:%s)(?:_[\w.-]*)?' % _any_of([stem, *labels]))
    # without its prefix a label may be any number: only after a word for what it names
    return _replaced(page, rb'(%s(?<!\w))(?:%s)' % (_SAYS_WHO, _any_of(labels.values())))


def _replaced(page: bytes, pattern: bytes) -> bytes:
    is_text = _text_finder(page)

    def replace(match: re.Match[bytes]) -> bytes:
        return match[1] + HIDDEN if is_text(match.end(1)) else match[0]

    return re.sub(pattern + rb'(?!\w)', replace, page)


def _any_of(words: Iterable[bytes]) -> bytes:
    ordered = sorted(words, key=len, reverse=True)
    return b'|'.join(map(re.escape, ordered)) or rb'(?!)'


def _text_finder(page: bytes) -> Callable[[int], bool]:
    """Make the function that knows whether a place is outside of every tag and script."""
    code = [m.span() for m in _SCRIPT.finditer(page)]

    def is_text(place: int) -> bool:
        in_tag = page.rfind(b'<', 0, place) > page.rfind(b'>', 0, place)
        return not in_tag and not any(first < place < end for first, end in code)

    return is_text
