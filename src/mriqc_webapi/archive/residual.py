"""Where in the residuals what kind of value ever occurred.

Most paths never occur there, and a filter that knows it is one comparison on one column. The
profile only grows, so it may name what withdrawals have removed; a rebuild makes it exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

Kind = Literal['null', 'boolean', 'number', 'string', 'object', 'array', 'any']
Path: TypeAlias = tuple[str, ...]
Entry: TypeAlias = tuple[Path, Kind]

MAX_PATHS: Final = 20_000  # per resource; what comes later is known by its parent only
MAX_DEPTH: Final = 6
MAX_KEY_CHARS: Final = 128
KINDS: Final[frozenset[Kind]] = frozenset(
    ('null', 'boolean', 'number', 'string', 'object', 'array')
)
_KIND_OF: Final[dict[type, Kind]] = {
    type(None): 'null',
    bool: 'boolean',
    int: 'number',
    float: 'number',
    str: 'string',
    dict: 'object',
    list: 'array',
}


class Profile:
    """The kinds of value at each path of one resource's residuals.

    ``any`` at a path says: whatever may stand below it, the members were not written down.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.unsaved: list[Entry] = []  # not in the copy's file yet
        self._kinds: dict[Path, set[Kind]] = {}
        for path, kind in entries:
            self._kinds.setdefault(path, set()).add(kind)

    def add(self, residual: dict[str, Any]) -> None:
        """Take in one residual."""
        self._walk((), residual)

    def kinds(self, path: Path) -> frozenset[Kind]:
        """Tell what may stand at `path` itself, were no list on the way."""
        if any('any' in self._kinds.get(path[:n], ()) for n in range(len(path))):
            return KINDS
        return frozenset(self._kinds.get(path, ())) - {'any'}

    def through_list(self, path: Path) -> bool:
        """Whether a list may stand on the way to `path`."""
        return any(
            not {'any', 'array'}.isdisjoint(self._kinds.get(path[:n], ()))
            for n in range(len(path))
        )

    def _walk(self, parent: Path, node: dict[str, Any]) -> None:
        for key, value in node.items():
            path = (*parent, key)
            kind = _KIND_OF[type(value)]
            known = self._kinds.get(path)
            noted = (known is not None and kind in known) or self._note(parent, path, kind)
            if noted and kind == 'object':
                self._walk(path, value)

    def _note(self, parent: Path, path: Path, kind: Kind) -> bool:
        room = path in self._kinds or (
            len(self._kinds) < MAX_PATHS
            and len(path) <= MAX_DEPTH
            and len(path[-1]) <= MAX_KEY_CHARS
        )
        where, what = (path, kind) if room else (parent, 'any')
        kinds = self._kinds.setdefault(where, set())
        if what not in kinds:
            kinds.add(what)
            self.unsaved.append((where, what))
        return room
