"""``db``: the store's tables, brought up to date or looked at."""

import json
from pathlib import Path

from mriqc_webapi.cli.registry import JSON, STORE_SETTINGS, ExitCode, command
from mriqc_webapi.settings import Settings


@command(
    'db upgrade',
    *STORE_SETTINGS,
    example='mriqc-webapi db upgrade --database postgresql://db/mriqc',
)
def upgrade(*, data_dir: Path | None, database: str | None) -> ExitCode:
    """Bring the database to the tables that this version needs.

    SQLite is upgraded by `serve` itself; PostgreSQL only here, while no older version serves it.
    """
    from mriqc_webapi.store import schema

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    before = schema.status(settings.database_url)
    after = schema.upgrade(settings.database_url)
    if before.is_current:
        print(f'already at {after.current}, the newest')
    else:
        print(f'upgraded from {before.current or "an empty database"} to {after.current}')
    return ExitCode.OK


@command('db status', *STORE_SETTINGS, JSON, example='mriqc-webapi db status --json')
def status(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """Say which tables the database has, and which this version needs.

    Exit code 1: an upgrade is due.
    """
    from mriqc_webapi.store import schema

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    found = schema.status(settings.database_url)
    if as_json:
        print(json.dumps({'current': found.current, 'head': found.head, 'ok': found.is_current}))
    elif found.is_current:
        print(f'at {found.current}, the newest')
    else:
        print(f'at {found.current or "nothing yet"}; this version needs {found.head}.')
        print(f'Run: {schema.UPGRADE_COMMAND}' if found.is_known else 'Upgrade the software.')
    return ExitCode.OK if found.is_current else ExitCode.FAILED
