"""``token``: who may write to the archive."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from mriqc_webapi.cli.registry import JSON, STORE_SETTINGS, Argument, ExitCode, command
from mriqc_webapi.settings import Settings


def parse_date(text: str) -> int:
    """Parse an ISO date or time; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _date(seconds: int | None) -> str:
    return '' if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime('%Y-%m-%d')


@command(
    'token create',
    Argument('name', metavar='NAME', help='whose token it is'),
    Argument(
        '--scope',
        metavar='LIST',
        default='submit,rate',
        help='what it may do, of submit, rate, relay, admin (default: submit,rate)',
    ),
    Argument('--token', metavar='TEXT', dest='text', help='its text; without: a random one'),
    Argument(
        '--expires',
        type=parse_date,
        metavar='DATE',
        dest='expires_at',
        help='when it ends, as 2027-01-31',
    ),
    *STORE_SETTINGS,
    JSON,
    example='mriqc-webapi token create mriqc --scope submit,rate --expires 2027-01-31',
)
def create(
    *,
    name: str,
    scope: str,
    text: str | None,
    expires_at: int | None,
    data_dir: Path | None,
    database: str | None,
    as_json: bool,
) -> ExitCode:
    """Make a token and print its text, which is stored hashed and never shown again."""
    from mriqc_webapi.store import tokens
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    scopes = [part.strip() for part in scope.split(',') if part.strip()]
    with Store.open(settings.database_url) as store, store.write() as tx:
        text = tokens.create(tx, name=name, scopes=scopes, text=text, expires_at=expires_at)
    print(json.dumps({'name': name, 'token': text, 'scopes': scopes}) if as_json else text)
    return ExitCode.OK


@command('token list', *STORE_SETTINGS, JSON, example='mriqc-webapi token list')
def list_(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """List the tokens: scopes, dates, uses."""
    from mriqc_webapi.store import tokens
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        found = tokens.list_tokens(tx)
    rows = [
        {
            'name': token.name,
            'scopes': ','.join(sorted(token.scopes)),
            'created': _date(token.created_at),
            'expires': _date(token.expires_at),
            'revoked': _date(token.revoked_at),
            'uses': token.n_used,
            'last_used': _date(token.last_used_at),
        }
        for token in found
    ]
    if as_json:
        print(json.dumps(rows))
    else:
        _print_table(rows)
    return ExitCode.OK


def _print_table(rows: list[dict[str, object]]) -> None:
    if not rows:
        print('no tokens', file=sys.stderr)
        return
    table = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print('  '.join(cells).rstrip())


@command(
    'token revoke',
    Argument('name', metavar='NAME', help='whose token it is'),
    *STORE_SETTINGS,
    example='mriqc-webapi token revoke mriqc',
)
def revoke(*, name: str, data_dir: Path | None, database: str | None) -> ExitCode:
    """End a token; a running service refuses it within a second."""
    from mriqc_webapi.store import tokens
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.write() as tx:
        tokens.revoke(tx, name=name)
    print(f'{name} is revoked')
    return ExitCode.OK
