"""A copy that is missing, broken or another's is made anew, and answers are right again."""

import logging
import os
import shutil
import subprocess
import sys

import pytest

from mriqc_webapi.archive import keeper
from mriqc_webapi.errors import ArchiveNotReadyError
from mriqc_webapi.query.expression import Equal
from mriqc_webapi.store.engine import Store
from tests.archive.conftest import (
    EVERYTHING,
    FIELDS,
    LARGE_CJV,
    in_the_end,
    make_catalogue,
    make_resource,
    put,
    seqs_of,
)

N_RECORDS = 3_000


@pytest.fixture
def copied(local_store, open_archive):
    """The file of a closed archive with some records in it."""
    put(local_store, *({'cjv': n / N_RECORDS, 'other': f'{n}' * 20} for n in range(N_RECORDS)))
    archive = open_archive(local_store)
    assert in_the_end(lambda: archive.count('T1w', where=EVERYTHING)) == N_RECORDS
    archive.close()
    return archive._keeper._slot.path


def _truncate(path, share):
    os.truncate(path, int(path.stat().st_size * share))


def _scribble(path, share, n_bytes=20_000):
    with path.open('r+b') as file:
        file.seek(int(path.stat().st_size * share))
        file.write(b'\xa5' * n_bytes)


DAMAGES = {
    'deleted': lambda path: path.unlink(),
    'emptied': lambda path: os.truncate(path, 0),
    'cut short': lambda path: os.truncate(path, 5_000),
    'cut in half': lambda path: _truncate(path, 0.5),
    'cut a little': lambda path: _truncate(path, 0.95),
    'overwritten at its head': lambda path: _scribble(path, 0),
    'overwritten after its head': lambda path: _scribble(path, 0.02),
    'overwritten in the middle': lambda path: _scribble(path, 0.5),
    'overwritten near its end': lambda path: _scribble(path, 0.8),
    'no database': lambda path: path.write_text('hello' * 10_000),
    'a folder of a log': lambda path: path.with_name(path.name + '.wal').write_bytes(b'x' * 999),
}


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_damaged_copy_heals_at_the_next_start(local_store, open_archive, copied, damage):
    DAMAGES[damage](copied)
    archive = open_archive(local_store)
    assert in_the_end(lambda: archive.count('T1w', where=EVERYTHING)) == N_RECORDS
    assert in_the_end(lambda: archive.count('T1w', where=LARGE_CJV)) == N_RECORDS // 2 - 1


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_copy_damaged_while_in_use_never_lies(local_store, open_archive, copied, damage):
    archive = open_archive(local_store)
    DAMAGES[damage](copied)
    for n in range(1, 4):
        put(local_store, {'cjv': 0.75})
        assert in_the_end(lambda: archive.count('T1w', where=LARGE_CJV)) == N_RECORDS // 2 - 1 + n


def test_a_good_copy_is_used_as_it_is(local_store, open_archive, copied, caplog):
    with caplog.at_level(logging.INFO):
        assert seqs_of(open_archive(local_store))
    assert 'anew' not in caplog.text


def test_a_copy_of_another_layout_is_made_anew(local_store, open_archive, copied, caplog):
    resources = [make_resource('T1w', {**FIELDS, 'other': 'string'}), make_resource('bold')]
    archive = open_archive(local_store, catalogue=make_catalogue(*resources))
    assert in_the_end(lambda: archive.count('T1w', where=LARGE_CJV)) == N_RECORDS // 2 - 1
    assert 'another version or catalogue' in caplog.text


def test_a_copy_of_another_store_is_made_anew(open_archive, copied, tmp_path, caplog):
    with Store.open(f'sqlite:///{tmp_path / "other.sqlite"}') as other:
        put(other, {'cjv': 1.0})
        archive = open_archive(other)
        assert seqs_of(archive) == [1]
        archive.close()
    assert 'another database' in caplog.text


def test_a_copy_ahead_of_its_store_is_made_anew(open_archive, tmp_path, caplog):
    path, backup = tmp_path / 'a.sqlite', tmp_path / 'backup.sqlite'
    with Store.open(f'sqlite:///{path}') as store:
        put(store, {'cjv': 1.0})
    shutil.copy(path, backup)
    with Store.open(f'sqlite:///{path}') as store:
        put(store, {'cjv': 2.0})
        archive = open_archive(store)
        assert seqs_of(archive) == [1, 2]
        archive.close()
    with Store.open(f'sqlite:///{backup}') as restored:
        archive = open_archive(restored)
        assert seqs_of(archive) == [1]
        archive.close()
    assert 'ahead of the database' in caplog.text


def test_a_mistake_in_a_question_does_not_cost_the_copy(local_store, open_archive, copied):
    archive = open_archive(local_store)
    with pytest.raises(Exception, match='no_such_table'), archive.reading('T1w') as reading:
        reading.cursor.execute('SELECT * FROM no_such_table')
    assert archive.count('T1w', where=EVERYTHING) == N_RECORDS


def test_who_asks_while_much_is_left_is_told_when_to_come_back(
    local_store, open_archive, monkeypatch
):
    monkeypatch.setattr(keeper, 'MAX_WAIT_ROWS', 100)
    monkeypatch.setattr(keeper.Keeper, '_run', lambda self: None)
    put(local_store, *({'cjv': 1.0} for _ in range(200)))
    archive = open_archive(local_store)
    with pytest.raises(ArchiveNotReadyError) as told:
        archive.require_ready()
    assert told.value.retry_after_s >= 1


_HOLD = """
import sys
from pathlib import Path
from mriqc_webapi.archive.slots import Slot
slot = Slot.claim(Path(sys.argv[1]))
print(slot.path.name, flush=True)
sys.stdin.read()
"""


def test_each_process_has_a_copy_of_its_own(local_store, open_archive, tmp_path):
    folder = tmp_path / 'data'
    with subprocess.Popen(
        [sys.executable, '-c', _HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline().strip() == 'archive-1.duckdb'
        put(local_store, {'cjv': 1.0})
        archive = open_archive(local_store, folder)
        assert archive._keeper._slot.path.name == 'archive-2.duckdb'
        assert seqs_of(archive) == [1]
        other.kill()
    assert open_archive(local_store, folder)._keeper._slot.path.name == 'archive-1.duckdb'


def test_a_database_restored_from_a_backup_that_grew_again_is_noticed(tmp_path, open_archive):
    file, backup = tmp_path / 'kept.sqlite', tmp_path / 'backup.sqlite'

    def grow(value, n):
        with Store.open(f'sqlite:///{file}') as store:
            put(store, *({'cjv': value} for _ in range(n)))

    def count(value):
        with Store.open(f'sqlite:///{file}') as store:
            archive = open_archive(store)
            try:
                where = Equal(('cjv',), value)
                return in_the_end(lambda: archive.count('T1w', where=where))
            finally:
                archive.close()

    grow(1.0, 10)
    shutil.copy(file, backup)
    grow(2.0, 10)
    assert count(2.0) == 10
    shutil.copy(backup, file)
    grow(3.0, 20)
    assert (count(2.0), count(3.0)) == (0, 20)
