"""A catalogue file with the line of each of its entries, so that an error can say where it is."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from mriqc_webapi.errors import CatalogueError

Path = tuple[str, ...]  # of an entry: ('fields', 'cjv', 'unit')

_KEY = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_DOTTED = rf'{_KEY}(?:\s*\.\s*{_KEY})*'
_HEADER = re.compile(rf'\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?')
_ASSIGNMENT = re.compile(rf'\s*({_DOTTED})\s*=')
_QUOTES = ('"""', "'''")
_LINE_IN_MESSAGE = re.compile(r'\s*\(at (?:line (\d+)[^)]*|end of document)\)$')


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One parsed TOML file."""

    name: str  # as errors call it
    data: dict[str, Any]
    lines: dict[Path, int]  # first line of each entry that has a line of its own

    @classmethod
    def parse(cls, content: bytes, *, name: str) -> Self:
        """Read the file's bytes.

        Raises
        ------
        CatalogueError
            No UTF-8, or no TOML.
        """
        try:
            text = content.decode()
            data = tomllib.loads(text)
        except UnicodeDecodeError as error:
            line = content.count(b'\n', 0, error.start) + 1
            raise CatalogueError(f'{name}:{line}: not UTF-8') from None
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f'{name}:{_explain(str(error), text)}') from None
        return cls(name, data, _index(text))

    def error(self, reason: str, *path: str) -> CatalogueError:
        """Make the error about the entry at ``path``, or about the nearest one around it."""
        known = (self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines)
        return CatalogueError(f'{self.name}:{next(known, 1)}: {reason}')

    def table(self, *path: str) -> dict[str, Any]:
        """Get the table at ``path``; one that is not there is empty."""
        value: Any = self.data
        for depth, key in enumerate(path, start=1):
            value = value.get(key, {})
            if not isinstance(value, dict):
                raise self.error(f'{".".join(path[:depth])!r} must be a table', *path[:depth])
        return dict(value)


def _explain(message: str, text: str) -> str:
    found = _LINE_IN_MESSAGE.search(message)
    line = found[1] if found and found[1] else len(text.splitlines()) or 1
    return f'{line}: {_LINE_IN_MESSAGE.sub("", message)}'


def _index(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in _outside_long_strings(text):
        if header := _HEADER.fullmatch(line):
            table = _split(header[1])
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            key = _split(assignment[1])
            for depth in range(1, len(key) + 1):
                lines.setdefault(table + key[:depth], number)
    return lines


def _outside_long_strings(text: str) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
        if sum(line.count(quotes) for quotes in _QUOTES) % 2:
            inside = not inside


def _split(dotted: str) -> Path:
    return tuple(part.strip('"\'') for part in re.findall(_KEY, dotted))
