"""The SQLite file that keeps a folder's rating sessions; the only SQL of this package.

What `add` and its like have returned from is on the disk. Several raters, also at the same time,
may share one file.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mriqc_webapi.errors import ChangedSubmissionError, SetupError
from mriqc_webapi.reports.session.queue import Item

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0  # another rater's commit takes milliseconds

_SCHEMA = """
    CREATE TABLE session (
        id TEXT PRIMARY KEY,
        rater TEXT NOT NULL,
        started_at INTEGER NOT NULL,  -- UTC, s
        options TEXT NOT NULL  -- JSON
    );
    CREATE TABLE item (
        session TEXT NOT NULL REFERENCES session,
        position INTEGER NOT NULL,
        report TEXT NOT NULL,  -- path from the folder on
        occasion INTEGER NOT NULL,  -- 2: a repeat
        PRIMARY KEY (session, position)
    ) WITHOUT ROWID;
    CREATE TABLE rating (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL REFERENCES session,
        position INTEGER NOT NULL,
        created_at INTEGER NOT NULL,  -- UTC, s
        document TEXT NOT NULL,  -- JSON, as it is sent to a service
        amends TEXT,
        undone_at INTEGER
    );
    CREATE INDEX rating_by_item ON rating (session, position);
    CREATE TABLE draft (
        session TEXT NOT NULL,
        position INTEGER NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (session, position)
    ) WITHOUT ROWID;
    CREATE TABLE answer (
        rating TEXT NOT NULL,
        url TEXT NOT NULL,
        remote_id TEXT,  -- the service has it
        receipt TEXT,
        problem TEXT,  -- the service will not have it
        PRIMARY KEY (rating, url)
    ) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One pass of one rater through the folder."""

    id: str
    rater: str
    started_at: int  # UTC, s
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRating:
    """One rating as it was given; the newest of an item that is not undone stands."""

    seq: int
    id: str
    session: str
    rater: str
    position: int
    report: str
    occasion: int
    created_at: int  # UTC, s
    document: dict[str, Any]
    amends: str | None
    is_undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service said to a rating."""

    rating: str
    remote_id: str | None = None
    receipt: str | None = None
    problem: str | None = None


_RATINGS = """
    SELECT r.seq, r.id, r.session, s.rater, r.position, i.report, i.occasion, r.created_at,
           r.document, r.amends, r.undone_at IS NOT NULL AS is_undone
      FROM rating r
      JOIN session s ON s.id = r.session
      JOIN item i ON i.session = r.session AND i.position = r.position
"""
_PENDING = (
    _RATINGS  # noqa: S608 — no values
    + """
     WHERE r.undone_at IS NULL AND i.occasion = 1 AND r.session = :session
       AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.rating = r.id AND a.url = :url)
     ORDER BY r.seq
"""
)
_NEWEST = _RATINGS + 'WHERE r.session = ? AND r.undone_at IS NULL ORDER BY r.seq DESC LIMIT 1'
_BY_ID = _RATINGS + 'WHERE r.id = ?'
_OF_SESSION = _RATINGS + 'WHERE :session IS NULL OR r.session = :session ORDER BY r.seq'


class Ledger:
    """The file, open; may be used from several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file, or make it.

        Raises
        ------
        SetupError
            The file cannot be written, or is not a session's.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from None
        try:
            _prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            raise _unusable(path, error) from None
        except SetupError as error:
            connection.close()
            raise SetupError(f'{path}: {error}') from None
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # --- sessions and their queues

    def sessions(self, *, rater: str | None = None) -> list[SessionRow]:
        """List sessions, oldest first."""
        rows = self._all(
            'SELECT * FROM session WHERE :rater IS NULL OR rater = :rater'
            ' ORDER BY started_at, rowid',
            {'rater': rater},
        )
        return [
            SessionRow(
                id=r['id'],
                rater=r['rater'],
                started_at=r['started_at'],
                options=json.loads(r['options']),
            )
            for r in rows
        ]

    def add_session(self, session: SessionRow, queue: Sequence[Item]) -> None:
        """Store a new session with its queue."""
        with self._transaction() as tx:
            tx.execute(
                'INSERT INTO session (id, rater, started_at, options) VALUES (?, ?, ?, ?)',
                (session.id, session.rater, session.started_at, json.dumps(session.options)),
            )
            _insert_items(tx, session.id, queue, first=0)

    def append_items(self, session: str, queue: Sequence[Item]) -> None:
        """Put reports that have come since behind the others."""
        with self._transaction() as tx:
            (n,) = tx.execute('SELECT count(*) FROM item WHERE session = ?', (session,)).fetchone()
            _insert_items(tx, session, queue, first=n)

    def queue(self, session: str) -> list[Item]:
        """Read the queue of a session, in its order."""
        rows = self._all(
            'SELECT report, occasion FROM item WHERE session = ? ORDER BY position', (session,)
        )
        return [Item(r['report'], r['occasion']) for r in rows]

    # --- ratings

    def add(
        self, *, id: str, session: str, position: int, document: Mapping[str, Any]
    ) -> StoredRating:
        """Store a rating and forget the item's draft; the same one twice is one.

        Raises
        ------
        ChangedSubmissionError
            The id came before, with something else.
        """
        with self._transaction() as tx:
            known = self._one(_BY_ID, (id,))
            if known is None:
                tx.execute(
                    'INSERT INTO rating (id, session, position, created_at, document, amends)'
                    ' VALUES (?, ?, ?, ?, ?, ?)',
                    (
                        *(id, session, position, int(time.time()), json.dumps(document)),
                        self._amended(session, position),
                    ),
                )
                _delete_draft(tx, session, position)
                known = self._one(_BY_ID, (id,))
        assert known is not None  # noqa: S101 — it was just stored
        is_same = (known.session, known.position) == (session, position)
        if not is_same or known.document != dict(document):
            raise ChangedSubmissionError(f'rating {id} was given before, with another content')
        return known

    def _amended(self, session: str, position: int) -> str | None:
        """Name what a new rating of an item corrects: what stands, or went out and was undone."""
        row = self._first(
            'SELECT id FROM rating r WHERE session = ? AND position = ? AND (undone_at IS NULL'
            ' OR EXISTS (SELECT 1 FROM answer a WHERE a.rating = r.id AND receipt IS NOT NULL))'
            ' ORDER BY seq DESC LIMIT 1',
            (session, position),
        )
        return None if row is None else str(row['id'])

    def undo(self, session: str) -> StoredRating | None:
        """Take back the newest rating of a session; it stays in the history."""
        with self._transaction() as tx:
            newest = self._one(_NEWEST, (session,))
            if newest is not None:
                tx.execute(
                    'UPDATE rating SET undone_at = ? WHERE id = ?', (int(time.time()), newest.id)
                )
        return newest

    def ratings(self, *, session: str | None = None) -> list[StoredRating]:
        """Read the history, of one session or of all, oldest first."""
        rows = self._all(_OF_SESSION, {'session': session})
        return [_rating(row) for row in rows]

    # --- drafts

    def save_draft(self, session: str, position: int, document: Mapping[str, Any]) -> None:
        """Keep what a rater has begun to say of an item."""
        with self._transaction() as tx:
            tx.execute(
                'INSERT OR REPLACE INTO draft (session, position, document) VALUES (?, ?, ?)',
                (session, position, json.dumps(document)),
            )

    def drafts(self, session: str) -> dict[int, dict[str, Any]]:
        """Read the drafts of a session, by position."""
        rows = self._all('SELECT position, document FROM draft WHERE session = ?', (session,))
        return {r['position']: json.loads(r['document']) for r in rows}

    # --- what a service answered

    def pending(self, session: str, *, url: str) -> list[StoredRating]:
        """Read what a service has not answered yet, oldest first; repeats stay here."""
        return [_rating(r) for r in self._all(_PENDING, {'session': session, 'url': url})]

    def add_answer(self, answer: Answer, *, url: str) -> None:
        """Store what a service said."""
        with self._transaction() as tx:
            tx.execute(
                'INSERT OR REPLACE INTO answer (rating, url, remote_id, receipt, problem)'
                ' VALUES (?, ?, ?, ?, ?)',
                (
                    *(answer.rating, url, answer.remote_id),
                    *(answer.receipt, answer.problem),
                ),
            )

    def answers(self, *, url: str) -> dict[str, Answer]:
        """Read what a service said, by rating."""
        rows = self._all(
            'SELECT rating, remote_id, receipt, problem FROM answer WHERE url = ?', (url,)
        )
        return {r['rating']: Answer(**dict(r)) for r in rows}

    # --- the connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield self._connection
            except BaseException:
                self._connection.execute('ROLLBACK')
                raise
            self._connection.execute('COMMIT')

    def _all(self, sql: str, values: Any = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _first(self, sql: str, values: Any) -> sqlite3.Row | None:
        return next(iter(self._all(sql, values)), None)

    def _one(self, sql: str, values: Any) -> StoredRating | None:
        row = self._first(sql, values)
        return None if row is None else _rating(row)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    # a network drive that cannot hold the log of WAL stays with the rollback journal
    connection.execute('PRAGMA journal_mode = WAL')
    connection.execute('PRAGMA synchronous = FULL')
    connection.execute('PRAGMA foreign_keys = ON')
    connection.execute('BEGIN IMMEDIATE')
    try:
        _create(connection)
    except BaseException:
        connection.execute('ROLLBACK')
        raise
    connection.execute('COMMIT')


def _create(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute('PRAGMA user_version').fetchone()
    (n_tables,) = connection.execute('SELECT count(*) FROM sqlite_schema').fetchone()
    if version == SCHEMA_VERSION:
        return
    if version or n_tables:
        raise SetupError(
            'is another program’s, or a newer version’s; name another file by --ratings'
        )
    for statement in _SCHEMA.split(';'):
        connection.execute(statement)
    connection.execute(f'PRAGMA user_version = {SCHEMA_VERSION}')


def _insert_items(
    tx: sqlite3.Connection, session: str, queue: Sequence[Item], *, first: int
) -> None:
    tx.executemany(
        'INSERT INTO item (session, position, report, occasion) VALUES (?, ?, ?, ?)',
        [(session, first + i, item.report, item.occasion) for i, item in enumerate(queue)],
    )


def _delete_draft(tx: sqlite3.Connection, session: str, position: int) -> None:
    tx.execute('DELETE FROM draft WHERE session = ? AND position = ?', (session, position))


def _rating(row: sqlite3.Row) -> StoredRating:
    members: dict[str, Any] = dict(row)
    members['document'] = json.loads(row['document'])
    members['is_undone'] = bool(row['is_undone'])
    return StoredRating(**members)


def _unusable(path: Path, error: Exception) -> SetupError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return SetupError(
        f'{path} cannot hold ratings: {reason}; name a file elsewhere by --ratings FILE'
    )
