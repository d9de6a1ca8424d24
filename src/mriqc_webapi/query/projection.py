"""Read the ``projection`` parameter: which parts of a record to serve."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import Path
from mriqc_webapi.query.literals import (
    BrokenJsonError,
    as_path,
    check_length,
    check_text,
    load_json,
)

ALWAYS_SERVED = frozenset({'_id', '_created', '_updated', '_etag', '_links'})

MAX_FIELDS = 500  # more than any resource has columns

_Tree = dict[str, 'dict[str, Any] | None']  # None: the whole member; else what of its members


@dataclass(frozen=True, slots=True)
class Projection:
    """A choice of members: the named ones and nothing else, or everything but the named ones.

    ``_id``, ``_created``, ``_updated``, ``_etag`` and ``_links`` are served in any case.
    """

    inclusive: bool = False
    paths: tuple[Path, ...] = ()
    _tree: _Tree = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, '_tree', _plant(self.paths))

    @property
    def is_everything(self) -> bool:
        """Whether every record passes unchanged, so that its stored bytes can be served."""
        return not self.inclusive and not self._tree

    def texts(self, documents: Iterable[str]) -> Iterable[str]:
        """Give the chosen part of records that are JSON texts, as compact ASCII JSON."""
        if self.is_everything:
            return documents
        return (ascii_json(self.apply(_loaded(text))) for text in documents)

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """Give the chosen part of a record, as a new object; the record stays as it is.

        Paths lead through lists to the objects in them. If a member and a member inside it are
        both named, the outer one counts.
        """
        if not self.inclusive:
            return _without(document, self._tree)
        always: _Tree = dict.fromkeys(ALWAYS_SERVED)
        return _only(document, self._tree | always)


def parse_projection(text: str) -> Projection:
    """Turn a projection into a choice of members; blank text and ``{}`` choose everything.

    A value equal to 1 or true anywhere makes it inclusive: then the names with such values count
    and all others are ignored. Otherwise every name is excluded.

    Raises
    ------
    QueryError
        No JSON object, or one beyond a limit.
    """
    check_length(check_text(text))
    if not text.strip():
        return Projection()
    try:
        wanted = load_json(text)
    except BrokenJsonError as error:
        raise QueryError(f'no JSON: {error}') from None
    if not isinstance(wanted, dict):
        raise QueryError('a projection must be a JSON object, such as {"cjv": 1}')
    included = [name for name, value in wanted.items() if value == 1]
    paths = tuple(tuple(name.split('.')) for name in included or wanted)
    return Projection(inclusive=bool(included), paths=paths)


def parse_fields(text: str) -> Projection:
    """Turn a comma list of dotted names into the choice of these; blank text chooses everything.

    Raises
    ------
    QueryError
        A name, or a part of one, is empty; or there are more than a limit allows.
    """
    check_length(check_text(text))
    if not text.strip():
        return Projection()
    names = [name.strip() for name in text.split(',')]
    if len(names) > MAX_FIELDS:
        raise QueryError(f'at most {MAX_FIELDS} fields, not {len(names)}')
    paths = tuple(as_path(name) for name in names)
    for name, path in zip(names, paths, strict=True):
        if not all(path):
            raise QueryError(f'{name[:40]!r} is no field name: a part between dots is empty')
    return Projection(inclusive=True, paths=paths)


def _loaded(text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:  # half a character
        document = json.loads(text)
    return document


def ascii_json(document: dict[str, Any]) -> str:
    """Write compact JSON in pure ASCII."""
    try:
        text = orjson.dumps(document).decode()
    except TypeError:  # half a character
        text = ''
    return text if text and text.isascii() else json.dumps(document, separators=(',', ':'))


def _plant(paths: tuple[Path, ...]) -> _Tree:
    """Grow the tree of named members, shortest paths first so that parents win."""
    tree: _Tree = {}
    removable = (path for path in paths if path[0] not in ALWAYS_SERVED)
    for path in sorted(removable, key=len):
        branch: dict[str, Any] | None = tree
        for segment in path[:-1]:
            branch = branch.setdefault(segment, {}) if branch is not None else None
        if branch is not None:
            branch[path[-1]] = None
    return tree


def _only(document: dict[str, Any], tree: _Tree) -> dict[str, Any]:
    found = {}
    for name, value in document.items():
        if name in tree:
            branch = tree[name]
            if branch is None:
                found[name] = value
            elif isinstance(value, dict | list):
                found[name] = _only_inside(value, branch)
    return found


def _only_inside(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_only_inside(v, tree) for v in value if isinstance(v, dict | list)]
    return _only(value, tree)


def _without(document: dict[str, Any], tree: _Tree) -> dict[str, Any]:
    found = {}
    for name, value in document.items():
        branch = tree.get(name, {})
        if branch is not None:
            found[name] = _without_inside(value, branch) if branch else value
    return found


def _without_inside(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without_inside(v, tree) for v in value]
    return _without(value, tree) if isinstance(value, dict) else value
