"""Read the ``sort`` parameter: ``-a.b,c``, or a list of pairs as PyMongo takes it."""

import re

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import SortKey
from mriqc_webapi.query.literals import as_path, check_length, check_text
from mriqc_webapi.query.tokens import Token, tokenise

MAX_KEYS = 32  # as in MongoDB

_NAME = re.compile(r"""(-?)([^\W\d][^\s,'"()\[\]{}]*+)""")
_CLOSING = {'(': ')', '[': ']'}


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Turn a sort order into keys, the first one weighing most; blank text gives none.

    Raises
    ------
    QueryError
        Neither comma-separated names nor ``[("a", -1)]``, ``[["a", -1]]`` or ``{"a": -1}``.
    """
    check_length(check_text(text))
    trimmed = text.strip()
    if not trimmed:
        return ()
    keys = _literal(trimmed) if trimmed[0] in '[{' else _names(trimmed)
    if len(keys) > MAX_KEYS:
        raise QueryError(f'{len(keys)} fields to sort by; {MAX_KEYS} are allowed')
    return keys


def _names(text: str) -> tuple[SortKey, ...]:
    return tuple(_named(part.strip()) for part in text.split(','))


def _named(part: str) -> SortKey:
    match = _NAME.fullmatch(part)
    if match is None:
        raise QueryError(f'cannot sort by {part[:40]!r}; a sort order looks like -bids_meta.x,cjv')
    return SortKey(as_path(match[2]), descending=bool(match[1]))


def _literal(text: str) -> tuple[SortKey, ...]:
    tokens = tokenise(text)
    tokens.reverse()
    opening = tokens.pop().value
    pairs = _members(tokens) if opening == '{' else _pairs(tokens)
    if tokens[-1].kind != 'end':
        raise QueryError(f'expected the end, not {tokens[-1]}')
    return tuple(pairs)


def _members(tokens: list[Token]) -> list[SortKey]:
    keys: list[SortKey] = []
    while not _take(tokens, '}'):
        keys.append(_key(tokens, ':'))
        if not _take(tokens, ','):
            _expect(tokens, '}')
            break
    return keys


def _pairs(tokens: list[Token]) -> list[SortKey]:
    keys: list[SortKey] = []
    while not _take(tokens, ']'):
        opening = tokens[-1]
        if opening.value not in _CLOSING or opening.kind != 'mark':
            raise QueryError(f'expected a pair such as ["cjv", -1], not {opening}')
        tokens.pop()
        keys.append(_key(tokens, ','))
        _take(tokens, ',')
        _expect(tokens, _CLOSING[str(opening.value)])
        if not _take(tokens, ','):
            _expect(tokens, ']')
            break
    return keys


def _key(tokens: list[Token], separator: str) -> SortKey:
    name = tokens[-1]
    if name.kind != 'text' or str(name.value).startswith('$'):
        raise QueryError(f'expected a field name in quotes, not {name}')
    tokens.pop()
    _expect(tokens, separator)
    negative = _take(tokens, '-')
    direction = tokens[-1]
    if direction.kind != 'number' or direction.value != 1:
        raise QueryError(f'the direction must be 1 or -1, not {direction}')
    tokens.pop()
    return SortKey(as_path(str(name.value)), descending=negative)


def _take(tokens: list[Token], mark: str) -> bool:
    found = tokens[-1].kind == 'mark' and tokens[-1].value == mark
    if found:
        tokens.pop()
    return found


def _expect(tokens: list[Token], mark: str) -> None:
    if not _take(tokens, mark):
        raise QueryError(f'expected {mark!r}, not {tokens[-1]}')
