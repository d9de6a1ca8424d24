"""``submit``: send records to a service."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.registry import (
    JSON,
    RESOURCE,
    Argument,
    ExitCode,
    command,
    existing_path,
    setting,
)
from mriqc_webapi.cli.sending import (
    N_WORKERS,
    PATIENCE_S,
    PRIVACY,
    TOKEN,
    URL,
    YES,
    ask_to_agree,
    exit_code_of,
    have_agreed,
    refusal_lines,
    tell_summary,
    terms_of,
)
from mriqc_webapi.errors import QueryError

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.submit import Sender
    from mriqc_webapi.client.sending.summary import SubmitSummary
    from mriqc_webapi.client.sending.terms import Survey


@command(
    'submit',
    Argument('paths', nargs='*', metavar='PATH', type=existing_path, help='folders or files'),
    URL,
    TOKEN,
    Argument('--dry-run', action='store_true', help='say what would be sent, and send nothing'),
    Argument('--show', action='store_true', help='print what would leave, and send nothing'),
    YES,
    Argument('--no-sub', action='store_true', help='never send from PATH: this is remembered'),
    Argument('--flush', action='store_true', help='send what earlier runs left'),
    Argument(
        '--retry-refused', action='store_true', help='send once more what the service refused'
    ),
    PRIVACY,
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
    Argument('--n-workers', type=int, default=N_WORKERS, metavar='N', help='requests at once (4)'),
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

    terms = terms_of(options)
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
        if survey is not None and not options['yes']:
            ask_to_agree(sender, survey.datasets.values(), _told(survey, sender.root))
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


def _surveyed(sender: 'Sender', paths: Sequence[Path], options: dict[str, Any]) -> 'Survey | None':
    """Look first, if somebody is to be told or asked; who has agreed is not kept waiting."""
    if options['dry_run'] or not (have_agreed(sender, paths) or options['yes']):
        return sender.survey(paths)
    return None


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
    lines += refusal_lines([(one.source, one.reason) for one in survey.not_taken])
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
    else:
        tell_summary(summary)
    return exit_code_of(summary)
