"""How deep, wide and long one document may be, so that nothing behind the intake has to ask."""

from collections.abc import Iterable
from typing import Any

from mriqc_webapi.errors import LimitError
from mriqc_webapi.settings import Limits

MAX_WRITABLE_DEPTH = 200  # orjson writes 254 levels, and what we add must fit too


def check_limits(value: Any, limits: Limits, *, path: str = '', depth: int = 0) -> int:
    """Look at every container, name and text of a parsed JSON value.

    Level by level, never by recursion: what is too deep is found before anything recurses.

    Parameters
    ----------
    path
        Where in its document the value stands, dotted.
    depth
        How many containers the value stands in.

    Returns
    -------
    The number of members and elements in the value, at any depth.

    Raises
    ------
    LimitError
        Names the limit and, as a dotted path, the place.
    """
    n_members = 0
    waiting: list[tuple[str, Any]] = []
    _check_members(path, ((None, value),), limits, waiting)
    while waiting:
        depth += 1
        if depth > min(limits.max_depth, MAX_WRITABLE_DEPTH):
            raise LimitError(f'nested deeper than {depth - 1} levels at {_shown(waiting[0][0])}')
        deeper: list[tuple[str, Any]] = []
        for place, container in waiting:
            n_members += len(container)
            check_count(n_members, limits)
            if isinstance(container, dict):
                check_names(container, limits, path=place)
                _check_members(place, container.items(), limits, deeper)
            else:
                _check_members(place, enumerate(container), limits, deeper)
        waiting = deeper
    return n_members


def check_count(n_members: int, limits: Limits) -> None:
    """Raise :class:`LimitError` if a document has too many members and elements in all."""
    if n_members > limits.max_keys:
        raise LimitError(f'more than {limits.max_keys} members and elements in one document')


def check_names(names: Iterable[str], limits: Limits, *, path: str) -> None:
    """Raise :class:`LimitError` if a member's name is too long."""
    longest = limits.max_key_chars
    if len(''.join(names)) > longest and any(len(name) > longest for name in names):
        raise LimitError(f'a name longer than {longest} characters in {_shown(path)}')


def _check_members(
    path: str,
    members: Iterable[tuple[Any, Any]],
    limits: Limits,
    containers: list[tuple[str, Any]],
) -> None:
    for name, value in members:
        kind = type(value)
        if kind is float or kind is int:
            continue
        place = path if name is None else f'{path}.{name}' if path else str(name)
        if kind is str:
            if len(value) > limits.max_text_chars:
                where = _shown(place)
                raise LimitError(
                    f'a text longer than {limits.max_text_chars} characters at {where}'
                )
        elif kind is dict or kind is list:
            containers.append((place, value))


def _shown(path: str) -> str:
    place = path or 'the document'
    return place if len(place) <= 120 else f'{place[:119]}…'
