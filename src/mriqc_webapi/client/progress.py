"""Progress of long work: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

Unit = Literal['bytes', 'records']


class Watch(Protocol):
    """Is told how far a piece of work has come."""

    def reach(self, done: int, total: int | None) -> None:
        """So much is done, of so much in all; None: nobody knows yet."""


class Quiet:
    """Tells nobody."""

    def reach(self, done: int, total: int | None) -> None:
        """Tell nobody."""


class Bars:
    """Shows a bar for each piece of work.

    Parameters
    ----------
    shown : bool, optional
        None: if the error stream is a terminal.
    """

    def __init__(self, shown: bool | None = None) -> None:
        self._shown = shown

    @contextmanager
    def watching(self, what: str, unit: Unit) -> Iterator[Watch]:
        """Show a bar for the time of a block."""
        if not (sys.stderr.isatty() if self._shown is None else self._shown):
            yield Quiet()
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(*_columns(unit), console=Console(stderr=True), transient=True) as progress:
            yield _Bar(progress, what)


class _Bar:
    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None, rate='')

    def reach(self, done: int, total: int | None) -> None:
        elapsed_s = self._progress.tasks[0].elapsed or 0.0
        rate = f'{done / elapsed_s:,.0f}/s' if elapsed_s else ''
        self._progress.update(self._task, completed=done, total=total, rate=rate)


def _columns(unit: Unit) -> list[ProgressColumn]:
    from rich import progress

    of_bytes: list[ProgressColumn] = [progress.DownloadColumn(), progress.TransferSpeedColumn()]
    rate = progress.TextColumn('{task.fields[rate]}')
    counted: list[ProgressColumn] = [progress.MofNCompleteColumn(), rate]
    return [
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        *(of_bytes if unit == 'bytes' else counted),
        progress.TimeRemainingColumn(),
    ]
