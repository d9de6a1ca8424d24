"""Images taken by a Dask cluster of several worker processes, one of which is killed meanwhile."""

import json
import os
import re
import signal
import threading
import time

import pytest
from distributed import LocalCluster

from mriqc_webapi.errors import SetupError
from mriqc_webapi.extract.cluster import run_on_cluster
from mriqc_webapi.extract.tasks import Outcome, Stage
from tests.extract import working
from tests.extract.working import notes, task_of


@pytest.fixture(scope='module')
def cluster():
    """A scheduler and worker processes, as on several machines with one file system."""
    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        memory_limit='2GB',
        host='127.0.0.1',
        dashboard_address=None,
        processes=True,
        silence_logs=50,
    ) as started:
        yield started


@pytest.fixture
def run(cluster):
    """Take images on the cluster; gives what was told."""
    return lambda work, *tasks: list(
        run_on_cluster(tasks, work, address=cluster.scheduler_address)
    )


def outcomes(events):
    return {e.task.name: e for e in events if isinstance(e, Outcome)}


def test_one_worker_killed_in_the_middle_every_image_comes_out_once(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in range(1, 9)]

    def kill():
        victim = tmp_path / 'victim'
        until = time.monotonic() + 60
        while time.monotonic() < until and not (victim.exists() and victim.read_text()):
            time.sleep(0.02)
        os.kill(int(victim.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    events = run(working.wait_to_be_killed_once, *tasks)
    killer.join()
    told = [event.task.name for event in events if isinstance(event, Outcome)]
    assert sorted(told) == [f'sub-{i}_T1w' for i in range(1, 9)]
    assert {o.status for o in outcomes(events).values()} == {'done'}
    assert {name: len(n) for name, n in notes(tmp_path).items()} == dict.fromkeys(told, 1)
    assert len({pid for n in notes(tmp_path).values() for *_, pid in n}) > 1
    assert all(task.record.is_file() for task in tasks)
    assert Stage('sub-8_T1w', 'working') in events


def test_an_image_that_no_worker_has_the_memory_for_fails_and_says_so(run, tmp_path):
    large = task_of(tmp_path, 'sub-1', needs_mb=5000)
    told = outcomes(run(working.take, large, task_of(tmp_path, 'sub-2')))
    assert (told['sub-1_T1w'].code, told['sub-2_T1w'].status) == ('memory', 'done')
    assert 'about 5.0 GB' in json.loads(large.failure.read_text())['problem']


def test_an_image_that_breaks_a_worker_in_an_unforeseen_way_fails_alone(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in (1, 2)]
    told = outcomes(run(working.raise_for_one, *tasks))
    assert told['sub-2_T1w'].problem == 'OSError: no space left on device'
    assert told['sub-1_T1w'].status == 'done'


def test_where_no_scheduler_answers_it_says_so(tmp_path):
    nowhere = 'tcp://127.0.0.1:9'
    tasks = [task_of(tmp_path, 'sub-1')]
    with pytest.raises(SetupError, match=f'no Dask scheduler answers at {re.escape(nowhere)}'):
        list(run_on_cluster(tasks, working.take, address=nowhere, connect_s=0.5))
