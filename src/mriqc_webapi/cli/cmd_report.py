"""``report annotate``: the rating widget put into HTML reports, or taken out again."""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command, existing_path

if TYPE_CHECKING:
    from mriqc_webapi.reports.annotate import Outcome
    from mriqc_webapi.reports.widget import Face

FACES: tuple['Face', ...] = ('simple', 'detailed')


def service_url(text: str) -> str:
    """Parse the address of a service: up to, but without ``/api``."""
    root = re.sub(r'(?:/api(?:/v\d+)?)?/*$', '', text.strip())
    if not re.fullmatch(r'https?://[^/?#\s"<>]+(?:/[^?#\s"<>]*)?', root):
        raise argparse.ArgumentTypeError(f'{text} is no http:// or https:// address')
    return root


def md5(text: str) -> str:
    """Parse an MD5."""
    if not re.fullmatch(r'[0-9a-f]{32}', text.lower()):
        raise argparse.ArgumentTypeError('an MD5 has 32 digits 0-9, a-f')
    return text.lower()


@command(
    'report annotate',
    Argument('paths', nargs='+', metavar='REPORT', type=existing_path, help='files or folders'),
    Argument('--url', type=service_url, metavar='URL', help='of the service that takes ratings'),
    Argument('--token', metavar='TEXT', help='may rate there; readable by all who get a report'),
    Argument('--face', choices=FACES, default='simple', help='what the widget asks for'),
    Argument('--md5sum', type=md5, metavar='MD5', help='of the one image of the one REPORT'),
    Argument(
        '--no-name',
        action='store_false',
        dest='names_report',
        help='ratings do not say the name of the report, which holds the subject',
    ),
    Argument('--backup', action='store_true', help='keep each original, as NAME.html.orig'),
    Argument('--undo', action='store_true', help='restore the reports, to the byte'),
    Argument(
        '--dry-run', action='store_true', dest='is_dry_run', help='only say what would be done'
    ),
    JSON,
    example='mriqc-webapi report annotate derivatives/mriqc --url https://mriqc.example.org',
)
def annotate(  # noqa: PLR0913 — one keyword per option
    *,
    paths: Sequence[Path],
    url: str | None,
    token: str | None,
    face: 'Face',
    md5sum: str | None,
    names_report: bool,
    backup: bool,
    undo: bool,
    is_dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Put the rating widget into reports of MRIQC and other NiPreps.

    Takes HTML files, or folders whose `sub-*.html` are meant. The image's MD5 comes from the
    report, or from the JSON that MRIQC wrote with it; without one a report is refused. A widget
    of earlier MRIQC is replaced. What a report held before stays in it, packed, so that --undo
    needs no backup. Doing it again changes nothing, or brings in what is new.

    Reports work from disk, offline too. Without --url their ratings are saved as files.

    Exit code 1: some reports were refused.
    """
    from mriqc_webapi.cli.progress import progress_bar
    from mriqc_webapi.reports.annotate import Wishes, change_report, reports_at
    from mriqc_webapi.reports.widget import Widget

    reports = [report for path in paths for report in reports_at(path)]
    if md5sum and len(reports) != 1:
        print('mriqc-webapi: --md5sum is for one report', file=sys.stderr)
        return ExitCode.USAGE
    wishes = Wishes(
        widget=Widget(url=url, token=token, face=face, names_report=names_report),
        md5sum=md5sum,
        undoes=undo,
        keeps_backup=backup,
        is_dry_run=is_dry_run,
    )
    counts: Counter[str] = Counter()
    with progress_bar('reports') as watcher:
        watcher.expect(len(reports))
        for report in reports:
            outcome = change_report(report, wishes)
            counts[outcome.change] += 1
            print(_as_json(outcome) if as_json else _as_text(outcome))
            watcher.advance(1, 1)
    print(_sum(counts, wishes.is_dry_run), file=sys.stderr)
    if not (url or undo):
        print('no --url: raters can only save their ratings as files', file=sys.stderr)
    return ExitCode.FAILED if counts['refused'] else ExitCode.OK


def _as_json(outcome: 'Outcome') -> str:
    from mriqc_webapi.reports.widget import script_hash

    image = outcome.image
    said = {
        'report': str(outcome.report),
        'change': outcome.change,
        'words': outcome.words,
        'md5sum': image.md5sum,
        'modality': image.modality,
        'software': image.software,
        'version': image.version,
        'n_replaced': outcome.n_replaced,
        'csp_script': script_hash(),
    }
    return json.dumps(said)


def _as_text(outcome: 'Outcome') -> str:
    image = outcome.image
    about = [image.modality, image.md5sum and f'MD5 {image.md5sum}']
    if outcome.n_replaced:
        about.append('in place of the earlier widget')
    words = outcome.words or ', '.join(filter(None, about))
    return f'{outcome.report}: {outcome.change}{words and f": {words}"}'


def _sum(counts: Counter[str], is_dry_run: bool) -> str:
    words = ', '.join(f'{n:,} {change}' for change, n in sorted(counts.items()))
    return f'{words or "no reports found"}{" (dry run: nothing was written)" * is_dry_run}'
