import dataclasses
import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet
import pytest

from mriqc_webapi.archive.policy import first_policy
from mriqc_webapi.archive.releases import create, tables
from mriqc_webapi.archive.releases.manifest import Manifest
from mriqc_webapi.archive.releases.tables import column_names
from mriqc_webapi.archive.releases.verify import verify
from mriqc_webapi.errors import SetupError
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.store import policies, records
from tests.archive.releases.conftest import Curator

ROOT = Path(__file__).parents[3]

PHANTOM = """
[resource]
name = 'phantom'
kind = 'iqm'
modality = 'bold'
meaning = 'An agar phantom.'
include = ['provenance']

[fields.sfnr]
type = 'float'
unit = '1'
better = 'higher'
meaning = 'Signal-to-fluctuation-noise ratio.'
"""
T1W = {'cjv': 0.4, 'provenance': {'md5sum': 'f' * 32, 'software': 'mriqc', 'version': '24.0.2'}}


def rows(folder, path):
    return pyarrow.parquet.ParquetFile(folder / path)


def raw(folder, resource='T1w'):
    return rows(folder, f'{resource}/raw/{resource}-raw.parquet').read()


def test_a_release_is_a_numbered_folder(curator):
    assert [curator.create().name, curator.create().name] == ['0001', '0002']


def test_raw_holds_every_record_in_the_order_of_insertion(curator, released):
    with curator.store.read() as tx:
        stored = [c.id for c in records.changes(tx, after=0, limit=10_000) if c.resource == 'T1w']
    assert raw(released).column('_id').to_pylist() == stored


def test_canonical_holds_those_that_stand_for_their_group(released):
    every = raw(released)
    chosen = rows(released, 'T1w/canonical/T1w-canonical.parquet').read()
    wanted = [r for r in every.to_pylist() if r['group_state'] == 'canonical']
    assert 0 < chosen.num_rows < every.num_rows
    assert chosen.to_pylist() == wanted


def test_ratings_say_what_they_mean_and_whether_they_stand(released):
    table = raw(released, 'rating')
    assert {'scale', 'score', 'grade', 'artifacts', 'chain', 'is_standing'} <= {
        *table.column_names
    }
    assert set(table['grade'].to_pylist()) == {'exclude', 'poor', 'acceptable', 'excellent'}
    assert set(table['is_standing'].to_pylist()) == {True}


def test_labels_have_one_row_for_each_rated_image(released, manifest):
    table = rows(released, 'labels.parquet').read()
    rated = raw(released, 'rating')['scan'].to_pylist()
    assert table['md5sum'].to_pylist() == sorted(set(rated))
    (file,) = [f for f in manifest.files if f.path == 'labels.parquet']
    assert (file.n_rows, file.resource) == (table.num_rows, None)
    dictionary = json.loads((released / 'dictionary.json').read_bytes())
    assert [r['name'] for r in dictionary if r['resource'] == 'labels'] == table.column_names


def test_labels_join_with_the_metrics_of_their_images(released):
    labels = rows(released, 'labels.parquet').read(['md5sum', 'modality'])
    images = set(raw(released)['provenance.md5sum'].to_pylist())
    of_t1w = [r['md5sum'] for r in labels.to_pylist() if r['modality'] == 'T1w']
    assert of_t1w
    assert set(of_t1w) <= images


def test_an_archive_without_ratings_has_no_labels(tmp_path):
    curator = Curator(tmp_path)
    curator.put({'cjv': 0.5})
    folder = curator.create()
    curator.close()
    assert not (folder / 'labels.parquet').exists()
    assert '\nlabels\t' not in (folder / 'dictionary.tsv').read_text()


def test_ratings_have_one_view(released, manifest):
    assert [t.view for t in manifest.tables if t.resource == 'rating'] == ['raw']


def test_columns_are_those_of_the_dictionary(released, curator):
    layout = create.layouts(curator.catalogue)['T1w']
    table = raw(released)
    assert table.column_names == column_names(layout)
    assert table.column_names[:3] == ['_id', '_created', '_etag']
    assert {'bids_meta.EchoTime', 'epoch', 'n_group', 'residual'} <= set(table.column_names)
    assert 'seq' not in table.column_names


def test_every_column_is_in_the_dictionary(released, manifest):
    listed = json.loads((released / 'dictionary.json').read_bytes())
    known = {(row['resource'], row['name']) for row in listed}
    for table in manifest.tables:
        names = rows(released, table.files[0].path).schema_arrow.names
        assert {(table.resource, name) for name in names} <= known
    assert not any(row['private'] for row in listed)


def test_the_dictionary_is_a_table_too(released):
    lines = (released / 'dictionary.tsv').read_text().splitlines()
    listed = json.loads((released / 'dictionary.json').read_bytes())
    assert len(lines) == len(listed) + 1


def test_undeclared_fields_stay_in_the_residual(curator):
    curator.put({**T1W, 'novel': {'a': [1]}})
    assert json.loads(raw(curator.create()).column('residual').to_pylist()[-1]) == {
        'novel': {'a': [1]}
    }


def test_files_are_compressed_with_zstandard(released):
    metadata = rows(released, 'T1w/raw/T1w-raw.parquet').metadata
    assert metadata.row_group(0).column(5).compression == 'ZSTD'


def test_a_large_table_has_a_file_for_each_month(curator):
    folder = curator.create(max_rows=150)
    found = Manifest.read(folder).table('T1w', 'raw')
    assert len(found.files) > 1
    assert found.n_rows == 200
    for file in found.files:
        (month,) = {
            d.strftime('%Y-%m') for d in rows(folder, file.path).read().column(1).to_pylist()
        }
        assert file.path == f'T1w/raw/month={month}/T1w-raw-{month}.parquet'


def test_the_parts_of_a_large_table_hold_what_the_whole_would(curator, released):
    folder = curator.create(max_rows=150)
    for view in ('raw', 'canonical'):
        parts = Manifest.read(folder).table('T1w', view).files
        found = [r for p in parts for r in rows(folder, p.path).read().to_pylist()]
        wanted = rows(released, f'T1w/{view}/T1w-{view}.parquet').read().to_pylist()
        assert sorted(found, key=lambda r: r['_id']) == sorted(wanted, key=lambda r: r['_id'])


def test_a_split_table_is_read_from_its_folder(curator):
    folder = curator.create(max_rows=150) / 'T1w' / 'raw'
    sql = f"SELECT count(*), median(cjv) FROM '{folder}/**/*.parquet'"
    (found,) = duckdb.sql(sql).fetchall()
    frame = pl.scan_parquet(folder / '**/*.parquet').select(pl.len(), pl.median('cjv')).collect()
    table = pd.read_parquet(folder, columns=['cjv'])
    assert found[0] == frame.item(0, 0) == len(table) == 200
    assert found[1] == frame.item(0, 1) == table['cjv'].median()


def test_several_windows_give_the_same_rows_in_row_groups(curator, released, monkeypatch):
    monkeypatch.setattr(tables, 'ROW_GROUP', 64)
    folder = curator.create()
    for name in ('T1w/raw/T1w-raw.parquet', 'T1w/canonical/T1w-canonical.parquet'):
        assert rows(folder, name).read().equals(rows(released, name).read())
    assert rows(folder, 'T1w/raw/T1w-raw.parquet').num_row_groups == 4


def test_the_manifest_tells_where_the_data_come_from(manifest, demo_store):
    assert (manifest.number, manifest.previous, manifest.policy_version) == (1, None, 1)
    assert manifest.data_version == 787
    assert manifest.notes == 'The *first* one.'
    assert {(t.resource, t.view, t.n_rows) for t in manifest.tables} >= {
        ('T1w', 'raw', 200),
        ('bold', 'raw', 200),
        ('T2w', 'raw', 200),
        ('rating', 'raw', 187),
    }


def test_the_sums_are_read_by_the_usual_command(released):
    command = ['sha256sum', '--check', '--strict', '--quiet', 'SHA256SUMS']
    assert subprocess.run(command, cwd=released, check=False).returncode == 0


def test_the_sums_cover_every_file(released):
    listed = {line[66:] for line in (released / 'SHA256SUMS').read_text().splitlines()}
    present = {p.relative_to(released).as_posix() for p in released.rglob('*') if p.is_file()}
    assert present - listed == {'SHA256SUMS'}


def test_the_readme_names_tables_citation_and_policy(released):
    text = (released / 'README.md').read_text()
    for words in ('`T1w/canonical`', 'The *first* one.', '10.1038/s41597-019-0035-4', 'CC0'):
        assert words in text
    assert '$' not in text


def test_the_policy_comes_with_its_scales(released):
    policy = json.loads((released / 'policy.json').read_bytes())
    assert policy['version'] == 1
    assert policy['scales']['T1w']['cjv'] > 0


def test_a_later_release_tells_what_was_added_and_withdrawn(curator):
    before = raw(curator.create())
    gone = before.column('_id').to_pylist()[7]
    curator.put(T1W)
    curator.put(T1W)
    curator.take_back(gone)
    folder = curator.create()
    told = json.loads((folder / 'changes.json').read_bytes())
    assert told['before'] == 1
    assert told['resources']['T1w'] == {
        'n_before': 200,
        'n_added': 2,
        'n_withdrawn': 1,
        'n_after': 201,
    }
    assert told['resources']['bold']['n_added'] == 0
    assert (folder / 'withdrawn.tsv').read_text() == f'resource\t_id\nT1w\t{gone}\n'
    assert '| T1w | 200 | 2 | 1 | 201 |' in (folder / 'CHANGES.md').read_text()
    assert gone not in raw(folder).column('_id').to_pylist()


def test_a_resource_that_lost_its_last_record_is_told_too(curator):
    only = curator.put({**T1W, 'fd_mean': 0.1}, 'dwi')
    curator.create()
    curator.take_back(only)
    folder = curator.create()
    assert Manifest.read(folder).table('dwi', 'raw') is None
    assert (folder / 'withdrawn.tsv').read_text() == f'resource\t_id\ndwi\t{only}\n'


def test_records_that_come_in_meanwhile_are_left_to_the_next_release(curator):
    came = []

    def hear(n_written, total):
        if not came:
            came.append(curator.put({**T1W, 'fd_mean': 0.1}, 'rating'))
            with curator.archive.reading('rating') as reading:  # the copy follows at once
                assert reading.version == 788

    folder = curator.create(heard=hear)
    assert Manifest.read(folder).data_version == 787
    assert came[0] not in raw(folder, 'rating').column('_id').to_pylist()
    assert came[0] in raw(curator.create(), 'rating').column('_id').to_pylist()


def test_an_interrupted_release_leaves_nothing_behind(curator, monkeypatch):
    def fail(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr(create, '_seal', fail)
    with pytest.raises(KeyboardInterrupt):
        curator.create()
    assert curator.shelf.manifests() == []
    assert [p.name for p in curator.shelf.folder.iterdir()] == ['.lock']


def test_what_a_crash_left_is_never_seen_and_goes_with_the_next_release(curator):
    left = curator.shelf.folder / '.partial-0001' / 'T1w'
    left.mkdir(parents=True)
    (left / 'half.parquet').write_bytes(b'PAR1')
    assert curator.shelf.numbers() == []
    folder = curator.create()
    assert folder.name == '0001'
    assert not left.parent.exists()
    assert not (folder / 'T1w' / 'half.parquet').exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.archive.releases.conftest import Curator

Curator(Path(sys.argv[1])).create(heard=lambda n, total: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_kill_in_the_middle_leaves_nothing_to_see(demo_store, tmp_path):
    shutil.copy(demo_store, tmp_path / 'store.sqlite')
    ran = subprocess.run([sys.executable, '-c', KILLED, str(tmp_path)], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert (tmp_path / 'releases' / '.partial-0001').is_dir()
    curator = Curator(tmp_path)
    assert curator.shelf.manifests() == []
    assert verify(curator.create()) == []
    assert sorted(p.name for p in curator.shelf.folder.iterdir()) == ['.lock', '0001']
    curator.close()


def test_two_at_once_are_refused(curator):
    def hear(n_written, total):
        with pytest.raises(SetupError, match='another process'):
            curator.create()

    curator.create(heard=hear)
    assert curator.shelf.numbers() == [1]


def test_an_empty_archive_gives_a_release_without_tables(tmp_path):
    curator = Curator(tmp_path)
    folder = curator.create()
    curator.close()
    assert Manifest.read(folder).tables == ()
    assert '$' not in (folder / 'README.md').read_text()
    assert 'There is no table' in (folder / 'README.md').read_text()
    assert 'T1w/raw' not in (folder / 'README.md').read_text()


@pytest.fixture
def more(tmp_path):
    """The catalogue with one resource more."""
    (tmp_path / 'catalogue').mkdir()
    (tmp_path / 'catalogue' / 'phantom.toml').write_text(PHANTOM)
    return load_catalogue(tmp_path / 'catalogue')


@pytest.mark.parametrize('is_gone', [False, True], ids=['stored', 'released before'])
def test_a_catalogue_without_a_resource_that_has_records_is_refused(tmp_path, more, is_gone):
    curator = Curator(tmp_path, more)
    only = curator.put({'sfnr': 241.7}, 'phantom')
    curator.create()
    if is_gone:
        curator.take_back(only)
    curator.close()
    curator = Curator(tmp_path)
    with pytest.raises(SetupError, match=r'phantom.*--catalogue-dir'):
        curator.create()
    curator.close()
    assert curator.shelf.numbers() == [1]


def test_a_new_version_of_the_duplicate_policy_is_told(curator, released):
    curator.create()
    content = dataclasses.replace(first_policy(), version=2).content
    with curator.store.write() as tx:
        policies.freeze(tx, version=2, content=content, now=1_800_000_000)
    folder = curator.create_patiently()
    told = json.loads((folder / 'changes.json').read_bytes())
    assert told['policy_version'] == {'before': 1, 'after': 2}
    assert 'from version 1 to version 2' in (folder / 'CHANGES.md').read_text()
    first = json.loads((released / 'changes.json').read_bytes())
    assert first['policy_version'] == {'before': None, 'after': 1}


def test_a_disk_that_is_full_is_told_with_the_place(curator, monkeypatch):
    def fill(*_given, **_named):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(create, '_seal', fill)
    with pytest.raises(SetupError, match='releases cannot be read or written: No space left'):
        curator.create()


def test_records_and_ratings_are_counted_apart(manifest):
    assert (manifest.n_records, manifest.n_ratings) == (600, 187)
