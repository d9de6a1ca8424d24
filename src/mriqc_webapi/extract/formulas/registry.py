"""Which formula gives which IQMs: what the documentation and the tests go by."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, ParamSpec, TypeVar

P = ParamSpec('P')
R = TypeVar('R')

Kind = Literal['anatomical', 'functional']
KINDS: Final[dict[str, Kind]] = {  # of the images of each resource
    'T1w': 'anatomical',
    'T2w': 'anatomical',
    'bold': 'functional',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """One function of this package, and the wire names (with ``*``) that come of it."""

    function: Callable[..., Any]
    anatomical: tuple[str, ...]
    functional: tuple[str, ...]

    def gives(self, name: str, kind: Kind) -> bool:
        """Tell whether an IQM of a kind of image comes of this formula."""
        patterns = self.anatomical if kind == 'anatomical' else self.functional
        return any(fnmatchcase(name, pattern) for pattern in patterns)


FORMULAS: Final[list[Formula]] = []  # in the order of their modules' import


def formula(
    *, anatomical: tuple[str, ...] = (), functional: tuple[str, ...] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Note which IQMs of T1w and T2w images, and of BOLD series, a function gives."""

    def note(function: Callable[P, R]) -> Callable[P, R]:
        FORMULAS.append(Formula(function=function, anatomical=anatomical, functional=functional))
        return function

    return note
