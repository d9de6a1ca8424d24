"""Cut Python-like text into names, numbers, quoted texts and marks; nothing is ever executed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.literals import MAX_VALUES, as_float, as_integer, check_text

Kind = Literal['name', 'number', 'text', 'mark', 'end']

# Possessive quantifiers throughout: no text, however wrong, makes this try twice.
_TOKEN = re.compile(
    r"""
      (?P<number> (?: [0-9]++ (?:\.[0-9]*+)? | \.[0-9]++ ) (?: [eE][+-]?[0-9]++ )? (?![\w.]) )
    | (?P<name>   [^\W\d]\w*+ )
    | (?P<text>   "(?: [^"\\\n] | \\. )*+" | '(?: [^'\\\n] | \\. )*+' )
    | (?P<mark>   [=!<>]= | [<>().,:+\-\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANKS = re.compile(r'\s++')
_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))', re.DOTALL)
_PLAIN_ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', "'": "'", '"': '"', '\n': ''}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text; ``value`` is a number's or a text's value, else the piece itself."""

    kind: Kind
    value: str | int | float
    at: int  # counted from 1

    def __str__(self) -> str:
        what = 'the end' if self.kind == 'end' else f'{str(self.value)[:40]!r}'
        return f'{what} at character {self.at}'


def tokenise(text: str) -> list[Token]:
    """Cut the text; the last token is of kind 'end'.

    Raises
    ------
    QueryError
        Something is neither name, number, quoted text, nor mark; or there are too many of them.
    """
    tokens = list(islice(_cut(text), MAX_VALUES + 1))
    if tokens[-1].kind != 'end':
        raise QueryError(f'more than {MAX_VALUES} words and marks')
    return tokens


def _cut(text: str) -> Iterator[Token]:
    at = _after_blanks(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f'{text[at : at + 20]!r} at character {at + 1}{_hint(text[at])}')
        yield _token(match, at + 1)
        at = _after_blanks(text, match.end())
    yield Token('end', '', len(text) + 1)


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _token(match: re.Match[str], at: int) -> Token:
    piece = match[0]
    if match['number']:
        return Token('number', _number(piece, at), at)
    if match['text']:
        return Token('text', check_text(_ESCAPE.sub(_unescape, piece[1:-1])), at)
    return Token('name' if match['name'] else 'mark', piece, at)


def _number(piece: str, at: int) -> int | float:
    if not piece.isdigit():
        return as_float(piece)
    if piece.startswith('0') and len(piece) > 1:
        raise QueryError(f'{piece[:20]} at character {at} is no number; as a text it needs quotes')
    return as_integer(piece)


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _PLAIN_ESCAPES.get(match[4], match[0])  # as Python: unknown ones stay
    number = int(code, 16)
    if number > 0x10FFFF:
        raise QueryError(f'{match[0]} is no character')
    return chr(number)


def _hint(character: str) -> str:
    if character == '=':
        return ' is no operator; equality is =='
    if character in '0123456789':
        return ' is no number; a text needs quotes'
    if character in '\'"':
        return ' has no closing quote'
    return ' cannot be read'
