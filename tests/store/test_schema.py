"""Migrations: run once, in order, and noticed when they lack."""

import re
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from mriqc_webapi.errors import SetupError
from mriqc_webapi.store import connections, schema
from mriqc_webapi.store.engine import Store

VERSIONS = Path(schema.__file__).parent / 'migrations' / 'versions'


@pytest.fixture(params=['sqlite', 'postgresql'])
def empty_url(request, tmp_path):
    if request.param == 'postgresql':
        return request.getfixturevalue('postgres').create(template='template0')
    return f'sqlite:///{tmp_path / "deep" / "store.sqlite"}'


def test_an_empty_database_lacks_everything(empty_url):
    found = schema.status(empty_url)
    assert (found.current, found.is_current) == (None, False)


def test_an_upgraded_database_is_current(empty_url):
    assert schema.upgrade(empty_url).is_current
    assert schema.status(empty_url).is_current


def test_upgrading_again_changes_nothing(empty_url):
    schema.upgrade(empty_url)
    with Store.open(empty_url) as store:
        before = store.identity()
    schema.upgrade(empty_url)
    with Store.open(empty_url) as store:
        assert store.identity() == before


def test_upgrades_that_start_together_do_not_disturb_each_other(empty_url):
    failures = []

    def upgrade():
        try:
            schema.upgrade(empty_url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert schema.status(empty_url).is_current


def test_a_sqlite_store_is_made_when_opened(tmp_path):
    path = tmp_path / 'new' / 'store.sqlite'
    with Store.open(f'sqlite:///{path}') as store:
        assert store.is_local
    assert path.exists()


def test_an_outdated_postgresql_is_refused_with_the_command_to_run(postgres):
    url = postgres.create(template='template0')
    with pytest.raises(SetupError, match='mriqc-webapi db upgrade'):
        Store.open(url)
    with Store.open(url, upgrade=True) as store:
        assert not store.is_local


def test_a_newer_schema_is_refused(store_url):
    with Store.open(store_url) as store, store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '2999_01_01_later'")
    with pytest.raises(SetupError, match='newer version'):
        Store.open(store_url)


@pytest.mark.parametrize('url', ['', 'nonsense', 'mysql://x/y', 'sqlite://', 'sqlite:///:memory:'])
def test_other_databases_are_refused(url):
    with pytest.raises(SetupError):
        Store.open(url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / 'store.sqlite'
    path.write_bytes(b'not a database at all' * 500)
    with pytest.raises(SetupError, match='not a database'):
        Store.open(f'sqlite:///{path}')


def test_a_server_that_is_away_is_named_without_its_password(tmp_path):
    with pytest.raises(SetupError) as caught:
        Store.open(f'postgresql://me:hidden@/db?host={tmp_path}')
    assert 'hidden' not in str(caught.value)


def test_every_table_and_column_says_what_it_holds(postgres):
    engine = create_engine(connections.parse_url(postgres.create()))
    found = inspect(engine)
    tables = set(found.get_table_names()) - {'alembic_version'}
    assert len(tables) == 17
    assert [t for t in tables if not found.get_table_comment(t)['text']] == []
    silent = [(t, c['name']) for t in tables for c in found.get_columns(t) if not c['comment']]
    engine.dispose()
    assert silent == []


def test_migration_files_start_with_their_date():
    names = [path.name for path in VERSIONS.glob('*.py')]
    assert names
    assert [n for n in names if not re.fullmatch(r'\d{4}_\d\d_\d\d_[a-z0-9_]+\.py', n)] == []


def test_each_store_has_an_identity_of_its_own(tmp_path):
    with (
        Store.open(f'sqlite:///{tmp_path / "a.sqlite"}') as one,
        Store.open(f'sqlite:///{tmp_path / "b.sqlite"}') as other,
    ):
        assert one.identity() != other.identity()
