"""Draws figures off the event loop, and keeps those that it drew last."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

import orjson
from anyio import CapacityLimiter, to_thread

from mriqc_webapi.archive.caches import LruCache
from mriqc_webapi.figures.frame import blank
from mriqc_webapi.figures.registry import WIDTH, Figure, Size, Wanted
from mriqc_webapi.figures.rendering import Format, render
from mriqc_webapi.figures.theme import Theme
from mriqc_webapi.figures.wording import Answer
from mriqc_webapi.web.reading import QueryGate

KEPT_FIGURES: Final = 256
MAX_KEPT_BYTES: Final = 500_000  # of one figure
ASKED_AT_ONCE: Final = 2
MAX_WAITING: Final = 128
DRAWN_AT_ONCE: Final = 2  # the renderer works on one at a time; the other is prepared meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a figure is to look, as a file."""

    format: Format
    theme: Theme = 'light'
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class Sketch:
    """A figure that has been asked for, but not drawn yet."""

    figure: Figure
    wanted: Wanted
    look: Look
    answer: Answer

    @property
    def digest(self) -> str:
        """What the file depends on; numbers of changes elsewhere in the archive are no part."""
        software = version('mriqc-webapi')  # may draw the same otherwise
        told = repr((software, self.figure.name, self.wanted, self.look))
        parts = told.encode('utf-8', 'replace')
        return sha256(parts + orjson.dumps(_without_version(self.answer))).hexdigest()[:32]

    def draw(self) -> bytes:
        """Draw it."""
        size = self.figure.size(self.wanted, self.look.width)
        return render(self.figure.draw(self.answer, size), self.look.format, self.look.theme)


class Easel:
    """Draws figures, some at once, and keeps what it drew last.

    Parameters
    ----------
    patience_s : float
        Longest wait of a figure for its turn to ask.
    """

    def __init__(self, *, patience_s: float) -> None:
        # few at once and in order, so that the first figure of a page is there first
        self.queries = QueryGate(
            n_at_once=ASKED_AT_ONCE, n_waiting=MAX_WAITING, patience_s=patience_s
        )
        self._kept: LruCache[str, bytes] = LruCache(KEPT_FIGURES)
        self._threads = CapacityLimiter(DRAWN_AT_ONCE)

    async def warm_up(self) -> None:
        """Draw something, so that whoever comes first need not wait for the renderer to start."""
        await to_thread.run_sync(_draw_nothing, limiter=self._threads)

    async def draw(self, sketch: Sketch) -> bytes:
        """Draw a figure, unless it is at hand."""
        digest = sketch.digest
        file = self._kept.get(digest)
        if file is None:
            file = await to_thread.run_sync(sketch.draw, limiter=self._threads)
            if len(file) <= MAX_KEPT_BYTES:
                self._kept.put(digest, file)
        return file


def _without_version(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_version(v) for k, v in value.items() if k != 'data_version'}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_without_version(v) for v in value]
    return value


def _draw_nothing() -> None:
    render(blank('', '', Size(width=300, height=200)), 'svg')
