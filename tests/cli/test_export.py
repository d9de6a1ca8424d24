import csv
import io
import subprocess
import sys

import orjson
import pyarrow.parquet
import pytest

from mriqc_webapi.cli import cmd_export


@pytest.fixture
def archive(run, write_lines, served):
    """An archive of two hundred records."""
    run('import', write_lines('T1w.ndjson', served))


def test_ndjson_holds_the_records_as_they_are_served(run, archive, tmp_path, served):
    ran = run('export', 'T1w', '--out', tmp_path / 'T1w.ndjson', '--json')
    lines = [orjson.loads(x) for x in (tmp_path / 'T1w.ndjson').read_bytes().splitlines()]
    for line in lines:
        del line['_links']
    assert lines == served
    assert ran.lines == [{'n_records': 200, 'out': str(tmp_path / 'T1w.ndjson')}]


def test_an_export_comes_in_again_as_it_went_out(run, archive, stored, tmp_path):
    run('export', 'T1w', '--out', tmp_path / 'T1w.ndjson')
    before = [change.doc for change in stored()]
    run('import', tmp_path / 'T1w.ndjson', '--data-dir', tmp_path / 'other')
    run('export', 'T1w', '--out', tmp_path / 'again.ndjson', '--data-dir', tmp_path / 'other')
    assert (tmp_path / 'again.ndjson').read_text().splitlines() == before


def test_the_name_of_the_file_tells_the_format(run, archive, tmp_path, served):
    run('export', 'T1w', '--out', tmp_path / 'T1w.parquet')
    run('export', 'T1w', '--out', tmp_path / 'T1w.csv')
    table = pyarrow.parquet.read_table(tmp_path / 'T1w.parquet')
    rows = list(csv.DictReader(io.StringIO((tmp_path / 'T1w.csv').read_text())))
    assert table.column('cjv').to_pylist() == [d['cjv'] for d in served]
    assert [row['_id'] for row in rows] == [d['_id'] for d in served]


def test_a_filter_leaves_what_matches(run, archive, tmp_path, served):
    where = f"provenance.md5sum == '{served[0]['provenance']['md5sum']}'"
    run('export', 'T1w', '--where', where, '--out', tmp_path / 'some.ndjson')
    found = [orjson.loads(x) for x in (tmp_path / 'some.ndjson').read_bytes().splitlines()]
    assert {d['provenance']['md5sum'] for d in found} == {served[0]['provenance']['md5sum']}


@pytest.mark.parametrize('format_', cmd_export.FORMATS)
def test_without_a_file_the_records_go_to_standard_output(archive, format_):
    script = 'from mriqc_webapi.cli import main; raise SystemExit(main())'
    ran = subprocess.run(
        [sys.executable, '-c', script, 'export', 'T1w', '--format', format_],
        capture_output=True,
        check=True,
    )
    assert len(ran.stdout) > 10_000
    assert ran.stderr.endswith(b'200 records written\n')


@pytest.mark.parametrize(
    ('arguments', 'code', 'reason'),
    [
        (['T1w', '--where', '{"$where": "1"}'], 2, '$where'),
        (['T9w'], 1, 'T9w'),
        (['T1w', '--format', 'xls'], 2, 'invalid choice'),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_a_code(run, arguments, code, reason):
    ran = run('export', *arguments)
    assert ran.code == code
    assert reason in ran.err


def test_the_formats_are_those_of_the_archive():
    from mriqc_webapi.archive.export import FORMATS

    assert cmd_export.FORMATS == FORMATS
