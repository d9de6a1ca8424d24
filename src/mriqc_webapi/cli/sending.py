"""What commands that send records share: options, terms, consent, and what they tell."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.registry import HELP_COLUMNS, Argument, ExitCode
from mriqc_webapi.errors import QueryError
from mriqc_webapi.settings import PREFIX, Settings

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.dataset import Dataset
    from mriqc_webapi.client.sending.submit import Sender
    from mriqc_webapi.client.sending.summary import SubmitSummary
    from mriqc_webapi.client.sending.terms import Terms

URL_VARIABLE = f'{PREFIX}URL'
TOKEN_VARIABLE = f'{PREFIX}TOKEN'
SHOWN_REFUSALS = 20
N_WORKERS = 4
PATIENCE_S = 300.0

URL = Argument('--url', metavar='URL', help=f'the service that takes them ({URL_VARIABLE})')
TOKEN = Argument(
    '--token', metavar='TEXT', help=f'a token with the scope submit ({TOKEN_VARIABLE})'
)
YES = Argument('--yes', action='store_true', help='agree, without being asked')
PRIVACY = Argument(
    '--privacy',
    choices=('default', 'strict'),
    default='default',
    help='strict: leave out what could identify scanner or institution',
)


def terms_of(options: Mapping[str, Any]) -> 'Terms':
    """Read the terms from what a command was told; what it has no option for is the default."""
    from mriqc_webapi.client.sending.disclosure import Policy
    from mriqc_webapi.client.sending.terms import Terms

    url = options['url'] or os.environ.get(URL_VARIABLE, '')
    if not url:
        raise QueryError(f'say where to: --url, or {URL_VARIABLE} in the environment')
    settings = Settings.from_environment(catalogue_dir=options.get('catalogue_dir'))
    policy = Policy(
        level=options['privacy'],
        hashing='mriqc' if options.get('mriqc_hash') else 'salted',
        free_text=options.get('free_text', False),
        email=options.get('email', ''),
    )
    return Terms(
        url=url,
        token=options['token'] or os.environ.get(TOKEN_VARIABLE) or None,
        policy=policy,
        resource=options.get('resource'),
        bids_dir=options.get('bids_dir'),
        with_data_hash=not options.get('no_data_hash', False),
        n_workers=options.get('n_workers', N_WORKERS),
        patience_s=options.get('patience', PATIENCE_S),
        retries_refused=options.get('retry_refused', False),
        spool=options.get('spool'),
        catalogue_dir=settings.catalogue_dir,
    )


def have_agreed(sender: 'Sender', paths: Sequence[Path]) -> bool:
    """Whether somebody has agreed to send from all these places on these terms."""
    from mriqc_webapi.client.sending.dataset import find_dataset

    return not open_datasets(sender, [find_dataset(path, sender.state) for path in paths])


def open_datasets(sender: 'Sender', datasets: Iterable['Dataset']) -> list['Dataset']:
    """List the datasets that nobody has agreed about."""
    policy, root = sender.terms.policy, sender.root
    return [
        dataset
        for dataset in datasets
        if (agreed := dataset.agreed(root)) is None or not policy.is_covered_by(agreed)
    ]


def ask_to_agree(sender: 'Sender', datasets: Iterable['Dataset'], told: Iterable[str]) -> None:
    """Ask, and remember the answer; without a terminal nobody can be asked.

    Raises
    ------
    QueryError
        Nobody agreed.
    """
    policy, root = sender.terms.policy, sender.root
    open_ = open_datasets(sender, datasets)
    if not open_:
        return
    if not sys.stdin.isatty():
        raise QueryError(
            f'nobody has agreed yet to send records of {open_[0].root} to {root} like this: '
            'say --yes, or run it once on a terminal; --show prints what leaves'
        )
    for line in told:
        print(line, file=sys.stderr)
    print(_terms_in_words(sender), file=sys.stderr)
    print('Send them, now and in future? [y/N] ', end='', file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {'y', 'yes'}:
        raise QueryError('nothing was sent; --no-sub keeps you from being asked again')
    for dataset in open_:
        dataset.agree(root, policy)


def _terms_in_words(sender: 'Sender') -> str:
    policy = sender.terms.policy
    hashed = 'hashed as MRIQC does' if policy.hashing == 'mriqc' else 'hashed with a secret salt'
    kept = 'stay here' if policy.level == 'strict' else 'leave, too (--privacy strict keeps them)'
    text = 'leaves, too' if policy.free_text else 'stays here'
    return fill(
        'Of each record leave its IQMs and the metadata listed in docs/submit.md. Labels of '
        f'subjects and sessions are {hashed}; institution, address, serial number and station '
        f'{kept}; free text {text}. Records are published under CC0. --show prints exactly what '
        'leaves.',
        HELP_COLUMNS,
    )


def tell_summary(summary: 'SubmitSummary') -> None:
    """Say what became of a submission."""
    if summary.off:
        print(f'nothing is sent: {summary.off}', file=sys.stderr)
    else:
        print('\n'.join(_summary_lines(summary)), file=sys.stderr)


def exit_code_of(summary: 'SubmitSummary') -> ExitCode:
    """Say it to shells."""
    if summary.n_spooled:
        return ExitCode.LATER
    return ExitCode.FAILED if summary.n_refused else ExitCode.OK


def _summary_lines(summary: 'SubmitSummary') -> list[str]:
    rate = f' ({summary.n_sent / summary.elapsed_s:,.0f}/s)' if summary.n_sent else ''
    lines = [f'{summary.n_sent:,} sent{rate}, {summary.n_present:,} were there already']
    if summary.n_spooled:
        lines.append(f'{summary.n_spooled:,} wait for the next run: {summary.problem}')
    if summary.n_refused:
        lines.append(f'{summary.n_refused:,} refused:')
        lines += refusal_lines([(one.source, one.reason) for one in summary.refusals])
    return [*lines, *summary.notes[:SHOWN_REFUSALS]]


def refusal_lines(refused: list[tuple[str, str]]) -> list[str]:
    """List what was refused, the first of them."""
    lines = [f'  {source}: {reason}' for source, reason in refused[:SHOWN_REFUSALS]]
    more = len(refused) - SHOWN_REFUSALS
    return [*lines, f'  … and {more:,} more'] if more > 0 else lines
