"""``relay``: take records in where there is no network, and pass them on when there is one."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mriqc_webapi.cli.cmd_serve import hand_on, run_server
from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    setting,
)
from mriqc_webapi.errors import QueryError
from mriqc_webapi.settings import PREFIX, Settings

if TYPE_CHECKING:
    from mriqc_webapi.store.engine import Store
    from mriqc_webapi.store.passing import State

RELAY_SETTINGS = ('host', 'port', 'data_dir', 'database', 'catalogue_dir')
PUBLIC_TOKEN = '<secret_token>'  # noqa: S105 - ships in released MRIQC, so everybody has it
PUBLIC_NAME = 'mriqc-on-loopback'
LOOPBACK = frozenset({'127.0.0.1', '::1', 'localhost'})
SHOWN_PROBLEM = 100

_LIMIT = Argument('--limit', type=int, default=100, metavar='N', help='at most so many (100)')
_IDS = Argument('ids', nargs='*', metavar='ID', help='of records, as relay list shows them')
_ALL = Argument('--all', action='store_true', dest='all_held', help='all that are held')


@command(
    'relay',
    Argument('--to', metavar='URL', help=f'the archive to pass records on to ({PREFIX}RELAY_TO)'),
    Argument(
        '--token',
        metavar='TEXT',
        help=f'token for that archive, best with the scope relay ({PREFIX}RELAY_TOKEN)',
    ),
    Argument('--hold', action='store_true', help='pass on what is approved only'),
    Argument('--keep', action='store_true', help='pass nothing on but what is approved later'),
    Argument(
        '--forward',
        metavar='WHERE',
        help='keep what does not match this filter, as of docs/queries.md',
    ),
    Argument('--strip', nargs='+', metavar='FIELD', help='leave these out of what is passed on'),
    Argument(
        '--privacy',
        choices=('default', 'strict'),
        help='strict: leave out what could identify scanner or institution',
    ),
    Argument(
        '--new-only',
        action='store_true',
        default=None,
        help='leave alone what the archive holds at the first start',
    ),
    *(setting(name) for name in RELAY_SETTINGS),
    example='mriqc-webapi relay --to http://127.0.0.1:5000 --port 5001 --data-dir relay',
)
def relay(*, hold: bool, keep: bool, strip: Sequence[str] | None, **given: Any) -> ExitCode:
    """Run a service that passes on what it takes in, whenever the other archive can be reached.

    It is the same service as `serve`, so MRIQC sends to it unchanged:
    --webapi-url http://127.0.0.1:5001/api/v1. Ids given here are good there, too.

    On loopback the token that ships in MRIQC is accepted.
    """
    if hold and keep:
        raise QueryError('--hold and --keep exclude each other')
    names = {'to': 'relay_to', 'token': 'relay_token', 'forward': 'relay_where'}
    names |= {'privacy': 'relay_privacy', 'new_only': 'relay_new_only'}
    settings = Settings.from_environment(
        **{names.get(name, name): value for name, value in given.items()},
        relay_policy='hold' if hold else 'keep' if keep else None,
        relay_strip=','.join(strip) if strip else None,
        workers=1,
    )
    _check(settings)
    _prepare(settings)
    hand_on(settings)
    print(_greeting(settings), file=sys.stderr)
    return run_server(settings, None)


def _greeting(settings: Settings) -> str:
    what = {'pass': 'passes on', 'hold': 'holds for approval', 'keep': 'keeps'}
    where = f', for {settings.relay_to}' if settings.relay_to else ''
    local = '\nMRIQC          may post from this machine with its own token'
    said = f'relay          {what[settings.relay_policy]} what comes in{where}'
    return said + (local if _is_local(settings) else '')


def _check(settings: Settings) -> None:
    """Refuse at once what the service would refuse later."""
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.web.relay.policy import RelayPolicy

    RelayPolicy.of(settings, load_catalogue(settings.catalogue_dir))
    parts = urlsplit(settings.relay_to)
    if not settings.relay_to and settings.relay_policy != 'keep':
        raise QueryError('say where records go: --to URL; or --keep, if nowhere')
    if settings.relay_to and not (parts.scheme in {'http', 'https'} and parts.hostname):
        raise QueryError(
            f'--to takes an address, such as https://example.org: {settings.relay_to!r}'
        )


def _is_local(settings: Settings) -> bool:
    return settings.host in LOOPBACK


def _prepare(settings: Settings) -> None:
    """Open the door to MRIQC's public token on loopback, and close it anywhere else."""
    from mriqc_webapi.store.engine import Store

    with Store.open(settings.database_url) as store:
        if _is_local(settings):
            _admit(store)
        else:
            _shut_out(store)


def _admit(store: 'Store') -> None:
    from mriqc_webapi.store import tokens

    with store.write() as tx:
        known = tokens.find(tx, PUBLIC_TOKEN)
        if known is None or known.revoked_at is not None:
            n_before = sum(t.name.startswith(PUBLIC_NAME) for t in tokens.list_tokens(tx))
            name = f'{PUBLIC_NAME}-{n_before + 1}' if n_before else PUBLIC_NAME
            tokens.create(tx, name=name, scopes=('submit', 'rate'), text=PUBLIC_TOKEN)


def _shut_out(store: 'Store') -> None:
    from mriqc_webapi.store import tokens

    with store.write() as tx:
        known = tokens.find(tx, PUBLIC_TOKEN)
        if known is not None and known.name.startswith(PUBLIC_NAME):
            tokens.revoke(tx, name=known.name)


@command(
    'relay status',
    *STORE_SETTINGS,
    JSON,
    example='mriqc-webapi relay status --data-dir relay --json',
)
def status(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """Say how many records wait, are held, were sent or refused, and why."""
    from mriqc_webapi.store import passing

    with _opened(data_dir, database) as store, store.read() as tx:
        found = passing.summarise(tx)
    if as_json:
        print(json.dumps(found._asdict()))
        return ExitCode.OK
    for state, n in found.counts.items():
        if n:
            print(f'{n:>9,} {state}')
    if not any(found.counts.values()):
        print('no record to pass on came in yet')
    for reason, n in found.reasons.items():
        print(f'  refused {n:,} times: {reason[:SHOWN_PROBLEM]}')
    if found.problem:
        print(f'  waits: {found.problem}')
    if found.n_unseen:
        print(f'  {found.n_unseen:,} changes were not looked at yet')
    return ExitCode.OK


@command(
    'relay list',
    Argument(
        '--state', metavar='STATE', default='held', help='held (default), refused, pending, …'
    ),
    _LIMIT,
    *STORE_SETTINGS,
    JSON,
    example='mriqc-webapi relay list --state refused --data-dir relay',
)
def list_(
    *, state: str, limit: int, data_dir: Path | None, database: str | None, as_json: bool
) -> ExitCode:
    """List the records of one state, oldest first."""
    from mriqc_webapi.store import passing

    if state not in passing.STATES:
        raise QueryError(f'no such state: {state}; there are {", ".join(passing.STATES)}')
    with _opened(data_dir, database) as store, store.read() as tx:
        found = passing.listed(tx, states=[state], limit=limit)
    if as_json:
        print(json.dumps([one._asdict() for one in found]))
        return ExitCode.OK
    for one in found:
        at = datetime.fromtimestamp(one.changed_at, UTC).strftime('%Y-%m-%d %H:%M')
        line = f'{one.id}  {one.resource:<16}  {at}  {one.md5sum or "-"}  {one.problem}'
        print(line.rstrip())
    return ExitCode.OK


@command(
    'relay approve',
    _IDS,
    _ALL,
    *STORE_SETTINGS,
    example='mriqc-webapi relay approve --all --data-dir relay',
)
def approve(
    *, ids: Sequence[str], all_held: bool, data_dir: Path | None, database: str | None
) -> ExitCode:
    """Let records go that are held; by id also such as are kept, were rejected or refused."""
    from mriqc_webapi.store import passing

    return _move(ids, all_held, (data_dir, database), to='pending', among=passing.APPROVABLE)


@command(
    'relay reject',
    _IDS,
    _ALL,
    Argument('--why', metavar='TEXT', default='', help='the reason, which relay list shows'),
    *STORE_SETTINGS,
    example='mriqc-webapi relay reject --all --why "pilot scans" --data-dir relay',
)
def reject(
    *, ids: Sequence[str], all_held: bool, why: str, data_dir: Path | None, database: str | None
) -> ExitCode:
    """Keep records here for good that are held; by id also such as wait or were refused."""
    from mriqc_webapi.store import passing

    among = passing.REJECTABLE
    return _move(ids, all_held, (data_dir, database), to='rejected', among=among, why=why)


def _move(
    ids: Sequence[str],
    all_held: bool,
    place: tuple[Path | None, str | None],
    *,
    to: 'State',
    among: 'Sequence[State]',
    why: str = '',
) -> ExitCode:
    import time

    from mriqc_webapi.store import passing

    if bool(ids) == all_held:
        raise QueryError('name the ids of records, or say --all')
    with _opened(*place) as store, store.write() as tx:
        moved = passing.move(
            tx,
            to=to,
            among=('held',) if all_held else among,
            ids=None if all_held else ids,
            problem=why,
            now=int(time.time()),
        )
    print(f'{len(moved):,} {"approved" if to == "pending" else to}', file=sys.stderr)
    left = sorted(set(ids).difference(moved))
    for id in left:
        print(f'{id}: no record here that could be {"approved" if to == "pending" else to}')
    return ExitCode.FAILED if left else ExitCode.OK


def _opened(data_dir: Path | None, database: str | None) -> 'Store':
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    return Store.open(settings.database_url)
