"""The file of a mirror: a DuckDB database with a table per resource, and how far each has come.

What belongs together is written in one transaction, so that a crash leaves the mirror as it was
before or as it is after, never in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from mriqc_webapi.archive.columns import quoted
from mriqc_webapi.archive.registering import registered
from mriqc_webapi.client.tables import Tables
from mriqc_webapi.errors import MirrorError

FILE: Final = 'archive.duckdb'
FORMAT: Final = 1
LATER: Final = ('in_scan', 'group_state', 'n_group', 'diameter', 'is_standing')  # may still change

_TABLES: Final = """
    CREATE SCHEMA IF NOT EXISTS mirror;
    CREATE TABLE IF NOT EXISTS mirror.source (
        format INTEGER NOT NULL, url VARCHAR NOT NULL, policy VARCHAR NOT NULL
    );
    CREATE TABLE IF NOT EXISTS mirror.resource (
        name VARCHAR PRIMARY KEY, since VARCHAR NOT NULL, data_version BIGINT,
        updated_at TIMESTAMP NOT NULL
    );
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a resource has come."""

    since: str  # cursor of the change feed
    data_version: int | None
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some changes, to be written together."""

    withdrawn: Sequence[str]  # ids
    added: pa.Table | None  # whole records
    judged: pa.Table | None  # ids, and what the archive says of them now
    since: str
    data_version: int | None


class MirrorFile:
    """A mirror, opened to be written; one process at a time.

    Raises
    ------
    MirrorError
        Another process has it open, it is of another service, or of a later version.
    """

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._connection = _connect(self.path, read_only=False)
        try:
            self._connection.execute(_TABLES)
            self._require_source(url)
        except BaseException:
            self._connection.close()
            raise

    def policy(self) -> str:
        """Name the policy by which the records are judged."""
        ((policy,),) = self._connection.execute('SELECT policy FROM mirror.source').fetchall()
        return str(policy)

    def adopt(self, policy: str) -> None:
        """Note another policy; what was judged by the one before is to be fetched anew."""
        with self._transaction() as tx:
            tx.execute('UPDATE mirror.source SET policy = ?', [policy])
            tx.execute("UPDATE mirror.resource SET since = ''")

    def mark(self, resource: str) -> Mark | None:
        """Tell how far a resource has come; None if it is to be fetched from the beginning."""
        found = self._connection.execute(
            "SELECT since, data_version FROM mirror.resource WHERE name = ? AND since <> ''",
            [resource],
        ).fetchall()
        if not found:
            return None
        since, version = found[0]
        columns = tuple(_columns(self._connection, resource))
        return Mark(since=since, data_version=version, columns=columns)

    def fill(self, resource: str, parquet: Path, *, since: str, data_version: int | None) -> int:
        """Take a whole table in, in place of what was there; gives the number of records."""
        table = quoted(resource)
        with self._transaction() as tx:
            tx.execute(f'CREATE OR REPLACE TABLE {table} AS FROM read_parquet(?)', [str(parquet)])
            self._note(tx, resource, since, data_version)
            ((n_records,),) = tx.execute(f'SELECT count(*) FROM {table}').fetchall()  # noqa: S608 - quoted
        self._connection.execute('CHECKPOINT')
        return int(n_records)

    def forget(self, resource: str) -> None:
        """Let go of a resource of which nothing stands any more."""
        with self._transaction() as tx:
            tx.execute(f'DROP TABLE IF EXISTS {quoted(resource)}')
            tx.execute('DELETE FROM mirror.resource WHERE name = ?', [resource])

    def apply(self, resource: str, batch: Batch) -> None:
        """Write some changes."""
        table = quoted(resource)
        with self._transaction() as tx:
            if batch.withdrawn:
                ids = pa.table({'_id': list(batch.withdrawn)})
                with registered(tx, 'gone', ids):
                    tx.execute(f'DELETE FROM {table} WHERE _id IN (SELECT _id FROM gone)')  # noqa: S608
            if batch.added is not None:
                with registered(tx, 'added', batch.added):
                    tx.execute(
                        f'INSERT INTO {table} BY NAME FROM added'  # noqa: S608 - quoted
                        f' WHERE _id NOT IN (SELECT _id FROM {table})'
                    )
            if batch.judged is not None:
                self._judge(tx, table, batch.judged)
            self._note(tx, resource, batch.since, batch.data_version)

    def values(self, resource: str, field: str, ids: Sequence[str]) -> list[str]:
        """Give what some records say in a field: their images, what they correct."""
        with registered(self._connection, 'wanted', pa.table({'_id': list(ids)})):
            found = self._connection.execute(
                f'SELECT DISTINCT {quoted(field)} FROM {quoted(resource)}'  # noqa: S608 - quoted
                f' WHERE _id IN (SELECT _id FROM wanted) AND {quoted(field)} IS NOT NULL'
            ).fetchall()
        return [value for (value,) in found]

    def count(self, resource: str) -> int:
        """Count a resource's records."""
        sql = f'SELECT count(*) FROM {quoted(resource)}'  # noqa: S608 - quoted
        ((n_records,),) = self._connection.execute(sql).fetchall()
        return int(n_records)

    def erase(self) -> None:
        """Write the file anew, so that no byte of what was withdrawn is left in it."""
        self._connection.execute('CHECKPOINT')
        self._connection.close()
        aside = self.path.with_name(f'.{FILE}.anew')
        aside.unlink(missing_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{_text(self.path)}' AS old (READ_ONLY)")
            connection.execute(f"ATTACH '{_text(aside)}' AS new")
            connection.execute('COPY FROM DATABASE old TO new')
        aside.replace(self.path)
        self._connection = _connect(self.path, read_only=False)

    def close(self) -> None:
        """Let others open it."""
        self._connection.close()

    def _judge(self, tx: duckdb.DuckDBPyConnection, table: str, judged: pa.Table) -> None:
        names = [name for name in judged.column_names if name in LATER]
        told = ', '.join(f'{quoted(n)} = judged.{quoted(n)}' for n in names)
        other = ' OR '.join(
            f'{table}.{quoted(n)} IS DISTINCT FROM judged.{quoted(n)}' for n in names
        )
        with registered(tx, 'judged', judged):
            tx.execute(
                f'UPDATE {table} SET {told} FROM judged'  # noqa: S608 - quoted
                f' WHERE {table}._id = judged._id AND ({other})'
            )

    def _note(
        self, tx: duckdb.DuckDBPyConnection, resource: str, since: str, version: int | None
    ) -> None:
        now = datetime.now(UTC).replace(tzinfo=None)
        tx.execute(
            'INSERT OR REPLACE INTO mirror.resource VALUES (?, ?, ?, ?)',
            [resource, since, version, now],
        )

    def _require_source(self, url: str) -> None:
        found = self._connection.execute('SELECT format, url FROM mirror.source').fetchall()
        if not found:
            sql = "INSERT INTO mirror.source VALUES (?, ?, '')"
            self._connection.execute(sql, [FORMAT, url])
            return
        ((format_, other),) = found
        if format_ != FORMAT:
            raise MirrorError(f'{self.path} was made by another version: make a new one elsewhere')
        if other != url:
            raise MirrorError(f'{self.path} is a mirror of {other}: name another folder for {url}')

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._connection.execute('BEGIN')
        try:
            yield self._connection
            self._connection.execute('COMMIT')
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self._connection.execute('ROLLBACK')
            raise


class MirrorSource:
    """A mirror, to be read. It is open only while a question is answered."""

    def __init__(self, path: Path) -> None:
        self._path = path / FILE if path.is_dir() else path
        self.name = str(path)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Tables]:
        """Open it for one question.

        Raises
        ------
        MirrorError
            It is being written, or is none.
        """
        with contextlib.closing(_connect(self._path, read_only=True)) as connection:
            found = connection.execute(
                'SELECT name, since, data_version FROM mirror.resource ORDER BY name'
            ).fetchall()
            versions = [version for _, _, version in found if version is not None]
            yield Tables(
                connection=connection,
                sources={name: quoted(name) for name, *_ in found},
                state=str(sorted(map(str, found))),
                data_version=max(versions, default=None),
            )


def is_mirror(path: Path) -> bool:
    """Whether a folder, or a file, is a mirror."""
    return (path / FILE).is_file() or (path.is_file() and path.name == FILE)


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        words = str(error).partition('\n')[0]
        if 'lock' in words.lower():
            raise MirrorError(f'{path} is in use by another process: try again later') from error
        raise MirrorError(f'{path} cannot be opened: {words}') from error
    except duckdb.Error as error:
        words = str(error).partition('\n')[0]
        raise MirrorError(f'{path} cannot be opened: {words}') from error
    connection.execute('SET enable_progress_bar = false')
    if not read_only:  # a day's changes need not rewrite what they touch: readers see the log
        connection.execute('PRAGMA disable_checkpoint_on_shutdown')
        connection.execute("SET wal_autocheckpoint = '128MB'")
    return connection


def _columns(connection: duckdb.DuckDBPyConnection, resource: str) -> list[str]:
    described = connection.execute(f'DESCRIBE FROM {quoted(resource)}').fetchall()
    return [str(row[0]) for row in described]


def _text(path: Path) -> str:
    return str(path).replace("'", "''")
