"""``withdraw`` and ``receipts``: what the holder of receipts may do with the records."""

import json
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command, existing_path
from mriqc_webapi.errors import QueryError

if TYPE_CHECKING:
    from mriqc_webapi.client.sending.summary import Receipt
    from mriqc_webapi.client.sending.withdrawing import Holder, Standing

SHOWN = 20

PATHS = Argument(
    'paths',
    nargs='*',
    metavar='PATH',
    type=existing_path,
    help='datasets that records were sent from, or their receipts.json',
)
CHOICE = (
    Argument('--id', dest='ids', action='append', metavar='ID', help='only this record; repeat'),
    Argument('--md5sum', metavar='MD5', help='only those of this image'),
    Argument('--source', metavar='GLOB', help="only those of these files, as 'sub-01/*'"),
    Argument('--url', metavar='URL', help='only those at this service'),
)


@command(
    'withdraw',
    PATHS,
    *CHOICE,
    Argument('--receipt', metavar='TEXT', help='of the one --id at --url, without a PATH'),
    Argument('--dry-run', action='store_true', help='say what would go, and change nothing'),
    Argument('--yes', action='store_true', help='do not ask'),
    JSON,
    example='mriqc-webapi withdraw derivatives/mriqc --source "sub-01/*" --dry-run',
)
def withdraw(
    *,
    receipt: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **which: Any,
) -> ExitCode:
    """Take records back that you sent: the service erases them.

    This takes their receipts, which submit keeps in PATH/.mriqc-webapi/receipts.json. It can be
    done within twelve months, unless the image is public or others have rated it; ratings are
    corrected instead. The files on your disk stay, and so do the receipts, so that submit does
    not send the same records again. docs/withdrawal.md tells what is erased, and when.

    Exit code 1: some records have to stay, or are not known.
    """
    from mriqc_webapi.client.sending.withdrawing import Holder

    held = _chosen(**which) if receipt is None else [_typed(receipt, which)]
    with Holder() as holder:
        found = list(holder.look_up(held))
        if not dry_run:
            _confirm([one for one in found if one.can_be_withdrawn], is_given=yes)
            found = list(_withdrawn(holder, found, is_quiet=as_json))
    return _tell(found, is_rehearsal=dry_run, as_json=as_json)


@command(
    'receipts list',
    PATHS,
    *CHOICE,
    JSON,
    example='mriqc-webapi receipts list derivatives/mriqc',
)
def list_(
    *,
    as_json: bool,
    **which: Any,
) -> ExitCode:
    """List the records that a dataset has sent, and how each stands with the service."""
    from mriqc_webapi.client.sending.withdrawing import Holder

    held = _chosen(**which)
    with Holder() as holder:
        found = list(holder.look_up(held))
    if as_json:
        print(json.dumps([one.as_dict() for one in found]))
        return ExitCode.OK
    for one in found:
        own = one.receipt
        print('\t'.join((own.id, own.resource, own.source or own.md5sum, _in_words(one))))
    return ExitCode.OK


@command(
    'receipts contact',
    PATHS,
    *CHOICE,
    Argument('--email', metavar='ADDRESS', required=True, help="whom to ask; '' for nobody"),
    example='mriqc-webapi receipts contact derivatives/mriqc --email lab@example.org',
)
def contact(
    *,
    email: str,
    **which: Any,
) -> ExitCode:
    """Change whom to ask about records that you sent; the address is never published."""
    from mriqc_webapi.client.sending.withdrawing import Holder

    held = _chosen(**which)
    with Holder() as holder:
        for one in held:
            holder.change_contact(one, email or None)
    print(f'{len(held):,} changed', file=sys.stderr)
    return ExitCode.OK


def _typed(receipt: str, which: Mapping[str, Any]) -> 'Receipt':
    from mriqc_webapi.client.sending.summary import Receipt

    url, ids = which['url'], which['ids']
    if which['paths'] or not url or not ids or len(ids) != 1:
        raise QueryError('--receipt goes with one --id and --url, and without a PATH')
    return Receipt(url=url.rstrip('/'), resource='', id=ids[0], receipt=receipt)


def _chosen(
    paths: Sequence[Path],
    *,
    ids: Sequence[str] | None,
    md5sum: str | None,
    source: str | None,
    url: str | None,
) -> list['Receipt']:
    """Read the receipts of some datasets, and take those that were asked for."""
    if not paths:
        raise QueryError('name the datasets that the records were sent from')
    found = sorted((one for path in paths for one in _receipts(path)), key=_order)
    return [
        one
        for one in found
        if one.receipt
        and (ids is None or one.id in ids)
        and (md5sum is None or one.md5sum == md5sum)
        and (source is None or fnmatchcase(one.source, source))
        and (url is None or one.url == url.rstrip('/'))
    ]


def _order(one: 'Receipt') -> tuple[str, str]:
    return one.source, one.id


def _receipts(path: Path) -> list['Receipt']:
    from mriqc_webapi.client.sending.dataset import find_dataset
    from mriqc_webapi.client.sending.receipts import RECEIPTS, read_receipts, receipts_of
    from mriqc_webapi.client.sending.submit import state_folder

    if path.name == RECEIPTS:
        return read_receipts(path)
    return receipts_of(find_dataset(path, state_folder()))


def _confirm(going: Sequence['Standing'], *, is_given: bool) -> None:
    """Ask; without a terminal nobody can be asked."""
    if not going or is_given:
        return
    if not sys.stdin.isatty():
        raise QueryError(
            f'{len(going):,} would be withdrawn for good: say --yes, or look first with --dry-run'
        )
    for line in _lines(going):
        print(line, file=sys.stderr)
    print(f'Withdraw {len(going):,} for good? [y/N] ', end='', file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {'y', 'yes'}:
        raise QueryError('nothing was withdrawn')


def _withdrawn(
    holder: 'Holder', found: Sequence['Standing'], *, is_quiet: bool
) -> list['Standing']:
    from mriqc_webapi.client.progress import Bars

    done: list[Standing] = []
    with Bars(False if is_quiet else None).watching('withdrawing', 'records') as watch:
        for one in found:
            done.append(holder.withdraw(one.receipt) if one.can_be_withdrawn else one)
            watch.reach(len(done), len(found))
    return done


def _tell(found: Sequence['Standing'], *, is_rehearsal: bool, as_json: bool) -> ExitCode:
    gone = [one for one in found if one.state == 'withdrawn']
    going = [one for one in found if one.can_be_withdrawn] if is_rehearsal else []
    staying = [one for one in found if one not in gone and one not in going]
    if as_json:
        print(json.dumps([one.as_dict() for one in found]))
    else:
        if is_rehearsal:
            print(f'{len(going):,} would be withdrawn')
            print(*_lines(going), sep='\n', end='\n' if going else '')
        if gone or not is_rehearsal:
            print(f'{len(gone):,} {"are" if len(gone) != 1 else "is"} withdrawn')
        if staying:
            print(f'{len(staying):,} {"stay" if len(staying) != 1 else "stays"}:')
            print(*_lines(staying), sep='\n')
    return ExitCode.FAILED if staying else ExitCode.OK


def _lines(some: Sequence['Standing']) -> list[str]:
    lines = [
        f'  {one.receipt.source or one.receipt.md5sum or one.receipt.id}: {_in_words(one)}'
        for one in some[:SHOWN]
    ]
    more = len(some) - SHOWN
    return [*lines, f'  … and {more:,} more'] if more > 0 else lines


def _in_words(one: 'Standing') -> str:
    if one.state == 'withdrawn':
        return f'withdrawn {one.withdrawn_at}'
    if one.can_be_withdrawn:
        return f'can be withdrawn until {(one.until or "")[:10]}'
    return f'{one.why} ({one.code})'
