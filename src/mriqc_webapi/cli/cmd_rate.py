"""``rate``: review a folder of reports in the browser."""

import os
import platform
import signal
import sys
import webbrowser
from argparse import ArgumentTypeError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.rating_files import (
    FOLDER,
    RATINGS,
    TOKEN,
    rater_name,
    ratings_file,
    token_text,
)
from mriqc_webapi.cli.registry import Argument, ExitCode, command
from mriqc_webapi.errors import NotFoundError, QueryError

if TYPE_CHECKING:
    from mriqc_webapi.reports.folder import Found
    from mriqc_webapi.reports.session.running import Addresses


def share(text: str) -> float:
    """Parse a share: ``10%`` or ``0.1``."""
    number = text.strip()
    try:
        value = float(number.removesuffix('%')) / (100 if number.endswith('%') else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f'{text} is no share: say 10% or 0.1')
    return value


@command(
    'rate',
    FOLDER,
    Argument(
        '--rater', metavar='NAME', help='who rates (default: the login name; needed with --url)'
    ),
    Argument(
        '--sort-by',
        metavar='WHAT',
        help='name (default), disagreement, or an IQM, worst first; IQM:low or IQM:high '
        'says which end comes first',
    ),
    Argument('--seed', type=int, metavar='N', help='shuffle, always the same by the same number'),
    Argument('--repeats', type=share, metavar='SHARE', help='reports shown twice, such as 10%%'),
    Argument('--blind', action='store_true', default=None, help='hide names'),
    Argument('--new', action='store_true', help='begin a new session instead of going on'),
    Argument('--url', metavar='URL', help='service that the ratings are sent to'),
    TOKEN,
    Argument('--offline', action='store_true', help='send nothing now; it can be sent later'),
    RATINGS,
    Argument(
        '--online-reports',
        action='store_true',
        help='let reports load styles and scripts from other hosts',
    ),
    Argument('--port', type=int, default=0, metavar='N', help='use N and N + 1 (default: any)'),
    Argument('--no-open', action='store_true', help='print the address, open no browser'),
    example='mriqc-webapi rate derivatives/mriqc --rater ada --seed 7 --repeats 10%',
)
def rate(  # noqa: PLR0913 — one keyword per option
    *,
    derivatives: Path,
    rater: str | None,
    sort_by: str | None,
    seed: int | None,
    repeats: float | None,
    blind: bool | None,
    new: bool,
    url: str | None,
    token: str | None,
    offline: bool,
    ratings: Path | None,
    online_reports: bool,
    port: int,
    no_open: bool,
) -> ExitCode:
    """Rate the reports in DERIVATIVES one after the other, in the browser.

    Shows every sub-*.html, those of MRIQC and of other NiPreps alike, on an address of this
    machine that only you can open. All can be done by keys; ? lists them. Each rating is on the
    disk before the next report is shown. Stopped or killed, the same command goes on where it
    was. Several raters may share a folder, each under a name of their own.

    Without --url the ratings stay in the file; `mriqc-webapi ratings` exports, compares and
    sends them. With it they are sent in the background, under the rater's name, without names of
    files and people; what could not be sent waits for the next time.
    """
    from mriqc_webapi.reports.folder import find_reports
    from mriqc_webapi.reports.session.delivery import Delivery
    from mriqc_webapi.reports.session.ledger import Ledger
    from mriqc_webapi.reports.session.review import open_review
    from mriqc_webapi.reports.session.running import SessionServer

    folder = derivatives.resolve()
    asked = {'sort_by': sort_by, 'seed': seed, 'repeats': repeats, 'blind': blind}
    options = {name: value for name, value in asked.items() if value is not None}
    _require_one_order(options)
    name = rater_name(rater, is_sent=url is not None)
    found = find_reports(folder)
    _say_what_was_found(folder, found)
    with Ledger.open(ratings_file(folder, ratings)) as ledger:
        review = open_review(folder, ledger, rater=name, found=found, options=options, anew=new)
        delivery = Delivery(
            ledger, review.id, url=url, token=token_text(token, url=url), offline=offline
        )
        server = SessionServer(review, delivery, port=port, with_network=online_reports)
        _greet(server.addresses, is_opened=_open(server.addresses, no_open=no_open))
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C
        with suppress(KeyboardInterrupt):
            server.run()
        progress = review.progress(review.standing())
    print(f'{progress.n_rated} of {progress.n_items} rated', file=sys.stderr)
    return ExitCode.OK


def _require_one_order(options: dict[str, Any]) -> None:
    if 'seed' in options and options.get('sort_by', 'name') != 'name':
        raise QueryError('--seed shuffles and --sort-by sorts: give one of them')


def _say_what_was_found(folder: Path, found: 'Found') -> None:
    for name in found.outside:
        print(f'{name} is left out: it links to outside of the folder', file=sys.stderr)
    if not found.reports:
        raise NotFoundError(f'{folder} holds no reports: none is called sub-….html')


def _open(addresses: 'Addresses', *, no_open: bool) -> bool:
    """Open the browser, where there is a screen."""
    has_screen = sys.platform in {'darwin', 'win32'} or any(
        os.environ.get(name) for name in ('DISPLAY', 'WAYLAND_DISPLAY')
    )
    return has_screen and not no_open and webbrowser.open(addresses.door)


def _greet(addresses: 'Addresses', *, is_opened: bool) -> None:
    one, two = addresses.ports
    lines = [f'Rating session  {addresses.session}']
    if not is_opened:
        lines += [
            'open it in a browser of this machine; from another one, first run there:',
            f'  ssh -L {one}:127.0.0.1:{one} -L {two}:127.0.0.1:{two} {platform.node()}',
        ]
    lines.append('Ctrl-C ends it; the same command goes on')
    print('\n'.join(lines), file=sys.stderr, flush=True)
