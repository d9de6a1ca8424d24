"""The store as one object: where connections come from, and what they promise."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Self
from weakref import WeakSet

from sqlalchemy import URL, Connection

from mriqc_webapi.errors import SetupError, StoreUnavailableError
from mriqc_webapi.store import schema
from mriqc_webapi.store.connections import (
    parse_url,
    reading_engine,
    translated,
    writing_engine,
)
from mriqc_webapi.store.statement import Statement

_IDENTITY = Statement('SELECT uuid FROM store_identity')


class Store:
    """One database, SQLite or PostgreSQL; safe to share between threads.

    Attributes
    ----------
    is_local : bool
        True on SQLite: a look-up costs microseconds and needs no thread of its own.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_local = url.get_backend_name() == 'sqlite'
        self._reading = reading_engine(url)
        self._writing = writing_engine(url)
        self._mine = threading.local()
        self._reads: WeakSet[Connection] = WeakSet()

    @classmethod
    def open(cls, url: str, *, upgrade: bool | None = None) -> Self:
        """Open a store; a missing SQLite file and its folder are made.

        Parameters
        ----------
        url : str
            ``sqlite:///path`` or ``postgresql://…``.
        upgrade : bool, optional
            Whether to run missing migrations. By default on SQLite only, since a PostgreSQL
            server may serve other processes of an older version.

        Raises
        ------
        SetupError
            The URL is wrong, the database unreachable, or its schema not of this version.
        """
        parsed = parse_url(url)
        try:
            if upgrade or (upgrade is None and parsed.get_backend_name() == 'sqlite'):
                schema.upgrade(url)
            else:
                schema.require_current(parsed)
        except StoreUnavailableError as error:
            raise SetupError(f'{parsed!r}: {error}') from error
        return cls(parsed)

    def read(self) -> AbstractContextManager[Connection]:
        """Lend a connection in autocommit: each statement sees all that was committed before it.

        On SQLite every thread keeps one, and lending it costs next to nothing.
        """
        if not self.is_local:
            return self._read_pooled()
        try:
            return self._mine.read  # type: ignore[no-any-return]  # threading.local knows no types
        except AttributeError:
            self._mine.read = _LocalRead(self)
            return self._mine.read  # type: ignore[no-any-return]  # the same

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection in a transaction that is committed at the end, or undone."""
        with translated(), self._writing.begin() as tx:
            yield tx

    def identity(self) -> str:
        """Tell which database this is; another one under the same URL has another identity."""
        with self.read() as tx:
            return str(_IDENTITY(tx)[0][0])

    def close(self) -> None:
        """Close all connections; those that threads still hold too."""
        for connection in list(self._reads):
            connection.close()
        self._mine = threading.local()
        self._reading.dispose()
        self._writing.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @contextmanager
    def _read_pooled(self) -> Iterator[Connection]:
        with translated(), self._reading.connect() as tx:
            yield tx

    def _connect(self) -> Connection:
        with translated():
            connection = self._reading.connect()
        self._reads.add(connection)
        return connection


class _LocalRead:
    """The read connection of one thread; dropped after a failure, so that it heals."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._store._connect()
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        with translated():
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
            raise error
