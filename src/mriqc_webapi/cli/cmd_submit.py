"""``submit``: send records to a service."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.registry import (
    HELP_COLUMNS,
    JSON,
    RESOURCE,
    Argument,
    ExitCode,
    command,
    existing_path,
    setting,
)
from mriqc_webapi.errors import QueryError
from mriqc_webapi.settings import PREFIX, Settings

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.submit import Sender
    from mriqc_webapi.client.sending.summary import SubmitSummary
    from mriqc_webapi.client.sending.terms import Survey, Terms

URL_VARIABLE = f'{PREFIX}URL'
TOKEN_VARIABLE = f'{PREFIX}TOKEN'
SHOWN_REFUSALS = 20
PATIENCE_S = 300.0

URL = Argument('--url', metavar='URL', help=f'the service that takes them ({URL_VARIABLE})')
TOKEN = Argument(
    '--token', metavar='TEXT', help=f'a token with the scope submit ({TOKEN_VARIABLE})'
)


@command(
    'submit',
    Argument('paths', nargs='*', metavar='PATH', type=existing_path, help='folders or files'),
    URL,
    TOKEN,
    Argument('--dry-run', action='store_true', help='say what would be sent, and send nothing'),
    Argument('--show', action='store_true', help='print what would leave, and send nothing'),
    Argument('--yes', action='store_true', help='agree, without being asked'),
    Argument('--no-sub', action='store_true', help='never send from PATH: this is remembered'),
    Argument('--flush', action='store_true', help='send what earlier runs left'),
    Argument(
        '--retry-refused', action='store_true', help='send once more what the service refused'
    ),
    Argument(
        '--privacy',
        choices=('default', 'strict'),
        default='default',
        help='strict: leave out what could identify scanner or institution',
    ),
    Argument('--mriqc-hash', action='store_true', help='hash labels as MRIQC does, unsalted'),
    Argument('--free-text', action='store_true', help='send free text, too'),
    Argument('--email', metavar='ADDRESS', default='', help='yours; it is never published'),
    Argument(
        '--bids-dir',
        type=existing_path,
        metavar='FOLDER',
        help='where the images are (default: around PATH)',
    ),
    Argument('--no-data-hash', action='store_true', help='do not read images for their data_hash'),
    RESOURCE,
    setting('catalogue_dir'),
    Argument('--n-workers', type=int, default=4, metavar='N', help='requests at once (4)'),
    Argument(
        '--patience',
        type=float,
        default=PATIENCE_S,
        metavar='SECONDS',
        help=f'go on so long without any progress ({PATIENCE_S:g})',
    ),
    Argument('--spool', type=Path, metavar='FILE', help='what waits (default: in your home)'),
    JSON,
    example='mriqc-webapi submit derivatives/mriqc --url http://127.0.0.1:5000',
)
def submit(*, paths: Sequence[Path], as_json: bool, **options: Any) -> ExitCode:
    """Send records to a service: MRIQC's derivatives, group tables, PCP-QAP's CSVs.

    Sends what is new, and keeps what cannot be sent now for the next run. What leaves of each
    record is in docs/submit.md, and --show prints it. Asks once per dataset; where nobody can
    be asked, --yes agrees. MRIQC_NO_SUB in the environment, or a file .mriqc-webapi/no-sub in
    the dataset or around it (--no-sub makes it), switches sending off.

    Receipts are kept in PATH/.mriqc-webapi/receipts.json: with one, a record can be taken back.

    Exit code 1: some records were refused. 4: some wait; run it again, or with --flush.
    """
    _check(paths, options)
    if options['no_sub']:
        return _switch_off(paths)
    from mriqc_webapi.client.progress import Bars
    from mriqc_webapi.client.sending.submit import Sender
    from mriqc_webapi.client.sending.summary import SubmitSummary

    terms = _terms(options)
    with Sender(terms, bars=Bars(False if as_json else None)) as sender:
        if options['show']:
            return _show(sender, paths, as_json=as_json)
        if options['flush'] and not paths:
            return _flush(sender, is_rehearsal=options['dry_run'], as_json=as_json)
        if off := sender.switched_off(paths):
            return _tell(SubmitSummary(url=sender.root, off=off), as_json=as_json)
        survey = _surveyed(sender, paths, options)
        if options['dry_run']:
            return _tell_survey(survey, sender.root, as_json=as_json)
        if survey is not None:
            _agree(sender, survey, is_given=options['yes'])
        try:
            return _tell(sender.send(list(paths)), as_json=as_json)
        except KeyboardInterrupt:
            print('what was not sent yet waits for the next run', file=sys.stderr)
            raise


def _check(paths: Sequence[Path], options: dict[str, Any]) -> None:
    if not paths and not options['flush']:
        raise QueryError('name the folders or files to send, or say --flush')
    if options['show'] and not paths:
        raise QueryError('--show takes the folders or files to show')
    if options['no_sub'] and not paths:
        raise QueryError('--no-sub takes the folders that nothing is to be sent from')
    if options['n_workers'] < 1:
        raise QueryError('--n-workers is at least 1')


def _terms(options: dict[str, Any]) -> 'Terms':
    from mriqc_webapi.client.sending.disclosure import Policy
    from mriqc_webapi.client.sending.terms import Terms

    url = options['url'] or os.environ.get(URL_VARIABLE, '')
    if not url:
        raise QueryError(f'say where to: --url, or {URL_VARIABLE} in the environment')
    settings = Settings.from_environment(catalogue_dir=options['catalogue_dir'])
    policy = Policy(
        level=options['privacy'],
        hashing='mriqc' if options['mriqc_hash'] else 'salted',
        free_text=options['free_text'],
        email=options['email'],
    )
    return Terms(
        url=url,
        token=options['token'] or os.environ.get(TOKEN_VARIABLE) or None,
        policy=policy,
        resource=options['resource'],
        bids_dir=options['bids_dir'],
        with_data_hash=not options['no_data_hash'],
        n_workers=options['n_workers'],
        patience_s=options['patience'],
        retries_refused=options['retry_refused'],
        spool=options['spool'],
        catalogue_dir=settings.catalogue_dir,
    )


def _surveyed(sender: 'Sender', paths: Sequence[Path], options: dict[str, Any]) -> 'Survey | None':
    """Look first, if somebody is to be told or asked; who has agreed is not kept waiting."""
    from mriqc_webapi.client.sending.dataset import find_dataset

    policy = sender.terms.policy
    agreed = [find_dataset(path, sender.state).agreed(sender.root) for path in paths]
    is_known = all(one is not None and policy.is_covered_by(one) for one in agreed)
    if options['dry_run'] or not (is_known or options['yes']):
        return sender.survey(paths)
    return None


def _agree(sender: 'Sender', survey: 'Survey', *, is_given: bool) -> None:
    """Ask, and remember the answer; without a terminal nobody can be asked."""
    policy, root = sender.terms.policy, sender.root
    open_ = [
        dataset
        for dataset in survey.datasets.values()
        if (agreed := dataset.agreed(root)) is None or not policy.is_covered_by(agreed)
    ]
    if not open_ or is_given:
        return
    if not sys.stdin.isatty():
        raise QueryError(
            f'nobody has agreed yet to send records of {open_[0].root} to {root} like this: '
            'say --yes, or run it once on a terminal; --show prints what leaves'
        )
    for line in _told(survey, root):
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


def _switch_off(paths: Sequence[Path]) -> ExitCode:
    from mriqc_webapi.client.sending.dataset import find_dataset
    from mriqc_webapi.client.sending.submit import state_folder

    for path in paths:
        switch = find_dataset(path, state_folder()).switch_off()
        print(f'nothing is sent from there as long as {switch} exists', file=sys.stderr)
    return ExitCode.OK


def _show(sender: 'Sender', paths: Sequence[Path], *, as_json: bool) -> ExitCode:
    import orjson

    for one in sender.show(paths):
        left_out = {left.field: left.why for left in one.disclosure.left_out}
        if as_json:
            told = {
                'source': one.found.source,
                'resource': one.found.resource,
                'document': one.disclosure.document,
                'left_out': left_out,
                'hashed': one.disclosure.hashed,
                'refusal': one.refusal or None,
            }
            print(orjson.dumps(told).decode())
            continue
        print(f'{one.found.source} as {one.found.resource}')
        print(orjson.dumps(one.disclosure.document, option=orjson.OPT_INDENT_2).decode())
        for field, why in left_out.items():
            print(f'  left out: {field} ({why})')
        if one.refusal:
            print(f'  would be refused: {one.refusal}')
    return ExitCode.OK


def _flush(sender: 'Sender', *, is_rehearsal: bool, as_json: bool) -> ExitCode:
    if not is_rehearsal:
        return _tell(sender.flush(), as_json=as_json)
    held = [one for one in sender.held() if one.state != 'sent']
    if as_json:
        print(json.dumps([{'dataset': h.dataset, 'state': h.state, 'n': h.n} for h in held]))
        return ExitCode.OK
    for one in held:
        problem = f': {one.problem}' if one.problem else ''
        print(f'{one.n:,} {_WAITING[one.state]} of {one.dataset or "single records"}{problem}')
    said = f'to be sent to {sender.root}' if held else 'nothing waits'
    print(f'{said}; {sender.spool_place}', file=sys.stderr)
    return ExitCode.OK


_WAITING = {'pending': 'wait', 'refused': 'were refused'}


def _told(survey: 'Survey', root: str) -> list[str]:
    lines = [f'{n:,} new of {name}' for name, n in sorted(survey.n_new.items()) if n]
    if survey.n_waiting:
        lines.append(f'{survey.n_waiting:,} of earlier runs wait')
    if survey.n_present:
        lines.append(f'{survey.n_present:,} were sent before')
    if survey.not_taken:
        lines.append(f'{len(survey.not_taken):,} cannot be sent')
    lines += _refusals([(one.source, one.reason) for one in survey.not_taken])
    return [f'to {root}:', *(f'  {line}' for line in lines or ['nothing'])]


def _tell_survey(survey: 'Survey | None', root: str, *, as_json: bool) -> ExitCode:
    assert survey is not None  # noqa: S101 — a rehearsal always looks first
    if as_json:
        told = {
            'url': root,
            'n_found': survey.n_found,
            'n_new': dict(survey.n_new),
            'n_waiting': survey.n_waiting,
            'n_present': survey.n_present,
            'not_taken': [{'source': n.source, 'reason': n.reason} for n in survey.not_taken],
        }
        print(json.dumps(told))
    else:
        print('\n'.join(_told(survey, root)))
    return ExitCode.FAILED if survey.not_taken else ExitCode.OK


def _tell(summary: 'SubmitSummary', *, as_json: bool) -> ExitCode:
    if as_json:
        print(json.dumps(summary.as_dict()))
    elif summary.off:
        print(f'nothing is sent: {summary.off}', file=sys.stderr)
    else:
        print('\n'.join(_summary_lines(summary)), file=sys.stderr)
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
        lines += _refusals([(one.source, one.reason) for one in summary.refusals])
    return [*lines, *summary.notes[:SHOWN_REFUSALS]]


def _refusals(refused: list[tuple[str, str]]) -> list[str]:
    lines = [f'  {source}: {reason}' for source, reason in refused[:SHOWN_REFUSALS]]
    more = len(refused) - SHOWN_REFUSALS
    return [*lines, f'  … and {more:,} more'] if more > 0 else lines
