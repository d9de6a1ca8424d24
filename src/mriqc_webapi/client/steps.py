"""What the client's logic asks of whoever drives it: the logic itself does no input or output.

A piece of logic is a generator of steps. It is written once; a driver that waits and one that
awaits carry out its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar('T')

EMPTY: Mapping[str, str] = {}


class Sink(Protocol):
    """Where the body of a good answer goes, part by part."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Hear of an answer with status 200 or 206, before its first part."""

    def write(self, content: bytes) -> None:
        """Take the next part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. With a sink, the body of a 200 or 206 goes there instead of into the reply."""

    url: str
    method: str = 'GET'
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    sink: Sink | None = None
    timeout_s: float | None = None  # longest silence; None: the driver's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    content: bytes = b''


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Do something that takes time; where others wait for their turn, in a thread."""

    run: Callable[[], Any]


Step: TypeAlias = Ask | Pause | Work
Steps: TypeAlias = Generator[Step, Any, T]


class LostError(Exception):
    """An answer did not come, or not to its end; the logic decides whether to ask again."""

    def __init__(self, message: str, *, has_begun: bool) -> None:
        super().__init__(message)
        self.has_begun = has_begun  # whether some of it has come


def working(run: Callable[[], T]) -> Steps[T]:
    """Do something that takes time, and give its result."""
    result: T = yield Work(run)
    return result
