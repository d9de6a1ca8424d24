"""Exports hold every matching record once, in order, in each format."""

import csv
import io

import orjson
import pyarrow.ipc
import pyarrow.parquet
import pytest

from mriqc_webapi.archive import export as exports
from mriqc_webapi.archive.columns import DERIVED
from mriqc_webapi.archive.export import FORMATS, Wanted, export
from mriqc_webapi.query.projection import parse_fields
from tests.archive.conftest import LARGE_CJV, make_resource, put, seqs_of, take_back

DOCUMENTS = [
    {'cjv': n / 10, 'bids_meta': {'EchoTime': 0.5}, 'new': [n]} if n % 2 else {'cjv': n / 10}
    for n in range(10)
]

WHOLE = Wanted(resource='T1w', format='parquet')


@pytest.fixture
def filled(archive, local_store):
    """An archive with ten records, every other one with an undeclared field."""
    put(local_store, *DOCUMENTS)
    seqs_of(archive)
    return archive


def written(archive, format, **given):
    out = io.BytesIO()
    heard = given.pop('heard', None)
    wanted = Wanted(resource='T1w', format=format, **given)
    n_records = export(archive, wanted, out=out, heard=heard)
    return n_records, out.getvalue()


def test_ndjson_holds_the_records_as_they_are_served(filled):
    n_records, content = written(filled, 'ndjson')
    found = [orjson.loads(line) for line in content.splitlines()]
    assert n_records == len(found) == 10
    assert [d['cjv'] for d in found] == [d['cjv'] for d in DOCUMENTS]
    assert found[1]['_links'] == {'self': {'title': 'T1w', 'href': f'T1w/{found[1]["_id"]}'}}


def test_ndjson_stays_ascii_whatever_a_derived_column_holds(archive, local_store):
    put(local_store, {'cjv': 1.0, 'bids_meta': {'Manufacturer': 'Größe\u2028'}})
    seqs_of(archive)
    _, content = written(archive, 'ndjson', fields=parse_fields('vendor,cjv'))
    assert content.isascii()
    assert orjson.loads(content)['vendor'] == 'Größe'


def test_parquet_has_the_dictionary_s_columns_and_types(filled):
    _, content = written(filled, 'parquet')
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    declared = [f.name for f in make_resource().columns]
    assert table.column_names == ['_id', '_created', '_etag', *DERIVED, *declared, 'residual']
    assert str(table.schema.field('cjv').type) == 'double'
    assert str(table.schema.field('size_x').type) == 'int64'
    assert table.column('cjv').to_pylist() == [d['cjv'] for d in DOCUMENTS]
    assert table.column('residual').to_pylist()[:2] == [None, '{"new":[1]}']


def test_csv_has_a_header_and_iso_dates(filled):
    _, content = written(filled, 'csv')
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == 10
    assert rows[3]['_created'] == '1970-01-01T01:00:00Z'
    assert rows[3]['bids_meta.EchoTime'] == '0.5'
    assert rows[2]['bids_meta.EchoTime'] == ''


@pytest.mark.parametrize('format', FORMATS)
def test_a_filter_leaves_the_others_out(filled, format):
    assert written(filled, format, where=LARGE_CJV)[0] == 4


@pytest.mark.parametrize('format', FORMATS)
def test_nothing_gives_a_file_without_rows(archive, format):
    n_records, content = written(archive, format)
    assert n_records == 0
    assert bool(content) == (format != 'ndjson')


@pytest.mark.parametrize('format', FORMATS)
def test_several_windows_give_each_record_once(filled, format, monkeypatch):
    monkeypatch.setattr(exports, 'WINDOW', 3)
    monkeypatch.setattr(exports, 'DOCUMENTS', 2)
    told = []
    n_records, _ = written(filled, format, heard=lambda n, total: told.append((n, total)))
    assert n_records == 10
    assert told[-1] == (10, 10)


def test_withdrawn_records_are_left_out(filled, local_store):
    [gone] = put(local_store, {'cjv': 9.0})
    take_back(local_store, gone)
    assert written(filled, 'parquet')[0] == 10


def test_a_file_bears_its_name_only_when_it_is_whole(filled, tmp_path):
    out = tmp_path / 'T1w.parquet'

    def fail(n_written, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(filled, WHOLE, out=out, heard=fail)
    assert not list(tmp_path.glob('*.par*'))
    export(filled, WHOLE, out=out)
    assert pyarrow.parquet.read_table(out).num_rows == 10


def test_arrow_and_parquet_are_the_same_table(filled):
    parquet = pyarrow.parquet.read_table(io.BytesIO(written(filled, 'parquet')[1]))
    arrow = pyarrow.ipc.open_stream(written(filled, 'arrow')[1]).read_all()
    assert arrow.schema.equals(parquet.schema)
    assert str(arrow.schema.field('_created').type) == 'timestamp[ms]'
    assert arrow.equals(parquet)
