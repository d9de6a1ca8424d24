"""What waits to be sent, and what became of what was sent: one small SQLite file per user.

A record is here before it is sent, and stays here until the service has answered for it. Its key
names it to the service, so that sending it twice stores it once. ``due_at`` keeps other processes
of the same user from sending the same at the same time; should they do so, nothing is lost.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

from mriqc_webapi.client.sending.summary import Receipt
from mriqc_webapi.errors import SpoolError

State = Literal['pending', 'sent', 'refused']

FILE: Final = 'spool.sqlite'
REMEMBERED_S: Final = 30 * 86_400.0  # what was sent, and whose receipt is in its dataset
LEASE_S: Final = 900.0  # for so long, what one run has taken is left alone by others
BUSY_S: Final = 30.0

_VERSION: Final = 1
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS parcel (
        url TEXT NOT NULL, key TEXT NOT NULL, resource TEXT NOT NULL,
        digest TEXT NOT NULL, dataset TEXT NOT NULL, source TEXT NOT NULL, md5sum TEXT NOT NULL,
        policy TEXT NOT NULL, document BLOB,
        state TEXT NOT NULL DEFAULT 'pending', due_at REAL NOT NULL DEFAULT 0,
        n_failed INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '',
        added_at REAL NOT NULL, done_at REAL, id TEXT, receipt TEXT,
        is_kept INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (url, key)
    );
    CREATE INDEX IF NOT EXISTS parcel_digest ON parcel (url, digest);
    CREATE INDEX IF NOT EXISTS parcel_state ON parcel (state, url, added_at);
    CREATE INDEX IF NOT EXISTS parcel_kept ON parcel (is_kept, done_at) WHERE state = 'sent';
"""
_UNKEPT: Final = """
    SELECT dataset, url, resource, id, receipt, md5sum, source, digest,
           strftime('%Y-%m-%dT%H:%M:%SZ', done_at, 'unixepoch') AS sent_at, key
      FROM parcel
     WHERE state = 'sent' AND is_kept = 0
     ORDER BY done_at
"""
_SHARED_FILE_SYSTEMS: Final = frozenset(
    {'nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'lustre', 'gpfs', 'beegfs', 'ceph', 'afs', '9p'}
    | {'fuse.sshfs', 'fuse.glusterfs', 'fuse.ceph', 'fuse.bindfs', 'panfs', 'orangefs'}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One record, ready to leave."""

    key: str  # hexadecimal digits; the same record of the same dataset has the same
    resource: str
    document: bytes  # JSON
    digest: str  # of the record as it was found
    dataset: str  # its folder; '' if it came from none
    source: str
    md5sum: str
    policy: str  # under which it was made ready


class Fate(NamedTuple):
    """What has become of a record."""

    state: State | Literal['new']
    problem: str = ''
    policy: str = ''  # under which it waits


NEW: Final = Fate('new')
SENT: Final = Fate('sent')


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many records of a dataset are in a state."""

    url: str
    dataset: str
    state: State
    n: int
    problem: str  # of one of them


class Spool:
    """One open spool; any thread may use it."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self.place = place
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a spool, or make one.

        Raises
        ------
        SpoolError
            It cannot be written, is damaged, or of a later version of this software.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            return cls(_connect(str(path), _journal(path)), str(path))
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f'{path} cannot be used: {error}') from None

    @classmethod
    def in_memory(cls) -> Self:
        """Make one that is gone with this process."""
        return cls(_connect(':memory:', 'memory'), '')

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def add(self, url: str, parcels: Iterable[Parcel], *, now: float) -> list[State]:
        """Put records in; gives the state of each, which is not `pending` if it was here before.

        What waits already in another form (the policy has changed since) gives way to the new one:
        a stricter wish comes before the risk of a second copy.
        """
        states: list[State] = []
        with self._changing(is_durable=True) as run:
            for parcel in parcels:
                run(
                    'DELETE FROM parcel INDEXED BY parcel_digest WHERE url = ? AND digest = ?'
                    " AND dataset = ? AND key <> ? AND state = 'pending'",
                    (url, parcel.digest, parcel.dataset, parcel.key),
                )
                run(
                    'INSERT INTO parcel (url, key, resource, digest, dataset, source, md5sum,'
                    ' policy, document, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
                    ' ON CONFLICT DO NOTHING',
                    (
                        *(url, parcel.key, parcel.resource, parcel.digest, parcel.dataset),
                        *(parcel.source, parcel.md5sum, parcel.policy, parcel.document, now),
                    ),
                )
                at = (url, parcel.key)
                found = run('SELECT state FROM parcel WHERE url = ? AND key = ?', at)
                states.append(found.fetchone()[0])
        return states

    def fate(self, url: str, digest: str, *, dataset: str) -> Fate:
        """Tell what has become of a record of a dataset."""
        rows = self._rows(
            'SELECT state, problem, policy FROM parcel INDEXED BY parcel_digest'
            " WHERE url = ? AND digest = ? AND dataset = ? ORDER BY state = 'sent' DESC",
            (url, digest, dataset),
        )
        return Fate(*rows[0]) if rows else NEW

    def take(
        self, url: str, *, now: float, datasets: Iterable[str] | None = None, at_once: bool = False
    ) -> list[str]:
        """Take what waits, oldest first, for a while; gives the keys.

        Parameters
        ----------
        datasets
            Only those of these folders. None: of any.
        at_once
            Also what another run has taken, or is not due yet.
        """
        wanted = None if datasets is None else set(datasets)
        with self._changing() as run:
            rows = run(
                "SELECT key, dataset FROM parcel WHERE state = 'pending' AND url = ?"
                ' AND (due_at <= ? OR ?) ORDER BY added_at, key',
                (url, now, at_once),
            ).fetchall()
            keys = [key for key, dataset in rows if wanted is None or dataset in wanted]
            self._connection.executemany(
                'UPDATE parcel SET due_at = ? WHERE url = ? AND key = ?',
                ((now + LEASE_S, url, key) for key in keys),
            )
        return keys

    def waiting_datasets(self, url: str) -> list[str]:
        """List the folders that something waits from."""
        rows = self._rows(
            "SELECT DISTINCT dataset FROM parcel WHERE state = 'pending' AND url = ?", (url,)
        )
        return [dataset for (dataset,) in rows]

    def find(self, url: str, key: str) -> Parcel | None:
        """Give one record that waits."""
        names = [field.name for field in fields(Parcel)]
        rows = self._rows(
            f'SELECT {", ".join(names)} FROM parcel WHERE url = ? AND key = ?'  # noqa: S608
            " AND state = 'pending'",
            (url, key),
        )
        return Parcel(**dict(zip(names, rows[0], strict=True))) if rows else None

    def note_sent(self, url: str, key: str, *, id: str, receipt: str | None, now: float) -> None:
        """Note that the service has a record; its document is not needed any more."""
        with self._changing() as run:
            run(
                "UPDATE parcel SET state = 'sent', document = NULL, problem = '', id = ?,"
                ' receipt = ?, done_at = ? WHERE url = ? AND key = ?',
                (id, receipt, now, url, key),
            )

    def note_refused(self, url: str, key: str, *, reason: str, now: float) -> None:
        """Note that the service refused a record; it is not sent again by itself."""
        with self._changing() as run:
            run(
                "UPDATE parcel SET state = 'refused', problem = ?, done_at = ?"
                ' WHERE url = ? AND key = ?',
                (reason, now, url, key),
            )

    def note_failed(self, url: str, key: str, *, problem: str) -> None:
        """Note that a record could not be sent this time."""
        with self._changing() as run:
            run(
                'UPDATE parcel SET n_failed = n_failed + 1, problem = ? WHERE url = ? AND key = ?',
                (problem, url, key),
            )

    def give_back(self, url: str, keys: Iterable[str]) -> None:
        """Let other runs have what this one took and did not send."""
        with self._changing():
            self._connection.executemany(
                "UPDATE parcel SET due_at = 0 WHERE url = ? AND key = ? AND state = 'pending'",
                ((url, key) for key in keys),
            )

    def retry_refused(self, url: str, dataset: str | None) -> int:
        """Let what was refused be sent once more; gives how many."""
        with self._changing() as run:
            found = run(
                "UPDATE parcel SET state = 'pending', due_at = 0 WHERE state = 'refused'"
                ' AND url = ? AND (dataset = ? OR ? IS NULL)',
                (url, dataset, dataset),
            )
        return found.rowcount

    def keep_receipts(self, write: Callable[[str, list[Receipt]], bool], *, now: float) -> None:
        """Hand over the receipts that are not in their dataset yet; one process at a time.

        Parameters
        ----------
        write
            Is given a dataset's folder and its receipts; says whether they are written. Those
            stay here for a while longer, so that what was sent is known to have been.
        """
        with self._changing() as run:
            for dataset, named in _by_dataset(run(_UNKEPT).fetchall()).items():
                if write(dataset, [receipt for receipt, _ in named]):
                    self._connection.executemany(
                        'UPDATE parcel SET is_kept = 1 WHERE url = ? AND key = ?',
                        [(receipt.url, key) for receipt, key in named],
                    )
            run(
                "DELETE FROM parcel WHERE state = 'sent' AND is_kept = 1 AND done_at < ?",
                (now - REMEMBERED_S,),
            )

    def held(self, url: str | None = None) -> list[Held]:
        """Count what is here, by service, dataset and state."""
        rows = self._rows(
            'SELECT url, dataset, state, count(*), max(problem) FROM parcel'
            ' WHERE url = ? OR ? IS NULL GROUP BY url, dataset, state ORDER BY 1, 2, 3',
            (url, url),
        )
        names = ('url', 'dataset', 'state', 'n', 'problem')
        return [Held(**dict(zip(names, row, strict=True))) for row in rows]

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock, _told(self.place):
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _changing(self, *, is_durable: bool = False) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """Change something in one transaction; durable: even the machine may stop after it."""
        with self._lock, _told(self.place):
            level = 'FULL' if is_durable else 'NORMAL'
            self._connection.execute(f'PRAGMA synchronous = {level}')
            self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


def _by_dataset(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Receipt, str]]]:
    """Sort receipts by the folder of their dataset; each has the key of its record."""
    names = ('url', 'resource', 'id', 'receipt', 'md5sum', 'source', 'digest', 'sent_at')
    found: dict[str, list[tuple[Receipt, str]]] = {}
    for dataset, *told, key in rows:
        receipt = Receipt(**dict(zip(names, told, strict=True)))
        found.setdefault(dataset, []).append((receipt, key))
    return found


@contextmanager
def _told(place: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SpoolError(f'{place} cannot be used: {error}') from error


def _connect(place: str, journal: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        place, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f'PRAGMA journal_mode = {journal}')
        (version,) = connection.execute('PRAGMA user_version').fetchone()
        if version > _VERSION:
            raise sqlite3.DatabaseError('it is of a later version of this software')
        connection.execute('PRAGMA secure_delete = ON')  # documents do not outlive their sending
        connection.executescript(_SCHEMA)
        connection.execute(f'PRAGMA user_version = {_VERSION}')
    except BaseException:
        connection.close()
        raise
    return connection


def _journal(path: Path) -> str:
    """Choose how to commit: SQLite's faster way does not work where machines share files."""
    try:
        mounts = Path('/proc/self/mounts').read_text(errors='replace')
    except OSError:  # not on Linux
        mounts = ''
    return 'TRUNCATE' if file_system(path.resolve(), mounts) in _SHARED_FILE_SYSTEMS else 'WAL'


def file_system(path: Path, mounts: str) -> str:
    """Name the file system that an absolute path is on, by Linux's table of mounts."""
    found, kind = Path(), ''
    for line in mounts.splitlines():
        _, place, type_name, *_ = line.split(' ')
        mounted = Path(place.replace('\\040', ' '))
        if path.is_relative_to(mounted) and len(mounted.parts) >= len(found.parts):
            found, kind = mounted, type_name
    return kind
