"""One opened copy: a DuckDB file with a table per resource, and what it says of itself."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson

from mriqc_webapi.archive.columns import Layout, fingerprint, layouts
from mriqc_webapi.archive.deadlines import Deadlines
from mriqc_webapi.archive.policy import Policy, first_policy
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.archive.slots import Slot
from mriqc_webapi.errors import SetupError
from mriqc_webapi.iqm.definitions import Catalogue

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 10.0  # longest wait for queries that were told to stop
_DAMAGE: Final = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.IOException,
    duckdb.SerializationException,
)

_STATE: Final = """
    CREATE SCHEMA state;
    CREATE TABLE state.identity (layout VARCHAR NOT NULL, store VARCHAR NOT NULL);
    CREATE TABLE state.policy (digest VARCHAR NOT NULL);
    CREATE TABLE state.unjudged (resource VARCHAR NOT NULL);
    CREATE TABLE state.mark (seq BIGINT NOT NULL);
    CREATE TABLE state.erased (n BIGINT NOT NULL);
    CREATE TABLE state.changed (resource VARCHAR NOT NULL, seq BIGINT NOT NULL);
    CREATE TABLE state.residual_path (
        resource VARCHAR NOT NULL, path VARCHAR NOT NULL, kind VARCHAR NOT NULL
    );
"""


class UnusableCopyError(Exception):
    """The file is no copy of this store in this layout; the message says why."""


def is_damage(error: duckdb.Error) -> bool:
    """Whether an error tells of the copy rather than of the question."""
    # a block with a wrong checksum gives an error of no class of its own
    return isinstance(error, _DAMAGE) or type(error) is duckdb.Error


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOptions:
    """What a copy may use."""

    memory: str = '1GB'
    threads: int = 0  # 0: one per core

    def check(self) -> None:
        """Refuse options that DuckDB does not understand.

        Raises
        ------
        SetupError
            One of them means nothing.
        """
        with duckdb.connect() as connection:
            try:
                configure(connection, self, scratch=Path())
            except duckdb.Error as error:
                raise SetupError(f'the archive cannot be set up: {_first_line(error)}') from None


class Copy:
    """An opened copy. One thread at a time may write to it, any number may read.

    Attributes
    ----------
    layouts : dict of str to Layout
        By resource.
    profiles : dict of str to Profile
        What the residuals hold, by resource; never less than any reader can see.
    mark : int
        Number of the last change that is in.
    policy : Policy
        By which its rows are judged.
    n_erased : int
        Records that were deleted and may still be found in the bytes of the file.
    unjudged : set of str
        Resources whose views are not true yet; nobody may ask before they are.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self.writer = connection
        self.layouts: dict[str, Layout] = layouts(catalogue)
        self.profiles = {name: Profile() for name in self.layouts}
        self.mark = 0
        self.n_erased = 0
        self.unjudged: set[str] = set()
        self.policy = first_policy()
        self._root = connection.cursor()
        self._deadlines = Deadlines()
        self._guard = threading.Condition()
        self._n_reading = 0
        self._is_closed = False

    @classmethod
    def create(cls, slot: Slot, catalogue: Catalogue, store_id: str, options: CopyOptions) -> Copy:
        """Make an empty copy in place of whatever the slot holds."""
        slot.discard()
        copy = cls(_connect(slot, options), catalogue)
        try:
            copy._initialise(store_id)
        except BaseException:
            copy.close()
            raise
        return copy

    @classmethod
    def open(
        cls, slot: Slot, catalogue: Catalogue, store_id: str, options: CopyOptions, *, scan: bool
    ) -> Copy:
        """Open the copy that a slot holds.

        Parameters
        ----------
        scan : bool
            Whether to read all of it, as after a sign of damage.

        Raises
        ------
        UnusableCopyError
            Missing, broken, of another layout, or of another store.
        """
        if not slot.path.exists():
            raise UnusableCopyError('there is none')
        try:
            copy = cls(_connect(slot, options), catalogue)
        except (duckdb.Error, RuntimeError, UnicodeDecodeError) as error:
            raise UnusableCopyError(f'it cannot be opened: {_first_line(error)}') from error
        try:
            copy._load(store_id)
            if scan:
                copy._scan()
        except (duckdb.Error, ValueError) as error:
            copy.close()
            raise UnusableCopyError(f'it cannot be read: {_first_line(error)}') from error
        except UnusableCopyError:
            copy.close()
            raise
        return copy

    @contextlib.contextmanager
    def cursor(self, deadline: float | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection that is interrupted at a time of the monotonic clock."""
        with self._guard:
            if self._is_closed:
                raise duckdb.ConnectionException('the copy is closed')
            cursor = self._root.cursor()
            self._n_reading += 1
        try:
            with self._deadlines.watching(cursor, deadline):
                yield cursor
        finally:
            with contextlib.suppress(duckdb.Error):
                cursor.close()
            with self._guard:
                self._n_reading -= 1
                self._guard.notify_all()

    def newest(self) -> list[tuple[int, str, str]]:
        """Give number, id and tag of the newest record of each resource."""
        sql = 'SELECT seq, "_id", "_etag" FROM {} ORDER BY seq DESC LIMIT 1'
        tables = [layout.table for layout in self.layouts.values()]
        found = (self.writer.execute(sql.format(table)).fetchall() for table in tables)
        return [row for rows in found for row in rows]

    def adopt(self, policy: Policy) -> None:
        """Take the policy that is in force at the mark; another one than before leaves work."""
        with transaction(self.writer) as tx:
            unjudged = self.unjudged | self.judge_by(tx, policy)
            self.save_unjudged(tx, unjudged)
        self.policy, self.unjudged = policy, unjudged

    def judge_by(self, tx: duckdb.DuckDBPyConnection, policy: Policy) -> set[str]:
        """Note a policy in the file; return the resources whose rows it concerns."""
        (before,) = _only_row(tx, 'SELECT digest FROM state.policy')
        if before == policy.digest:
            return set()
        tx.execute('UPDATE state.policy SET digest = ?', [policy.digest])
        viewed = {name for name, layout in self.layouts.items() if layout.has_views}
        return {n for n in viewed if self._holds_any(tx, self.layouts[n])}

    def save_unjudged(self, tx: duckdb.DuckDBPyConnection, unjudged: set[str]) -> None:
        """Note in the file which views are not true yet."""
        if unjudged != self.unjudged:
            tx.execute('DELETE FROM state.unjudged')
            for name in unjudged:
                tx.execute('INSERT INTO state.unjudged VALUES (?)', [name])

    @property
    def is_idle(self) -> bool:
        """Whether no question is being answered from it."""
        return self._n_reading == 0

    def close(self) -> None:
        """Stop what runs, and close the file."""
        with self._guard:
            self._is_closed = True
            self._deadlines.close()
            ended = self._guard.wait_for(lambda: self._n_reading == 0, CLOSE_TIMEOUT_S)
        if not ended:
            log.warning('closing the archive although queries still run')
        for connection in (self._root, self.writer):
            with contextlib.suppress(duckdb.Error):
                connection.close()

    def _initialise(self, store_id: str) -> None:
        with transaction(self.writer) as tx:
            tx.execute(_STATE)
            tx.execute('INSERT INTO state.mark VALUES (0)')
            tx.execute('INSERT INTO state.erased VALUES (0)')
            identity = [fingerprint(self.layouts.values()), store_id]
            tx.execute('INSERT INTO state.identity VALUES (?, ?)', identity)
            tx.execute('INSERT INTO state.policy VALUES (?)', [self.policy.digest])
            for name, layout in self.layouts.items():
                tx.execute(layout.ddl)
                tx.execute('INSERT INTO state.changed VALUES (?, 0)', [name])

    def _load(self, store_id: str) -> None:
        layout, store = _only_row(self.writer, 'SELECT layout, store FROM state.identity')
        if layout != fingerprint(self.layouts.values()):
            raise UnusableCopyError('its tables are those of another version or catalogue')
        if store != store_id:
            raise UnusableCopyError('it was copied from another database')
        (self.mark,) = _only_row(self.writer, 'SELECT seq FROM state.mark')
        (self.n_erased,) = _only_row(self.writer, 'SELECT n FROM state.erased')
        changed = self.writer.execute('SELECT resource, seq FROM state.changed').fetchall()
        if sorted(name for name, _ in changed) != sorted(self.layouts):
            raise UnusableCopyError('it is not complete')
        unjudged = self.writer.execute('SELECT resource FROM state.unjudged').fetchall()
        self.unjudged = {name for (name,) in unjudged}
        found = self.writer.execute('SELECT resource, path, kind FROM state.residual_path')
        entries = [(r, tuple(orjson.loads(path)), kind) for r, path, kind in found.fetchall()]
        for name in self.profiles:
            self.profiles[name] = Profile((path, kind) for r, path, kind in entries if r == name)

    def _holds_any(self, tx: duckdb.DuckDBPyConnection, layout: Layout) -> bool:
        return bool(tx.execute(f'SELECT 1 FROM {layout.table} LIMIT 1').fetchall())  # noqa: S608 - quoted

    def _scan(self) -> None:
        started_at = time.monotonic()
        for layout in self.layouts.values():
            self.writer.execute(f'SELECT bit_xor(hash(t)) FROM {layout.table} AS t').fetchall()  # noqa: S608 - quoted
        log.info('the archive was read through in %.1f s', time.monotonic() - started_at)


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Run statements in a transaction that is committed at the end, or undone."""
    connection.execute('BEGIN')
    try:
        yield connection
        connection.execute('COMMIT')
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            connection.execute('ROLLBACK')
        raise


def _connect(slot: Slot, options: CopyOptions) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(slot.path))
    try:
        configure(connection, options, scratch=slot.scratch)
    except BaseException:
        connection.close()
        raise
    return connection


def configure(
    connection: duckdb.DuckDBPyConnection, options: CopyOptions, *, scratch: Path
) -> None:
    """Bound what a connection may use, and keep it from files, network and extensions."""
    statements = [
        'SET autoinstall_known_extensions = false',
        'SET autoload_known_extensions = false',
        # each checkpoint writes the last rows again; a log of this size is replayed in seconds
        "SET wal_autocheckpoint = '256MB'",
        f'SET memory_limit = {_literal(options.memory)}',
        f'SET temp_directory = {_literal(str(scratch))}',
        'SET enable_progress_bar = false',
        'SET enable_external_access = false',
        'SET lock_configuration = true',
    ]
    if options.threads:
        statements.insert(0, f'SET threads = {int(options.threads)}')
    for statement in statements:
        connection.execute(statement)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _only_row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    if len(rows) != 1:
        raise UnusableCopyError('it is not complete')
    return rows[0]


def _first_line(error: BaseException) -> str:
    return str(error).partition('\n')[0]
