"""``check``: what the service would say to files, before anything is sent."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mriqc_webapi.cli.registry import (
    JSON,
    RESOURCE,
    Argument,
    ExitCode,
    command,
    existing_path,
    setting,
)
from mriqc_webapi.settings import Settings
from mriqc_webapi.submissions.submission import Submission

if TYPE_CHECKING:
    from mriqc_webapi.cli.intake import Refusal
    from mriqc_webapi.submissions.sources import SourceLine


@command(
    'check',
    Argument('paths', nargs='+', metavar='PATH', type=existing_path, help='files or folders'),
    RESOURCE,
    setting('catalogue_dir'),
    JSON,
    example='mriqc-webapi check derivatives/mriqc/sub-01/anat/sub-01_T1w.json',
)
def check(
    *, paths: Sequence[Path], resource: str | None, catalogue_dir: Path | None, as_json: bool
) -> ExitCode:
    """Say what the service would say to these files, without sending anything.

    Takes what `import` takes. Each refused line comes with its reason; what is accepted with
    notes is summed up per field. With --json every line gets an object of its own, and the
    last one holds the sums.

    Exit code 1: some lines would be refused.
    """
    from mriqc_webapi.cli.intake import Judge
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.submissions.sources import find_sources

    settings = Settings.from_environment(catalogue_dir=catalogue_dir)
    catalogue = load_catalogue(settings.catalogue_dir)
    judge = Judge(catalogue, settings.limits)
    report: _Report = _JsonReport() if as_json else _TextReport()
    counts: Counter[str] = Counter(accepted=0, noted=0, refused=0)
    files = (file for path in paths for file in find_sources(path, catalogue))
    for line, verdict in judge.verdicts(files, resource=resource):
        counts.update(_outcome(verdict))
        report.add(line, verdict)
    report.end(counts)
    return ExitCode.FAILED if counts['refused'] else ExitCode.OK


def _outcome(verdict: 'Submission | Refusal') -> list[str]:
    if not isinstance(verdict, Submission):
        return ['refused']
    return ['accepted', 'noted'] if verdict.notes else ['accepted']


class _Report(Protocol):
    def add(self, line: 'SourceLine', verdict: 'Submission | Refusal') -> None: ...

    def end(self, counts: Counter[str]) -> None: ...


class _JsonReport:
    """An object per line, then the sums."""

    def add(self, line: 'SourceLine', verdict: 'Submission | Refusal') -> None:
        said: dict[str, object] = {'file': str(line.file), 'line': line.line_no}
        if isinstance(verdict, Submission):
            notes = [note._asdict() for note in verdict.notes]
            said |= {'accepted': True, 'resource': verdict.resource, 'notes': notes}
        else:
            said |= {'accepted': False, 'reason': verdict.reason}
        print(json.dumps(said))

    def end(self, counts: Counter[str]) -> None:
        print(json.dumps({f'n_{name}': n for name, n in counts.items()}))


class _TextReport:
    """The refused lines, then the notes summed up."""

    def __init__(self) -> None:
        self._n: Counter[tuple[str, ...]] = Counter()
        self._first: dict[tuple[str, ...], str] = {}

    def add(self, line: 'SourceLine', verdict: 'Submission | Refusal') -> None:
        place = f'{line.file}:{line.line_no}'
        if not isinstance(verdict, Submission):
            print(f'{place}: refused: {verdict.reason}')
            return
        for note in verdict.notes:
            key = (note.field, note.kind, note.expected, note.got)
            self._n[key] += 1
            self._first.setdefault(key, f'{place} {note.example}'.rstrip())

    def end(self, counts: Counter[str]) -> None:
        if self._n:
            print('accepted and kept, but noted:')
        for key, n in self._n.most_common():
            field, kind, expected, got = key
            words = f'{field}: {kind}, expected {expected}, got {got}'
            print(f'  {words}; {n:,} times, first {self._first[key]}')
        print(
            f'{counts["accepted"]:,} would be accepted, {counts["noted"]:,} of them with notes; '
            f'{counts["refused"]:,} would be refused'
        )
