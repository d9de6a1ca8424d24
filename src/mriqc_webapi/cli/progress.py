"""Progress on a terminal: how much is done, how fast, and how long it will take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


class Watcher:
    """Is told what is done; shows it if there is a bar."""

    def __init__(self, bar: 'Progress', unit: str) -> None:
        self._bar = bar
        self._unit = unit
        self._task = bar.add_task('', total=None, rate='')
        self._n_records = 0

    def expect(self, total: int) -> None:
        """Say how much there is to do, in whatever unit `advance` counts."""
        self._bar.update(self._task, total=total)

    def advance(self, n_records: int, done: int) -> None:
        """Count records, and what else of the total is done with them."""
        self._n_records += n_records
        elapsed_s = self._bar.tasks[0].elapsed or 0.0
        rate = f'{self._n_records / elapsed_s:,.0f} {self._unit}/s' if elapsed_s else ''
        self._bar.update(self._task, advance=done, rate=rate)


@contextmanager
def progress_bar(unit: str = 'records') -> Iterator[Watcher]:
    """Show a bar while the block runs, on the error stream and only if that is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn('{task.fields[rate]}'),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield Watcher(bar, unit)
