"""Several processes, kills, and what must hold all the same."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.records import changes, find_item, iterate_changes
from tests.factories import ready_record

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name('write_on.py')


@contextmanager
def writing(url, *, n_records, n_senders=4):
    """A process that writes; killed at the end if it is not done."""
    process = subprocess.Popen(
        [sys.executable, SCRIPT, url, str(n_records), str(n_senders)],
        stdout=subprocess.PIPE,
        text=True,
        env={'PYTHONPATH': str(ROOT)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def all_changes(store):
    with store.read() as tx:
        return [change for chunk in iterate_changes(tx, after=0) for change in chunk]


def test_what_was_answered_before_a_kill_is_there_once(store_url):
    answered = []
    for _ in range(3):
        with writing(store_url, n_records=10**6) as process:
            answered += [process.stdout.readline().split() for _ in range(150)]
            process.kill()
            answered += [line.split() for line in process.stdout if line.endswith('\n')]
    with Store.open(store_url) as store:
        stored = all_changes(store)
        by_id = {change.id: str(change.seq) for change in stored}
        assert len(by_id) == len(stored)
        assert {id_: by_id.get(id_) for id_, _ in answered} == dict(answered)
        assert [change.seq for change in stored] == list(range(1, len(stored) + 1))
        with store.read() as tx:
            assert find_item(tx, resource='T1w', id=answered[0][0])


def test_a_follower_never_sees_a_number_before_a_smaller_one(store):
    url = store.url.render_as_string(hide_password=False)
    n_records, seen, undone = 1200, [], 0
    with (
        writing(url, n_records=n_records // 2) as one,
        writing(url, n_records=n_records // 2) as other,
    ):
        while len(seen) < n_records:
            with store.read() as tx:
                seen += [c.seq for c in changes(tx, after=len(seen), limit=100)]
            assert seen == list(range(1, len(seen) + 1))
            if undone < 20:
                undone += 1
                with pytest.raises(ZeroDivisionError), store.write() as tx:
                    insert_batch(tx, [ready_record()])
                    raise ZeroDivisionError
        assert (one.wait(30), other.wait(30)) == (0, 0)
    assert len(all_changes(store)) == n_records
