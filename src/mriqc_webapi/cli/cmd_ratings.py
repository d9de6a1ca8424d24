"""``ratings``: what rating sessions left in a folder, exported, compared and sent."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.rating_files import FOLDER, RATINGS, TOKEN, existing_ratings, token_text
from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command

if TYPE_CHECKING:
    from mriqc_webapi.reports.session.delivery import Delivery
    from mriqc_webapi.reports.session.tables import TableName

TABLES: tuple['TableName', ...] = ('ratings', 'history', 'scans', 'participants')


@command(
    'ratings export',
    FOLDER,
    Argument(
        '--table',
        choices=TABLES,
        default='ratings',
        help='ratings (default), their history, or columns for BIDS’s scans or participants',
    ),
    Argument('--out', type=Path, metavar='FILE', help='where to (default: standard output)'),
    RATINGS,
    example='mriqc-webapi ratings export derivatives/mriqc --table participants --out qc.tsv',
)
def export_ratings(
    *, derivatives: Path, table: 'TableName', out: Path | None, ratings: Path | None
) -> ExitCode:
    """Write the ratings of all raters and sessions of a folder as TSV.

    scans and participants have one row per image or participant, with the raters' consensus;
    join them with your own by filename or participant_id. Beside FILE goes a .json that
    describes their columns.
    """
    from mriqc_webapi.reports.session.ledger import Ledger
    from mriqc_webapi.reports.session.tables import make_table

    with Ledger.open(existing_ratings(derivatives, ratings)) as ledger:
        made = make_table(ledger, table)
    if out is None:
        sys.stdout.write(made.tsv())
        return ExitCode.OK
    out.write_text(made.tsv(), encoding='utf-8')
    if table in {'scans', 'participants'}:
        out.with_suffix('.json').write_text(made.sidecar(), encoding='utf-8')
    print(f'{len(made.rows):,} rows written to {out}', file=sys.stderr)
    return ExitCode.OK


@command(
    'ratings agreement',
    FOLDER,
    RATINGS,
    JSON,
    example='mriqc-webapi ratings agreement derivatives/mriqc',
)
def compare_ratings(*, derivatives: Path, ratings: Path | None, as_json: bool) -> ExitCode:
    """Say how far the raters of a folder agree with themselves and with each other.

    With themselves: over repeats, and over reports that they rated in two sessions. With --json
    all measures are given, with their intervals.
    """
    from mriqc_webapi.reports.session.ledger import Ledger
    from mriqc_webapi.reports.session.opinions import opinions
    from mriqc_webapi.reports.session.summary import as_document, measures

    with Ledger.open(existing_ratings(derivatives, ratings)) as ledger:
        given = opinions(ledger)
    if as_json:
        print(json.dumps(as_document(given), ensure_ascii=False))
        return ExitCode.OK
    found = measures(given)
    if not found:
        print('nothing to compare: no image was rated twice')
    for row in found:
        print(f'{row.who}: {row.name} {row.value}, n = {row.n_images}')
    return ExitCode.OK


@command(
    'ratings send',
    FOLDER,
    Argument('--url', metavar='URL', required=True, help='service to send to'),
    TOKEN,
    Argument('--dry-run', action='store_true', help='say what would be sent, send nothing'),
    RATINGS,
    JSON,
    example='mriqc-webapi ratings send derivatives/mriqc --url https://mriqc.example.org',
)
def send_ratings(
    *,
    derivatives: Path,
    url: str,
    token: str | None,
    dry_run: bool,
    ratings: Path | None,
    as_json: bool,
) -> ExitCode:
    """Send what a service does not have yet of the ratings of a folder.

    Each rating is sent once, however often this runs. Repeats and ratings of unknown images
    stay here. Nothing of the names of files and people is sent but the raters' own.

    Exit code 1: something waits or was refused.
    """
    from mriqc_webapi.reports.session.delivery import Delivery
    from mriqc_webapi.reports.session.ledger import Ledger

    text = '' if dry_run else token_text(token, url=url)
    with Ledger.open(existing_ratings(derivatives, ratings)) as ledger:
        deliveries = [Delivery(ledger, s.id, url=url, token=text) for s in ledger.sessions()]
        problems = [] if dry_run else _send(deliveries)
        sums = _sums(deliveries)
        raters = sorted({session.rater for session in ledger.sessions()})
    if as_json:
        counts = {f'n_{name}': n for name, n in sums.items()}
        print(json.dumps(counts | {'raters': raters, 'problems': problems}))
    else:
        for problem in problems:
            print(problem, file=sys.stderr)
        counted = ', '.join(f'{n:,} {name}' for name, n in sums.items())
        print(f'{counted}; published under the names of {", ".join(raters)}')
    is_done = dry_run or not (sums['waiting'] or sums['refused'])
    return ExitCode.OK if is_done else ExitCode.FAILED


def _send(deliveries: list['Delivery']) -> list[str]:
    """Send one session after the other; stop where the service cannot be reached."""
    problems = []
    for delivery in deliveries:
        stopped = delivery.send_now()
        problem = stopped or delivery.status().problem
        problems += [problem] if problem else []
        if stopped:
            break
    return problems


def _sums(deliveries: list['Delivery']) -> dict[str, int]:
    found = [delivery.status() for delivery in deliveries]
    return {
        'sent': sum(s.n_sent for s in found),
        'waiting': sum(s.n_waiting for s in found),
        'refused': sum(s.n_refused for s in found),
        'unlinked': sum(s.n_unlinked for s in found),
    }
