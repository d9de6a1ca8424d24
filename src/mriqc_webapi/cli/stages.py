"""Progress of images on a terminal: how many are done, and the stage of each that is under way."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from mriqc_webapi.extract.tasks import Outcome, Stage

_MARKS: Final = {'done': '✓', 'present': '=', 'failed': '✗'}


class StageWatcher:
    """Is told of images; says what became of each, and on a terminal how far the others are."""

    def __init__(self, console: 'Console', total: int) -> None:
        self._console = console
        self.all = _progress(console, 'bar')
        self.each = _progress(console, 'stage')
        self._total = self.all.add_task('images', total=total)
        self._lines: dict[str, TaskID] = {}

    def stage(self, event: 'Stage') -> None:
        """Show how far an image is."""
        if event.name not in self._lines:
            self._lines[event.name] = self.each.add_task(event.name, total=None, stage='')
        self.each.update(self._lines[event.name], stage=event.stage)

    def ended(self, outcome: 'Outcome') -> None:
        """Take an image from those under way."""
        if outcome.task.name in self._lines:
            self.each.remove_task(self._lines.pop(outcome.task.name))
        self.all.update(self._total, advance=1)
        if outcome.status != 'present':
            self._say(outcome)

    def _say(self, outcome: 'Outcome') -> None:
        words = f'{_MARKS[outcome.status]} {outcome.task.name}  {outcome.seconds:.0f} s'
        for more in (outcome.problem, *outcome.doubts):
            words += f'\n    {more}' if more else ''
        if self._console.is_terminal:
            self._console.print(words, markup=False, highlight=False)
        else:
            print(words, file=sys.stderr, flush=True)


@contextmanager
def watching_images(total: int) -> Iterator[StageWatcher]:
    """Show images while the block runs; where no terminal is, a line for each that ended."""
    from rich.console import Console, Group
    from rich.live import Live

    console = Console(stderr=True)
    watcher = StageWatcher(console, total)
    if not console.is_terminal:
        yield watcher
        return
    with Live(Group(watcher.each, watcher.all), console=console, transient=True):
        yield watcher


def _progress(console: 'Console', kind: str) -> 'Progress':
    from rich import progress

    name = progress.TextColumn('{task.description}', markup=False)
    if kind == 'bar':
        remaining = progress.TimeRemainingColumn()
        columns = (name, progress.BarColumn(), progress.MofNCompleteColumn(), remaining)
        return progress.Progress(*columns, console=console)
    stage = progress.TextColumn('{task.fields[stage]}', markup=False)
    return progress.Progress(
        progress.SpinnerColumn(), name, stage, progress.TimeElapsedColumn(), console=console
    )
