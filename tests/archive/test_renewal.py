"""A copy is written anew after withdrawals, and goes on answering meanwhile."""

import shutil
import time

import pytest

from mriqc_webapi.archive import renewal
from mriqc_webapi.archive.slots import Slot
from tests.archive.conftest import EVERYTHING, in_the_end, put, seqs_of, take_back

PATIENCE_S = 30.0


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'data'


def copies(folder):
    return sorted(path.name for path in folder.glob('*.duckdb'))


def holds(folder, text):
    return any(text.encode() in path.read_bytes() for path in folder.glob('archive-*'))


def wait_for(holds_now):
    until = time.monotonic() + PATIENCE_S
    while not holds_now():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_no_byte_of_what_was_withdrawn_is_left(local_store, open_archive, folder) -> None:
    put(local_store, *({'other': f'kept{n}'} for n in range(20)))
    (gone,) = put(local_store, {'other': 'PLANTED' * 20})
    archive = open_archive(local_store)
    assert len(seqs_of(archive)) == 21
    take_back(local_store, gone)
    wait_for(lambda: not holds(folder, 'PLANTED'))
    assert len(seqs_of(archive)) == 20


def test_questions_are_answered_all_the_while(local_store, open_archive, folder) -> None:
    ids = put(local_store, *({'cjv': float(n)} for n in range(200)))
    archive = open_archive(local_store)
    in_the_end(archive.require_ready)
    take_back(local_store, ids[0])
    until = time.monotonic() + PATIENCE_S
    while copies(folder) != ['archive-1-b.duckdb'] and time.monotonic() < until:
        put(local_store, {'cjv': 0.5})
        n_stored = archive.count('T1w', where=EVERYTHING)  # raises, if it is not ready
        assert n_stored >= 200
    assert copies(folder) == ['archive-1-b.duckdb']


def test_the_new_file_is_taken_at_the_next_start(local_store, open_archive, folder) -> None:
    ids = put(local_store, {'cjv': 1.0}, {'cjv': 2.0})
    archive = open_archive(local_store)
    assert len(seqs_of(archive)) == 2
    take_back(local_store, ids[0])
    wait_for(lambda: copies(folder) == ['archive-1-b.duckdb'])
    archive.close()
    again = open_archive(local_store)
    assert again._keeper._copy.mark == 3  # nothing was copied anew
    assert seqs_of(again) == [2]
    assert copies(folder) == ['archive-1-b.duckdb']


def test_an_unfinished_one_is_removed_at_the_next_start(local_store, open_archive, folder) -> None:
    put(local_store, {'cjv': 1.0})
    open_archive(local_store).close()
    (folder / 'archive-1-b.duckdb').write_bytes(b'half')
    assert len(seqs_of(open_archive(local_store))) == 1
    assert copies(folder) == ['archive-1.duckdb']


def test_killed_in_a_second_renewal_it_goes_on_with_the_whole_copy(
    local_store, open_archive, folder
) -> None:
    ids = put(local_store, {'cjv': 1.0}, {'cjv': 2.0})
    archive = open_archive(local_store)
    assert len(seqs_of(archive)) == 2
    take_back(local_store, ids[0])
    wait_for(lambda: copies(folder) == ['archive-1-b.duckdb'])
    archive.close()
    draft = Slot(folder / 'archive-1.duckdb', folder / 'archive-1.tmp', -1)
    draft.begin()
    shutil.copy(folder / 'archive-1-b.duckdb', draft.path)  # a file that could be opened
    again = open_archive(local_store)
    assert seqs_of(again) == [2]
    assert copies(folder) == ['archive-1-b.duckdb']
    assert not list(folder.glob('*.unfinished'))


def test_while_it_is_made_the_new_file_is_marked_as_unfinished(
    local_store, open_archive, folder, monkeypatch
) -> None:
    ids = put(local_store, {'cjv': 1.0}, {'cjv': 2.0})
    monkeypatch.setattr(renewal.Renewal, 'is_ready', lambda *_: False)
    archive = open_archive(local_store)
    in_the_end(archive.require_ready)
    take_back(local_store, ids[0])
    wait_for(lambda: len(copies(folder)) == 2)
    assert [path.name for path in folder.glob('*.unfinished')] == ['archive-1-b.unfinished']


def test_a_stop_before_it_leaves_it_to_the_next_start(
    local_store, open_archive, folder, monkeypatch
) -> None:
    (gone,) = put(local_store, {'other': 'PLANTED' * 20})
    first = open_archive(local_store)
    assert len(seqs_of(first)) == 1
    first.close()
    with monkeypatch.context() as patched:
        patched.setattr(renewal.Renewal, 'go_on', lambda self, copy: False)
        archive = open_archive(local_store)
        assert len(seqs_of(archive)) == 1
        take_back(local_store, gone)
        assert seqs_of(archive) == []
        archive.close()
    assert holds(folder, 'PLANTED')
    open_archive(local_store)
    wait_for(lambda: not holds(folder, 'PLANTED'))


def test_copies_that_nobody_uses_are_removed(local_store, open_archive, folder) -> None:
    ids = put(local_store, {'cjv': 1.0})
    first, second = open_archive(local_store), open_archive(local_store)
    assert (len(seqs_of(first)), len(seqs_of(second))) == (1, 1)
    second.close()
    assert copies(folder) == ['archive-1.duckdb', 'archive-2.duckdb']
    take_back(local_store, ids[0])
    wait_for(lambda: copies(folder) == ['archive-1-b.duckdb'])
