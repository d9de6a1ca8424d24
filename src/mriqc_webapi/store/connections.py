"""How connections to either database are opened, and what their failures mean to a caller."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from mriqc_webapi.errors import SetupError, StoreUnavailableError

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000  # longest wait for another process that writes
RETRY_AFTER_S = 5

# fullfsync matters on macOS alone; secure_delete overwrites what is withdrawn.
_PRAGMAS = (
    f'PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}',
    'PRAGMA synchronous = FULL',
    'PRAGMA fullfsync = ON',
    'PRAGMA secure_delete = ON',
    'PRAGMA journal_size_limit = 67108864',
)

# SQLite's primary result codes that tell of circumstances; all others tell of a mistake in here.
_SQLITE_REASONS = {
    sqlite3.SQLITE_PERM: 'its file may not be opened',
    sqlite3.SQLITE_BUSY: 'another process has it locked',
    sqlite3.SQLITE_LOCKED: 'another process has it locked',
    sqlite3.SQLITE_NOMEM: 'memory is short',
    sqlite3.SQLITE_READONLY: 'it is read-only',
    sqlite3.SQLITE_INTERRUPT: 'it was interrupted',
    sqlite3.SQLITE_IOERR: 'its disk failed',
    sqlite3.SQLITE_CORRUPT: 'its file is damaged',
    sqlite3.SQLITE_FULL: 'its disk is full',
    sqlite3.SQLITE_CANTOPEN: 'its file cannot be opened',
    sqlite3.SQLITE_PROTOCOL: 'another process has it locked',
    sqlite3.SQLITE_NOTADB: 'its file is no database',
}
_POSTGRESQL_FAILURES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
)
_POSTGRESQL_REASONS = {
    '25006': 'it is read-only',
    '53100': 'its disk is full',
    '53300': 'it has no connection left',
    '55P03': 'another process has it locked',
    '57014': 'a statement took too long',
}
_TOO_LARGE = '54'  # SQLSTATE class "program limit exceeded": the row's fault, not the server's


def parse_url(text: str) -> URL:
    """Read a database URL; whatever PostgreSQL spelling, the driver is psycopg.

    Raises
    ------
    SetupError
        No URL, neither SQLite nor PostgreSQL, or SQLite without a file.
    """
    try:
        url = make_url(text)
    except exc.ArgumentError:
        raise SetupError('the database setting is no URL such as sqlite:///file') from None
    if url.get_backend_name() in {'postgres', 'postgresql'}:
        return url.set(drivername='postgresql+psycopg')
    if url.get_backend_name() != 'sqlite':
        raise SetupError(f'no support for {url.drivername!r}: use sqlite:/// or postgresql://')
    if url.database in {None, '', ':memory:'}:
        raise SetupError('SQLite needs a file: sqlite:///path/to/store.sqlite')
    return url


def reading_engine(url: URL) -> Engine:
    """Open an engine whose connections see each commit at once and hold no transaction."""
    if url.get_backend_name() == 'sqlite':
        engine = create_engine(
            url, isolation_level='AUTOCOMMIT', pool_size=0, hide_parameters=True
        )
        # each thread has a connection, and the system caches the file for all of them
        _set_pragmas(engine, 'PRAGMA query_only = ON', 'PRAGMA cache_size = -4000')
        return engine
    return create_engine(
        url,
        isolation_level='AUTOCOMMIT',
        pool_pre_ping=True,
        hide_parameters=True,
        pool_reset_on_return=None,
        pool_size=8,
        max_overflow=24,
        pool_timeout=5,
        connect_args={'connect_timeout': 5},
    )


def writing_engine(url: URL) -> Engine:
    """Open an engine whose transactions hold the write lock from their first statement on."""
    if url.get_backend_name() == 'sqlite':
        engine = create_engine(url, pool_size=1, max_overflow=-1, hide_parameters=True)
        # the fewer checkpoints, the less often a page of an index by hash is written again
        _set_pragmas(engine, 'PRAGMA wal_autocheckpoint = 4000', 'PRAGMA cache_size = -131072')
        event.listen(engine, 'begin', _begin_immediate)
        return engine
    options = f'-c lock_timeout={BUSY_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000'
    return create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=2,
        max_overflow=6,
        pool_timeout=5,
        connect_args={'connect_timeout': 5, 'options': options},
    )


def prepare_file(url: URL) -> None:
    """Make a SQLite file, its folder too, and set what can be set only once per file."""
    path = Path(url.database or '')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)) as raw:
            raw.execute('PRAGMA page_size = 8192')
            _switch_to_wal(raw)
    except (OSError, sqlite3.Error) as error:
        raise SetupError(f'{path} cannot be opened as a database: {error}') from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a database says when it cannot work into `StoreUnavailableError`."""
    try:
        yield
    except (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
        reason = unavailable_because(error)
        if reason is None:
            raise
        log.warning('the database cannot be used: %s', error)
        message = f'the database cannot be used just now: {reason}'
        raise StoreUnavailableError(message, retry_after_s=RETRY_AFTER_S) from error


def unavailable_because(error: BaseException) -> str | None:
    """Say why the database cannot work; None if the error is a mistake in the statement."""
    if isinstance(error, exc.TimeoutError):
        return 'all connections are in use'
    if isinstance(error, exc.PendingRollbackError | exc.ResourceClosedError):
        return 'the connection was lost'
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _SQLITE_REASONS.get(getattr(cause, 'sqlite_errorcode', 0) & 0xFF)
    if isinstance(cause, _POSTGRESQL_FAILURES):
        state = cause.sqlstate or ''
        reason = _POSTGRESQL_REASONS.get(state, 'it is away')
        return None if state.startswith(_TOO_LARGE) else reason
    return None


def _set_pragmas(engine: Engine, *more: str) -> None:
    @event.listens_for(engine, 'connect')
    def set_pragmas(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (*_PRAGMAS, *more):
            raw.execute(pragma).close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql('BEGIN IMMEDIATE')


def _switch_to_wal(raw: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; the busy timeout does not cover a race of two starts."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            raw.execute('PRAGMA journal_mode = WAL').close()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
