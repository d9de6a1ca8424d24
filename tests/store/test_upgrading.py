"""A database that was made by an earlier version goes on with all that it holds."""

import orjson
import pytest
from alembic import command

from mriqc_webapi.store import holds, records, schema, withdrawal
from mriqc_webapi.store.connections import parse_url, prepare_file, writing_engine
from mriqc_webapi.store.engine import Store

EARLIER = '2026_11_22_third_policy'
N = 3
IDS = [f'{number:024x}' for number in range(1, N + 1)]
COLUMNS = 'seq, id, resource, ordinal, created_at, software, version, etag, doc'


@pytest.fixture(params=['sqlite', 'postgresql'])
def earlier_url(request, tmp_path):
    """A database with records, a tombstone, and the tables of an earlier version."""
    url = f'sqlite:///{tmp_path / "store.sqlite"}'
    if request.param == 'postgresql':
        url = request.getfixturevalue('postgres').create(template='template0')
    else:
        prepare_file(parse_url(url))
    engine = writing_engine(parse_url(url))
    with engine.begin() as tx:
        command.upgrade(schema._configuration(tx), EARLIER)
        for seq, id in enumerate(IDS, start=1):
            doc = orjson.dumps({'cjv': 0.5, '_id': id, '_etag': 'e' * 40}).decode()
            what = f"{seq}, '{id}', 'T1w', {seq}, 1000, 'mriqc', '0.15', 'e', '{doc}'"
            tx.exec_driver_sql(f'INSERT INTO record ({COLUMNS}) VALUES ({what})')
        tx.exec_driver_sql(
            'INSERT INTO tombstone (seq, id, resource, ordinal, withdrawn_at, rule)'
            f" VALUES ({N + 1}, 'gone', 'T1w', {N + 1}, 1, 'operator')"
        )
        tx.exec_driver_sql(f"UPDATE counter SET value = {N + 1} WHERE name = 'seq'")
        tx.exec_driver_sql(
            f"INSERT INTO counter VALUES ('ordinal:T1w', {N + 1}), ('withdrawn:T1w', 1)"
        )
    engine.dispose()
    return url


def test_everything_is_still_there(earlier_url):
    assert schema.upgrade(earlier_url).is_current
    with Store.open(earlier_url) as store, store.read() as tx:
        told = [(c.id, c.doc is not None) for c in records.changes(tx, after=0, limit=10)]
        assert records.count(tx, resource='T1w') == N
    assert told == [*((id, True) for id in IDS), ('gone', False)]


def test_earlier_records_can_be_held_released_and_withdrawn(earlier_url):
    schema.upgrade(earlier_url)
    first, second, third = IDS
    with Store.open(earlier_url) as store:
        for _ in range(2):
            with store.write() as tx:
                holds.hold(tx, [first], now=5)
                holds.release(tx, [first])
        with store.write() as tx:
            withdrawal.withdraw(tx, id=second, rule='holder', now=9)
        with store.read() as tx:
            found = [c.id for c in records.changes(tx, after=0, limit=20) if c.doc]
    assert found == [third, first]
