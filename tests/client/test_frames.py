"""Records as frames, and where they are kept."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mriqc_webapi import Archive
from mriqc_webapi.errors import MissingPackageError, NotFoundError, QueryError
from tests.client.conftest import HASTY, N_T1W
from tests.misbehaving import MisbehavingProxy, scripted


def test_the_frame_holds_what_the_records_say(archive):
    frame = archive.iqms('T1w')
    records = archive.records('T1w')
    assert len(frame) == len(records) == N_T1W
    assert frame['_id'].tolist() == [r['_id'] for r in records]
    assert frame['cjv'].tolist() == [r['cjv'] for r in records]
    told = [r['bids_meta'].get('MagneticFieldStrength', np.nan) for r in records]
    np.testing.assert_array_equal(frame['bids_meta.MagneticFieldStrength'], told)


def test_a_filter_may_be_a_mapping_or_a_text(archive):
    by_mapping = archive.iqms('T1w', {'cjv': {'$lt': 0.5}})
    by_text = archive.iqms('T1w', 'cjv < 0.5')
    assert 0 < len(by_mapping) < N_T1W
    pd.testing.assert_frame_equal(by_mapping, by_text)
    assert (by_mapping['cjv'] < 0.5).all()


def test_a_view_and_fields_can_be_chosen(archive):
    frame = archive.iqms('bold', view='scan', fields='fd_mean,tsnr')
    assert list(frame.columns) == ['_id', '_created', '_etag', 'fd_mean', 'tsnr']
    assert len(frame) < len(archive.iqms('bold'))


def test_a_frame_tells_where_it_comes_from(archive, demo):
    frame = archive.iqms('T1w', 'cjv < 0.5', view='canonical')
    told = frame.attrs
    assert (told['source'], told['resource'], told['view']) == (demo.root, 'T1w', 'canonical')
    assert (told['where'], told['n']) == ('cjv < 0.5', len(frame))
    assert told['data_version'] > 0


def test_a_frame_is_had_by_arrow_and_polars_with_the_same_values(archive):
    frame = archive.iqms('T1w')
    arrow, polars = frame.to_arrow(), frame.to_polars()
    assert isinstance(arrow, pa.Table)
    assert isinstance(polars, pl.DataFrame)
    assert arrow.column_names == polars.columns == list(frame.columns)
    assert arrow.column('cjv').to_pylist() == polars['cjv'].to_list() == frame['cjv'].tolist()
    n_missing = int(frame['bids_meta.EchoTime'].isna().sum())
    assert arrow.column('bids_meta.EchoTime').null_count == n_missing > 0


def test_what_is_picked_from_a_frame_can_still_go_to_arrow(archive):
    frame = archive.iqms('T1w')
    assert frame[frame['cjv'] < 0.5].to_arrow().num_rows == (frame['cjv'] < 0.5).sum()


def test_whole_numbers_stay_whole_where_some_are_missing(archive):
    frame = archive.iqms('T1w')
    assert frame['size_x'].dtype == 'Int64'
    assert frame['in_scan'].dtype == 'boolean'
    assert frame['_created'].dtype == 'datetime64[ms]'


def test_a_frame_can_be_changed_and_what_is_kept_stays(archive):
    frame = archive.iqms('T1w')
    before = frame['cjv'].iloc[0]
    frame.loc[0, 'cjv'] = -5.0
    frame['in_scan'] = False
    assert frame['cjv'].iloc[0] == -5.0
    again = archive.iqms('T1w')
    assert again['cjv'].iloc[0] == before
    assert again['in_scan'].any()


def test_a_frame_of_no_record_has_all_columns(archive):
    nothing = archive.iqms('T1w', 'cjv < -1')
    assert len(nothing) == 0
    assert list(nothing.columns) == list(archive.iqms('T1w').columns)


def test_what_has_not_changed_is_not_sent_again(demo, tmp_path):
    with (
        MisbehavingProxy(demo.root, scripted([])) as proxy,
        Archive(proxy.root, cache=tmp_path) as archive,
    ):
        first, second = archive.iqms('T1w'), archive.iqms('T1w')
        pd.testing.assert_frame_equal(first, second)
        asked, again = proxy.seen
    assert b'if-none-match' not in asked.head.lower()
    assert b'if-none-match' in again.head.lower()


def test_what_has_changed_is_fetched_anew(growing, post, tmp_path):
    with Archive(growing.root, cache=tmp_path / 'cache') as archive:
        n_before = len(archive.iqms('T1w'))
        post(growing, archive.records('T1w', limit=1)[0], cjv=0.123)
        after = archive.iqms('T1w')
    assert len(after) == n_before + 1
    assert after['cjv'].iloc[-1] == 0.123


def test_without_a_cache_nothing_is_left(demo, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with Archive(demo.root, cache=False) as archive:
        frame = archive.iqms('T1w')
    assert frame['cjv'].notna().any()
    assert [path for path in tmp_path.rglob('*') if path.is_file()] == []


def test_several_questions_are_kept_apart(archive):
    sizes = {len(archive.iqms('T1w', f'cjv < {limit}')) for limit in (0.4, 0.5, 0.6)}
    assert len(sizes) == 3
    assert {len(archive.iqms('T1w', f'cjv < {limit}')) for limit in (0.4, 0.5, 0.6)} == sizes


def test_a_spoilt_cache_is_filled_again(archive):
    before = archive.iqms('T1w')['cjv'].tolist()
    for note in archive.cache.folder.rglob('note.json'):
        note.write_text('{')
    assert archive.iqms('T1w')['cjv'].tolist() == before


@pytest.mark.parametrize(
    ('resource', 'where', 'error'),
    [('T9w', None, NotFoundError), ('T1w', 'cjv ==', QueryError), ('T1w', object, QueryError)],
)
def test_what_cannot_be_understood_is_told_in_the_services_words(archive, resource, where, error):
    with pytest.raises(error):
        archive.iqms(resource, {'cjv': where} if where is object else where)


def test_a_missing_package_is_named_with_what_to_install(archive, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'polars', None)
    frame = archive.iqms('T1w')
    with pytest.raises(MissingPackageError, match='pip install "polars"'):
        frame.to_polars()


def test_from_elsewhere_tables_come_as_parquet(demo, tmp_path, monkeypatch):
    monkeypatch.setattr('mriqc_webapi.client.service.is_near', lambda root: False)
    with (
        MisbehavingProxy(demo.root, scripted([])) as proxy,
        Archive(proxy.root, cache=tmp_path / 'a', patience=HASTY) as far,
        Archive(demo.root, cache=tmp_path / 'b') as near,
    ):
        frame = far.iqms('T1w')
        assert proxy.seen[0].target.endswith('/export.parquet')
        far.iqms('T1w')
        assert len(proxy.seen) == 2
        monkeypatch.undo()
        pd.testing.assert_frame_equal(frame, near.iqms('T1w'))
