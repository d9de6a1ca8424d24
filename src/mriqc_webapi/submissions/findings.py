"""What checking one document brings up: refusals, tolerated deviations, notes, private data."""

from itertools import chain
from typing import Any

import orjson

from mriqc_webapi.submissions.submission import Note, NoteKind

MAX_EXAMPLE_CHARS = 80

# the words that Eve's clients know
REQUIRED = 'required field'
UNKNOWN = 'unknown field'
NULL = 'null value not allowed'
ASSIGNED = 'is set by the service'
TYPE_WORDS = {'object': 'dict'}

_KIND_NAMES = {
    type(None): 'null',
    bool: 'boolean',
    int: 'integer',
    float: 'float',
    str: 'string',
    list: 'list',
    dict: 'object',
}


def wrong_type(expected: str) -> str:
    """Say in Eve's words that a value is not of the type it must be."""
    return f'must be of {TYPE_WORDS.get(expected, expected)} type'


def kind_name(value: object) -> str:
    """Name the JSON type of a value, and what kind of no number a float is."""
    if isinstance(value, float) and value - value != 0.0:
        return 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'  # noqa: PLR0124 - only NaN differs from itself
    return _KIND_NAMES.get(type(value), 'object')


def as_example(value: object) -> str:
    """Write a public value as short JSON text."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= MAX_EXAMPLE_CHARS else text[: MAX_EXAMPLE_CHARS - 1] + '…'


class Findings:
    """Collects while one document is checked; a path is dotted, as on the wire."""

    __slots__ = ('identity', 'notes', 'private', 'refusals', 'tolerated')

    def __init__(self) -> None:
        self.notes: dict[tuple[str, NoteKind], Note] = {}  # of several, the first speaks
        self.refusals: list[tuple[str, str]] = []
        self.tolerated: list[tuple[str, str]] = []  # what Eve would have said about the rest
        self.private: dict[str, Any] = {}
        self.identity: dict[str, Any] = {}  # what the document says of its id, date and tag

    def note(
        self, path: str, kind: NoteKind, *, expected: str, got: str, example: str = ''
    ) -> None:
        """Note a deviation, once per path and kind."""
        path = path.replace('\0', '\N{REPLACEMENT CHARACTER}')  # PostgreSQL's text holds no NUL
        note = Note(field=path, kind=kind, expected=expected, got=got, example=example)
        self.notes.setdefault((path, kind), note)

    def note_value(
        self, path: str, kind: NoteKind, value: object, *, expected: str, got: str
    ) -> None:
        """Note a deviation with a public value as its example."""
        self.note(path, kind, expected=expected, got=got, example=as_example(value))

    def hide(self, path: str, value: object, *, noted_at: str) -> None:
        """Keep a value out of the public document."""
        self.private[path] = value
        self.note(noted_at, 'private', expected='no personal data', got=kind_name(value))

    def refuse(self, path: str, text: str) -> None:
        """Remember a reason to refuse the document."""
        self.refusals.append((path, text))

    def tolerate(self, path: str, text: str) -> None:
        """Remember what is accepted, but told if the document is refused for something else."""
        self.tolerated.append((path, text))

    def issues(self) -> dict[str, Any]:
        """Nest everything that is wrong as the document is nested."""
        issues: dict[str, Any] = {}
        for path, text in chain(self.refusals, self.tolerated):
            *parents, name = path.split('.')
            place = issues
            for parent in parents:
                place = place.setdefault(parent, {})
            told = place.get(name)
            place[name] = text if told is None else [*_as_list(told), text]
        return issues


def _as_list(told: str | list[str]) -> list[str]:
    return told if isinstance(told, list) else [told]
