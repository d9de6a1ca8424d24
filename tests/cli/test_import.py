import json
import os
import signal
import subprocess
import sys
import time

import orjson
import pytest

from mriqc_webapi.cli import loading

N_ALL = 200


def test_served_records_keep_their_ids_dates_and_order(run, stored, write_lines, served):
    run('import', write_lines('T1w.ndjson', served))
    found = [orjson.loads(change.doc) for change in stored()]
    assert [d['_id'] for d in found] == [d['_id'] for d in served]
    assert [d['_created'] for d in found] == [d['_created'] for d in served]


def test_a_repeated_import_of_served_records_adds_nothing(run, stored, write_lines, served):
    path = write_lines('T1w.ndjson', served)
    run('import', path)
    again = run('import', path, '--json')
    assert again.lines[0]['n_present'] == N_ALL
    assert len(stored()) == N_ALL


def test_a_repeated_import_of_posted_records_adds_nothing(run, stored, write_lines, posted):
    run('import', write_lines('T1w.ndjson', posted))
    other_order = [dict(reversed(d.items())) for d in posted]
    again = run('import', write_lines('copy_of_T1w.ndjson', other_order), '--json')
    assert again.lines[0]['n_added'] == 0
    assert len(stored()) == N_ALL


def test_of_lines_without_id_that_are_alike_one_is_kept(run, stored, write_lines, posted):
    ran = run('import', write_lines('T1w.ndjson', [posted[0], posted[0]]), '--json')
    assert (ran.lines[0]['n_added'], ran.lines[0]['n_present']) == (1, 1)


def test_equal_documents_for_two_resources_are_two_records(run, stored, write_lines, posted):
    path = write_lines('records.ndjson', posted[:1])
    run('import', path, '--resource', 'T1w')
    run('import', path, '--resource', 'T2w')
    assert [change.resource for change in stored()] == ['T1w', 'T2w']


def test_refused_lines_are_in_a_file_with_their_number_and_reason(
    run, tmp_path, write_lines, posted
):
    incomplete = {k: v for k, v in posted[1].items() if k != 'cjv'}
    path = write_lines('T1w.ndjson', [posted[0], incomplete, b'{"broken'])
    ran = run('import', path, '--refused', tmp_path / 'refused.ndjson')
    refused = [orjson.loads(x) for x in (tmp_path / 'refused.ndjson').read_bytes().splitlines()]
    assert ran.code == 1
    assert [r['line'] for r in refused] == [2, 3]
    assert refused[0]['reason'] == 'cjv: required field'
    assert refused[1]['reason'].startswith('broken JSON')
    assert refused[1]['text'] == '{"broken'


def test_without_a_name_the_refused_lines_go_under_the_data_folder(run, data_dir, write_lines):
    ran = run('import', write_lines('T1w.ndjson', [{}]), '--json')
    assert ran.lines[0]['refused'].startswith(str(data_dir / 'imports'))


def test_a_repeated_import_writes_its_refused_lines_anew(run, tmp_path, write_lines):
    path, refused = write_lines('T1w.ndjson', [{}]), tmp_path / 'refused.ndjson'
    run('import', path, '--refused', refused)
    run('import', path, '--refused', refused)
    assert len(refused.read_bytes().splitlines()) == 1


def test_a_dry_run_judges_and_leaves_nothing_behind(run, data_dir, write_lines, posted):
    ran = run('import', write_lines('T1w.ndjson', [*posted, {}]), '--dry-run', '--json')
    assert ran.lines[0] | {'n_noted': 0} == {
        'n_files': 1,
        'n_added': N_ALL,
        'n_present': 0,
        'n_noted': 0,
        'n_refused': 1,
        'refused': None,
        'dry_run': True,
    }
    assert not data_dir.exists()


def test_processes_of_their_own_judge_as_this_one_does(run, stored, write_lines, served):
    path = write_lines('T1w.ndjson', served * 30)  # large enough
    ran = run('import', path, '--jobs', '2', '--json')
    assert ran.lines[0]['n_present'] == 29 * N_ALL
    assert [c.id for c in stored()] == [d['_id'] for d in served]


def test_an_import_that_stops_in_the_middle_goes_on_from_there(
    run, stored, write_lines, posted, tmp_path, monkeypatch
):
    lines = [line for d in posted for line in (d, {'no': 'record'})]
    path, refused = write_lines('T1w.ndjson', lines), tmp_path / 'refused.ndjson'
    arguments = ['import', path, '--refused', refused, '--jobs', '0']
    monkeypatch.setattr('mriqc_webapi.cli.intake.CHUNK_LINES', 40)
    monkeypatch.setattr('mriqc_webapi.cli.checkpoints._SAVE_EVERY_S', 0.0)
    monkeypatch.setattr(loading, 'TRANSACTION_ROWS', 20)
    flush, taken = loading.Loader._flush, []

    def stop_after_four(loader):
        taken.append(loader)
        if len(taken) == 5:
            raise KeyboardInterrupt
        flush(loader)

    with monkeypatch.context() as patch:
        patch.setattr(loading.Loader, '_flush', stop_after_four)
        assert run(*arguments).code == 130
    with refused.open('ab') as file:
        file.write(b'written after the last checkpoint\n')
    ran = run(*arguments, '--json')
    assert 'going on where this import was stopped' in ran.err
    assert (ran.lines[0]['n_added'], ran.lines[0]['n_present']) == (N_ALL, 0)
    assert len(stored()) == N_ALL
    assert [orjson.loads(x)['line'] for x in refused.read_bytes().splitlines()] == list(
        range(2, 2 * N_ALL + 1, 2)
    )


def test_a_new_database_under_the_same_name_starts_from_the_first_line(
    run, stored, data_dir, write_lines, posted, monkeypatch
):
    path = write_lines('T1w.ndjson', posted)
    monkeypatch.setattr('mriqc_webapi.cli.checkpoints.Checkpoint.clear', lambda self: None)
    monkeypatch.setattr('mriqc_webapi.cli.checkpoints._SAVE_EVERY_S', 0.0)
    run('import', path)
    for file in data_dir.glob('store.sqlite*'):
        file.unlink()
    run('import', path)
    assert len(stored()) == N_ALL


def test_a_killed_import_loses_and_doubles_nothing(run, stored, data_dir, write_lines, posted):
    lines = [{**d, 'round': i} for i in range(150) for d in posted]
    path = write_lines('T1w.ndjson', lines)
    store = data_dir / 'store.sqlite'
    child = subprocess.Popen(
        [sys.executable, '-c', 'from mriqc_webapi.cli import main; main()', 'import', str(path)],
        env=os.environ,
    )
    while child.poll() is None and not (store.exists() and store.stat().st_size > 2**21):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = len(stored())
    run('import', path)
    assert before < len(lines)
    assert len(stored()) == len(lines)


@pytest.mark.parametrize('suffix', ['', '.gz', '.zst'])
def test_a_mongo_dump_comes_in_as_it_was_served(run, stored, tmp_path, served, suffix):
    from tests.cli.dumps import as_dump, compress

    path = tmp_path / f'T1w.json{suffix}'
    path.write_bytes(compress(b'\n'.join(as_dump(d) for d in served), suffix))
    assert run('import', path).code == 0
    found = [orjson.loads(change.doc) for change in stored()]
    for there, was in zip(found, served, strict=True):
        del there['_links']
        assert there == was


def test_a_folder_of_derivatives_comes_in_once_with_its_group_table(run, stored, tmp_path, posted):
    anat = tmp_path / 'derivatives' / 'sub-01' / 'anat'
    anat.mkdir(parents=True)
    (anat / 'sub-01_T1w.json').write_text(json.dumps(posted[0], indent=2))
    table = tmp_path / 'derivatives' / 'group_T1w.tsv'
    table.write_text('bids_name\tcjv\nsub-01_T1w\t0.5\n')
    run('import', tmp_path / 'derivatives')
    assert [orjson.loads(c.doc)['cjv'] for c in stored()] == [posted[0]['cjv']]


def test_postgresql_takes_what_sqlite_takes(run, postgres, write_lines, served, posted):
    url, path = postgres.create(), write_lines('T1w.ndjson', [*served, *posted, {}])
    first = run('import', path, '--database', url, '--json').lines[0]
    again = run('import', path, '--database', url, '--json').lines[0]
    assert (first['n_added'], first['n_present'], first['n_refused']) == (2 * N_ALL, 0, 1)
    assert (again['n_added'], again['n_present'], again['n_refused']) == (0, 2 * N_ALL, 1)
