"""The same questions to a service, a release at an address and in a folder, a mirror, a table."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pandas as pd
import pytest

from mriqc_webapi import Archive
from mriqc_webapi.client.opening import service_root
from mriqc_webapi.errors import (
    ForeignAnswerError,
    NotFoundError,
    PlaceError,
    QueryError,
)
from tests.client.conftest import N_T1W
from tests.live import LiveService

PLACES = ('release folder', 'release address', 'mirror', 'table')
QUESTIONS = {
    'growth': lambda a: a.growth('T1w', per='week', by='vendor'),
    'distribution': lambda a: a.distribution('T1w', 'cjv', by='vendor,field_strength'),
    'binned': lambda a: a.distribution('T1w', 'cjv', bins=7, range=(0.2, 0.9), where='efc < 0.6'),
    'summary': lambda a: a.summary('T1w', where={'cjv': {'$lt': 0.6}}),
    'percentiles': lambda a: a.percentiles('T1w', ['cjv', 'efc'], percentiles=(5, 50, 95)),
    'all percentiles': lambda a: a.percentiles('T1w', where='cjv < 0.6'),
    'facets': lambda a: a.facets('T1w', 'vendor,bids_meta.EchoTime', limit=3),
    'relation': lambda a: a.relation('T1w', 'cjv', 'cnr', bins=5),
    'protocols': lambda a: a.protocols('T1w', limit=4),
    'outliers': lambda a: a.outliers('T1w', 'cjv', k=2.5, by='vendor'),
    'coverage': lambda a: a.coverage('T1w'),
    'raw': lambda a: a.summary('T1w', view='raw'),
}


@pytest.fixture(scope='module')
def places(
    demo: LiveService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Archive]]:
    """The demo's records in each kind of place, and at the service."""
    folder = tmp_path_factory.mktemp('places')
    with ExitStack() as stack:

        def opened(where: str | Path) -> Archive:
            return stack.enter_context(Archive(where, cache=folder / 'cache'))

        service = opened(demo.root)
        service.mirror(folder / 'mirror')
        service.download('T1w', folder / 'T1w.parquet')
        yield {
            'service': service,
            'release folder': opened(demo.data_dir / 'releases' / '0001'),
            'release address': opened(f'{demo.root}/releases/0001/'),
            'mirror': opened(folder / 'mirror'),
            'table': opened(folder / 'T1w.parquet'),
        }


def without_version(document: dict) -> dict:
    return {name: value for name, value in document.items() if name != 'data_version'}


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('question', QUESTIONS)
def test_every_place_answers_as_the_service_does(places, place, question):
    ask = QUESTIONS[question]
    expected, found = ask(places['service']).document, ask(places[place]).document
    assert without_version(found) == without_version(expected)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('view', ['raw', 'scan', 'canonical'])
def test_every_place_has_the_same_records(places, place, view):
    where = {'cjv': {'$lt': 0.6}, 'bids_meta.MagneticFieldStrength': 3}
    expected, found = (
        places[p].iqms('T1w', where, view=view).sort_values('_id', ignore_index=True)
        for p in ('service', place)
    )
    assert len(expected) > 0
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize('place', PLACES)
def test_what_has_no_column_is_found_in_every_place(places, place):
    wheres = ({'bids_meta.ImageType': 'NORM'}, 'new_iqm > 7', {'snr_total': {'$exists': True}})
    for where, n in zip(wheres, (1, 1, N_T1W), strict=True):
        expected, found = (places[p].iqms('T1w', where) for p in ('service', place))
        assert len(expected) == n
        assert set(found['_id']) == set(expected['_id'])


@pytest.mark.parametrize('place', PLACES)
def test_a_record_is_the_same_everywhere(places, place):
    for where in ('', 'new_iqm > 7', {'bids_meta.ImageType': 'NORM'}):
        asked = {'where': where, 'sort': '-cjv', 'limit': 1}
        [record] = places['service'].records('T1w', **asked)
        record.pop('_links', None)
        assert places[place].records('T1w', **asked) == [record]
        assert places[place].record('T1w', record['_id']) == record


@pytest.mark.parametrize('place', PLACES)
def test_an_image_has_the_same_records_everywhere(places, place):
    [record] = places['service'].records('T1w', limit=1)
    md5sum = record['provenance']['md5sum']
    expected, found = (places[p].scan(md5sum) for p in ('service', place))
    ids = [sorted(item['record']['_id'] for item in told['items']) for told in (expected, found)]
    assert ids[0] == ids[1] != []


@pytest.mark.parametrize('place', ['release folder', 'release address', 'mirror'])
def test_ratings_and_labels_are_the_same_everywhere(places, place):
    for ask in (
        lambda a: a.rating_rows(),
        lambda a: a.label_rows(),
        lambda a: a.label_rows('T1w'),
    ):
        expected, found = (orjson.loads(orjson.dumps(ask(places[p]))) for p in ('service', place))
        assert found == expected
        assert len(found) > 10


@pytest.mark.parametrize('place', PLACES)
def test_all_that_cannot_be_asked_is_the_same_error_everywhere(places, place):
    archive = places[place]
    with pytest.raises(NotFoundError):
        archive.iqms('T9w')
    with pytest.raises(QueryError):
        archive.iqms('T1w', 'cjv ==')
    with pytest.raises(QueryError):
        archive.distribution('T1w', 'no_such_iqm')
    with pytest.raises(NotFoundError):
        archive.record('T1w', 'f' * 24)
    with pytest.raises(NotFoundError):
        archive.scan('f' * 32)
    with pytest.raises(QueryError):
        archive.summary('T1w', view='odd')


@pytest.mark.parametrize('place', ['service', *PLACES])
@pytest.mark.parametrize('suffix', ['parquet', 'arrow', 'csv', 'tsv', 'ndjson'])
def test_records_are_written_as_the_name_says(places, place, suffix, tmp_path):
    out = tmp_path / f'some.{suffix}'
    size = places[place].download('T1w', out, 'cjv < 0.5', fields='cjv')
    readers = {
        'parquet': pd.read_parquet,
        'arrow': lambda path: __import__('pyarrow').ipc.open_stream(path).read_pandas(),
        'csv': pd.read_csv,
        'tsv': lambda path: pd.read_csv(path, sep='\t'),
        'ndjson': lambda path: pd.DataFrame(map(orjson.loads, path.read_bytes().splitlines())),
    }
    frame = readers[suffix](out)
    assert size == out.stat().st_size
    assert sorted(frame['cjv']) == sorted(places['service'].iqms('T1w', 'cjv < 0.5')['cjv'])


def test_a_table_without_views_says_so(places, tmp_path):
    places['service'].download('T1w', tmp_path / 'T1w.parquet', fields='cjv,vendor')
    archive = Archive(tmp_path / 'T1w.parquet', cache=False)
    assert archive.distribution('T1w', 'cjv', by='vendor', view='raw').n_used == N_T1W
    with pytest.raises(QueryError, match="it has one view, 'raw'"):
        archive.distribution('T1w', 'cjv')


def test_a_table_of_another_name_answers_for_any_resource(places, tmp_path):
    places['service'].download('T2w', tmp_path / 'mine.parquet')
    archive = Archive(tmp_path / 'mine.parquet', cache=False)
    assert len(archive.iqms('T2w')) == len(places['service'].iqms('T2w'))


def test_a_table_of_unknown_columns_can_be_asked_for_them(tmp_path):
    rows = pd.DataFrame({'_id': ['a', 'b'], 'my_iqm': [1.5, 2.5], 'site': ['x', 'y']})
    rows.to_parquet(tmp_path / 'T1w.parquet')
    archive = Archive(tmp_path / 'T1w.parquet', cache=False)
    assert archive.iqms('T1w', 'my_iqm > 2')['site'].tolist() == ['y']
    assert archive.distribution('T1w', 'my_iqm', view='raw').document['max'] == 2.5


def test_a_folder_of_tables_has_each_by_its_name(places, tmp_path):
    for name in ('T1w', 'bold'):
        places['service'].download(name, tmp_path / f'{name}.parquet')
    with Archive(tmp_path, cache=False) as archive:
        assert len(archive.iqms('bold')) == len(places['service'].iqms('bold'))
        assert {part['resource'] for part in archive.growth().document['resources']} == {
            'T1w',
            'bold',
        }


def test_a_local_table_that_has_changed_is_read_again(places, tmp_path):
    out = tmp_path / 'T1w.parquet'
    places['service'].download('T1w', out)
    archive = Archive(out, cache=tmp_path / 'cache')
    before = len(archive.iqms('T1w'))
    places['service'].download('T1w', out, 'cjv < 0.5')
    assert 0 < len(archive.iqms('T1w')) < before


def test_a_released_file_that_is_not_as_its_manifest_says_is_refused(demo, tmp_path, monkeypatch):
    import hashlib

    monkeypatch.setattr(
        'mriqc_webapi.client.releases._sha256', lambda path: hashlib.sha256(b'').hexdigest()
    )
    with (
        Archive(f'{demo.root}/releases/0001', cache=tmp_path) as archive,
        pytest.raises(ForeignAnswerError, match='not as its manifest says'),
    ):
        archive.iqms('T1w')


def test_a_release_is_fetched_once(demo, tmp_path):
    from tests.misbehaving import MisbehavingProxy, scripted

    with MisbehavingProxy(demo.root, scripted([])) as proxy:
        for _ in range(2):
            with Archive(f'{proxy.root}/releases/0001', cache=tmp_path) as archive:
                archive.iqms('T1w')
    assert [seen.target.rpartition('/')[2] for seen in proxy.seen] == [
        'manifest.json',
        'T1w-raw.parquet',
        'manifest.json',
    ]


@pytest.mark.parametrize(
    ('where', 'reason'),
    [
        ('/no/such/folder', 'there is no'),
        ('ftp://example.org', 'begins with http'),
        ('https://', 'begins with http'),
        ('http://127.0.0.1/table.parquet', 'download it'),
    ],
)
def test_what_is_no_archive_is_refused_at_once(where, reason):
    with pytest.raises(PlaceError, match=reason):
        Archive(where)


def test_a_file_or_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / 'notes.txt').write_text('no table')
    with pytest.raises(PlaceError, match='no Parquet file'):
        Archive(tmp_path / 'notes.txt')
    with pytest.raises(PlaceError, match='no release, no mirror'):
        Archive(tmp_path)


@pytest.mark.parametrize(
    'url',
    [
        'https://qc.org/web',
        'https://qc.org/web/',
        'https://qc.org/web/api/v1',
        ' https://qc.org/web/api/v2/',
    ],
)
def test_any_of_a_services_addresses_will_do(url):
    assert service_root(url) == 'https://qc.org/web'
