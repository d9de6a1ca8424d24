"""Which tables the store has: Alembic migrations, without a configuration file."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from mriqc_webapi.errors import SetupError
from mriqc_webapi.store.connections import (
    parse_url,
    prepare_file,
    reading_engine,
    translated,
    writing_engine,
)

UPGRADE_COMMAND = 'mriqc-webapi db upgrade'

# One upgrade at a time (the number is arbitrary); one that cannot get a table's lock gives up.
_GUARD = (
    text('SELECT pg_advisory_xact_lock(470020387171)'),
    text("SET LOCAL lock_timeout = '5s'"),
    text("SET LOCAL statement_timeout = '1h'"),
)


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where a database stands among the migrations that this version knows."""

    current: str | None  # None: an empty database
    head: str
    is_known: bool  # whether this version of the software knows `current`

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to run."""
        return self.current == self.head


def upgrade(url: str) -> MigrationStatus:
    """Run the migrations that a database lacks, in one transaction; none is no error."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == 'sqlite':
        prepare_file(parsed)
    engine = writing_engine(parsed)
    try:
        with translated(), engine.begin() as tx:
            if tx.dialect.name == 'postgresql':
                for statement in _GUARD:
                    tx.execute(statement)
            _require_known(_status(tx))
            command.upgrade(_configuration(tx), 'head')
            return _status(tx)
    finally:
        engine.dispose()


def status(url: str) -> MigrationStatus:
    """Look up where a database stands; creates and changes nothing on PostgreSQL."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == 'sqlite':
        prepare_file(parsed)
    engine = reading_engine(parsed)
    try:
        with translated(), engine.connect() as tx:
            return _status(tx)
    finally:
        engine.dispose()


def require_current(url: URL) -> None:
    """Refuse a database whose tables are not those of this version.

    Raises
    ------
    SetupError
        The migrations of this version have not run; the message names the command.
    """
    found = status(url.render_as_string(hide_password=False))
    _require_known(found)
    if not found.is_current:
        state = 'is empty' if found.current is None else f'is at {found.current}, not {found.head}'
        raise SetupError(f'the database schema {state}; run: {UPGRADE_COMMAND}')


def _require_known(found: MigrationStatus) -> None:
    if not found.is_known:
        raise SetupError(
            f'the database schema {found.current} was made by a newer version of this software;'
            ' upgrade the software'
        )


def _status(tx: Connection) -> MigrationStatus:
    scripts = ScriptDirectory.from_config(_configuration(tx))
    current = MigrationContext.configure(tx).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    head = scripts.get_current_head()
    assert head is not None, 'the package ships its migrations'  # noqa: S101 - for the type checker
    return MigrationStatus(current, head, current is None or current in known)


def _configuration(tx: Connection) -> Config:
    found = Config(attributes={'connection': tx})
    found.set_main_option('script_location', 'mriqc_webapi.store:migrations')
    found.set_main_option('path_separator', 'os')
    found.set_main_option('file_template', '%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s')
    return found
