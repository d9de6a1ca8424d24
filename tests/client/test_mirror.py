"""A mirror keeps up with its service, change by change."""

import duckdb
import pandas as pd
import polars as pl
import pytest
import requests

from mriqc_webapi import Archive
from mriqc_webapi.client import mirroring
from mriqc_webapi.errors import MirrorError, PlaceError, QueryError
from mriqc_webapi.store import withdrawal
from mriqc_webapi.store.engine import Store
from tests.client.conftest import HASTY, fill
from tests.live import TOKEN, LiveService
from tests.misbehaving import MisbehavingProxy, scripted

VIEW = 'cjv,in_scan,group_state,n_group,diameter,epoch,provenance.md5sum'


@pytest.fixture
def grown(growing, tmp_path):
    """A service with its client, and a mirror that has just been made."""
    with Archive(growing.root, cache=False, patience=HASTY) as service:
        service.mirror(tmp_path / 'mirror')
        yield service, tmp_path / 'mirror'


@pytest.fixture(scope='module')
def still(tmp_path_factory):
    """A service with the demo's records, to which nothing is added."""
    live = LiveService(tmp_path_factory.mktemp('still'))
    fill(live)
    with live:
        yield live


@pytest.fixture
def made(still, tmp_path):
    """The client of a service that stays as it is, and a mirror that has just been made."""
    with Archive(still.root, cache=False, patience=HASTY) as service:
        service.mirror(tmp_path / 'mirror')
        yield service, tmp_path / 'mirror'


def of(archive: Archive) -> pd.DataFrame:
    return archive.iqms('T1w', fields=VIEW).sort_values('_id', ignore_index=True)


def assert_alike(service: Archive, mirror) -> None:
    pd.testing.assert_frame_equal(of(Archive(mirror, cache=False)), of(service))


def test_the_first_call_fetches_everything(made):
    service, mirror = made
    assert_alike(service, mirror)
    assert Archive(mirror, cache=False).ratings().equals(service.ratings())


@pytest.mark.parametrize('growing', ['sqlite', 'postgresql'], indirect=True)
def test_later_calls_fetch_what_has_changed(growing, grown, post, withdraw):
    service, mirror = grown
    records = service.records('T1w')
    ids = [post(growing, record, cjv=0.3 + i / 100) for i, record in enumerate(records[:5])]
    withdraw(growing, records[7]['_id'])
    withdraw(growing, ids[0])
    done = {told.name: told for told in service.mirror(mirror).resources}['T1w']
    assert (done.n_added, done.n_withdrawn, done.is_whole) == (4, 2, False)
    assert done.n_records == 203
    assert_alike(service, mirror)


def test_what_the_archive_says_of_older_records_follows(growing, grown, post):
    service, mirror = grown
    [first] = service.records('T1w', limit=1)
    post(growing, first, provenance=first['provenance'] | {'version': '99.0.0'})
    before = of(Archive(mirror, cache=False)).set_index('_id')['in_scan']
    service.mirror(mirror)
    after = of(Archive(mirror, cache=False)).set_index('_id')['in_scan']
    assert before[first['_id']]
    assert not after[first['_id']]
    assert_alike(service, mirror)


def test_a_rating_that_gets_its_image_later_stands_alone(growing, grown):
    service, mirror = grown
    headers = {'Authorization': TOKEN}
    url = f'{growing.root}/api/v2/ratings'
    sent = {'rating': '3', 'scale': 'v2', 'name': 'jane'}
    given = requests.post(url, json=sent, headers=headers, timeout=30).json()
    service.mirror(mirror)
    change, receipt = {'md5sum': 'ab' * 16}, {'Receipt': given['receipt']}
    at = f'{url}/{given["id"]}'
    requests.patch(at, json=change, headers=receipt, timeout=30).raise_for_status()
    service.mirror(mirror)
    assert Archive(mirror, cache=False).ratings().equals(service.ratings())
    with duckdb.connect(mirror / 'archive.duckdb', read_only=True) as connection:
        stands = connection.sql(
            "SELECT is_standing FROM rating WHERE name = 'jane' ORDER BY amends NULLS FIRST"
        ).fetchall()
    assert stands == [(False,), (True,)]


def test_nothing_is_left_of_a_resource_whose_records_are_all_withdrawn(growing, tmp_path):
    mirror = tmp_path / 'mirror'
    with Archive(growing.root, cache=False, patience=HASTY) as service:
        service.mirror(mirror, resources='T2w')
        with Store.open(growing.database) as store, store.write() as tx:
            for [id] in tx.exec_driver_sql("SELECT id FROM record WHERE resource = 'T2w'").all():
                withdrawal.withdraw(tx, id=id, rule='test', now=1_800_000_000)
        with duckdb.connect(mirror / 'archive.duckdb') as connection:
            connection.execute("UPDATE mirror.source SET policy = 'an older one'")
        service.mirror(mirror, resources='T2w')
    with duckdb.connect(mirror / 'archive.duckdb', read_only=True) as connection:
        left = connection.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")
        assert left.fetchall() == []


def test_without_a_change_nothing_is_fetched(still, made):
    _, mirror = made
    with MisbehavingProxy(still.root, scripted([])) as proxy:
        pass
    before = (mirror / 'archive.duckdb').read_bytes()
    with Archive(still.root, cache=False) as service:
        done = service.mirror(mirror)
    assert {told.n_added for told in done.resources} == {0}
    assert (mirror / 'archive.duckdb').read_bytes() == before
    assert proxy.seen == []


def test_many_changes_come_in_batches(growing, grown, post, monkeypatch):
    service, mirror = grown
    records = service.records('T1w', limit=7)
    for record in records:
        post(growing, record, cjv=0.2)
    monkeypatch.setattr(mirroring, 'NAMED', 2)
    monkeypatch.setattr(mirroring, 'PAGE', 2)
    done = {told.name: told for told in service.mirror(mirror).resources}['T1w']
    assert (done.n_added, done.is_whole) == (7, False)
    assert_alike(service, mirror)


def test_too_many_changes_are_fetched_as_a_whole(growing, grown, post, monkeypatch):
    service, mirror = grown
    for record in service.records('T1w', limit=3):
        post(growing, record, cjv=0.2)
    monkeypatch.setattr(mirroring, 'MANY', 2)
    done = {told.name: told for told in service.mirror(mirror).resources}['T1w']
    assert (done.n_records, done.is_whole) == (203, True)
    assert_alike(service, mirror)


def test_a_place_in_the_feed_that_the_service_does_not_know_begins_anew(made):
    service, mirror = made
    with duckdb.connect(mirror / 'archive.duckdb') as connection:
        connection.execute("UPDATE mirror.resource SET since = 'of another archive'")
    done = service.mirror(mirror)
    assert all(told.is_whole for told in done.resources)
    assert_alike(service, mirror)


def test_another_policy_on_duplicates_begins_anew(made):
    service, mirror = made
    with duckdb.connect(mirror / 'archive.duckdb') as connection:
        connection.execute("UPDATE mirror.source SET policy = 'an older one'")
        connection.execute('UPDATE T1w SET in_scan = false')
    service.mirror(mirror)
    assert_alike(service, mirror)


def test_a_crash_between_two_batches_loses_nothing(growing, grown, post, monkeypatch):
    service, mirror = grown
    for record in service.records('T1w', limit=5):
        post(growing, record, cjv=0.2)
    monkeypatch.setattr(mirroring, 'NAMED', 1)
    monkeypatch.setattr(mirroring, 'PAGE', 1)
    mirrored = pytest.importorskip('mriqc_webapi.client.mirrored')
    apply, calls = mirrored.MirrorFile.apply, []

    def failing(self, *arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        apply(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(mirrored.MirrorFile, 'apply', failing)
        with pytest.raises(KeyboardInterrupt):
            service.mirror(mirror)
    assert len(of(Archive(mirror, cache=False))) == 202
    service.mirror(mirror)
    assert_alike(service, mirror)


def test_no_byte_of_a_withdrawn_record_is_left_once_it_is_erased(growing, grown, post, withdraw):
    service, mirror = grown
    [record] = service.records('T1w', limit=1)
    id = post(growing, record, bids_meta=record['bids_meta'] | {'CoilString': 'FINDME-1234567890'})
    service.mirror(mirror)
    withdraw(growing, id)
    service.mirror(mirror, erase=True)
    assert_alike(service, mirror)
    held = b''.join(path.read_bytes() for path in mirror.rglob('*') if path.is_file())
    assert b'FINDME-1234567890' not in held


def test_a_mirror_is_read_by_duckdb_and_polars_alone(made):
    service, mirror = made
    expected = service.iqms('T1w')['cjv'].median()
    with duckdb.connect(mirror / 'archive.duckdb', read_only=True) as connection:
        ((median,),) = connection.sql('SELECT median(cjv) FROM T1w').fetchall()
        frame = connection.sql('FROM T1w').pl()
    assert median == pytest.approx(expected)
    assert frame.select(pl.median('cjv')).item() == pytest.approx(expected)


def test_some_resources_can_be_mirrored_alone(still, tmp_path):
    with Archive(still.root, cache=False) as service:
        done = service.mirror(tmp_path / 'mirror', resources='bold')
        assert [told.name for told in done.resources] == ['bold']
        with pytest.raises(QueryError, match='no T9w'):
            service.mirror(tmp_path / 'mirror', resources=['T9w'])


def test_the_mirror_of_another_archive_is_left_alone(still, demo, made):
    _, mirror = made
    with (
        Archive(demo.root, cache=False) as other,
        pytest.raises(MirrorError, match=f'a mirror of {still.root}'),
    ):
        other.mirror(mirror)


def test_a_mirror_that_is_being_written_says_so(made):
    import subprocess
    import sys

    service, mirror = made
    script = (
        f'import duckdb; c = duckdb.connect({str(mirror / "archive.duckdb")!r}); print(1); input()'
    )
    holder = subprocess.Popen(
        [sys.executable, '-uc', script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        with pytest.raises(MirrorError, match='in use by another process'):
            service.mirror(mirror)
        with pytest.raises(MirrorError, match='in use by another process'):
            Archive(mirror, cache=False).iqms('T1w')
        holder.communicate(b'\n')


def test_only_a_service_can_be_mirrored(made, tmp_path):
    _, mirror = made
    with pytest.raises(PlaceError, match='no service'):
        Archive(mirror, cache=False).mirror(tmp_path / 'again')


def test_a_proxy_that_takes_no_long_addresses_is_put_up_with(growing, grown, post):
    service, mirror = grown
    for record in service.records('T1w', limit=3):
        post(growing, record, cjv=0.2)
    asked = []

    class Short(mirroring._Turn):  # a proxy in between refuses what is longer than its buffer
        def _table(self, key, values, fields):
            asked.append(len(values))
            if self._named == mirroring.NAMED:
                from mriqc_webapi.errors import RefusedError

                raise RefusedError('too long', status=414)
            return (yield from super()._table(key, values, fields))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mirroring, '_Turn', Short)
        service.mirror(mirror)
    assert len(asked) > 1
    assert_alike(service, mirror)
