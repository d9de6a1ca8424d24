"""``admin hold`` and ``admin release``: keeping a submitter's records back for a while."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.cmd_admin import WHY, iso, print_rows, user_name
from mriqc_webapi.cli.registry import JSON, STORE_SETTINGS, Argument, ExitCode, command
from mriqc_webapi.errors import NotFoundError, QueryError
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

WHICH = (
    Argument('--id', dest='ids', action='append', metavar='ID', help='this record; repeat'),
    Argument('--token', metavar='NAME', help='all that came by this token'),
    Argument('--like', metavar='ID', help='all by whoever sent this record: token and network'),
    Argument('--email', metavar='ADDRESS', help='all that came with this address'),
    Argument('--dry-run', action='store_true', help='say how many, and change nothing'),
)


@command(
    'admin hold',
    *WHICH,
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin hold --token scanner-3 --why "phantoms among them" --dry-run',
)
def hold(
    *,
    dry_run: bool,
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
    **which: Any,
) -> ExitCode:
    """Keep records back: they leave every answer, copy and new release, but are not erased."""
    from mriqc_webapi.store import audit, holds
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.write() as tx:
        found = _chosen(tx, which, held=False)
        if not dry_run:
            holds.hold(tx, found, now=int(time.time()))
            what = _what(found, which)
            audit.note(tx, who=user_name(who), act='hold', what=what, why=why)
    print(f'{len(found):,} {"would be" if dry_run else "are"} held')
    return ExitCode.OK


@command(
    'admin release',
    *WHICH,
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin release --token scanner-3 --why "phantoms are marked now"',
)
def release(
    *,
    dry_run: bool,
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
    **which: Any,
) -> ExitCode:
    """Let held records stand again, as they were; to mirrors they are new."""
    from mriqc_webapi.store import audit, holds
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.write() as tx:
        found = _chosen(tx, which, held=True)
        if not dry_run:
            holds.release(tx, found)
            what = _what(found, which)
            audit.note(tx, who=user_name(who), act='release', what=what, why=why)
    print(f'{len(found):,} {"would be" if dry_run else "are"} released')
    return ExitCode.OK


@command('admin held', *STORE_SETTINGS, JSON, example='mriqc-webapi admin held --json')
def list_held(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """List the records that are held: id, resource, token, and since when."""
    from mriqc_webapi.store import holds
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        rows = [one._asdict() | {'held_at': iso(one.held_at)} for one in holds.held_records(tx)]
    print_rows(rows, as_json=as_json)
    return ExitCode.OK


def _chosen(tx: 'Connection', which: Mapping[str, Any], *, held: bool) -> list[str]:
    """Name the records that were asked for, in exactly one way."""
    from mriqc_webapi.store import holds, tokens

    match [(way, value) for way, value in which.items() if value is not None]:
        case [('token', token)]:
            found = holds.ids_of_token(tx, token=token, held=held)
            if not found and all(known.name != token for known in tokens.list_tokens(tx)):
                raise NotFoundError(f'there is no token named {token!r}')
            return found
        case [('like', record_id)]:
            return holds.ids_like(tx, record_id=record_id, held=held)
        case [('email', email)]:
            return holds.ids_of_email(tx, email=email, held=held)
        case [('ids', ids)]:
            return list(dict.fromkeys(ids))
        case _:
            raise QueryError('say which: by one of --id, --token, --like and --email')


def _what(found: Sequence[str], which: Mapping[str, Any]) -> str:
    """Say for the log what was chosen; an address is not written down."""
    if which['ids']:
        return ' '.join(found)
    ways = [f'{way} {which[way]}' for way in ('token', 'like') if which[way]]
    return f'{len(found)} records by {ways[0] if ways else "an address"}'
