"""Images taken by processes: bounded memory, processes that die, a run that is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from mriqc_webapi.extract.pool import run_in_processes
from mriqc_webapi.extract.tasks import Outcome, Stage
from tests.extract import working
from tests.extract.working import MB, notes, task_of


@pytest.fixture
def run(tmp_path):
    """Take images in processes; gives what was told."""

    def run(work, *tasks, n_procs=2, memory_mb=1000):
        told = run_in_processes(tasks, work, n_procs=n_procs, memory_bytes=memory_mb * MB)
        return list(told)

    return run


def outcomes(events):
    return {e.task.name: e for e in events if isinstance(e, Outcome)}


def test_every_image_is_taken_once_and_its_stages_are_told(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in range(4)]
    events = run(working.take, *tasks)
    assert {o.status for o in outcomes(events).values()} == {'done'}
    assert {name: len(told) for name, told in notes(tmp_path).items()} == {
        f'sub-{i}_T1w': 1 for i in range(4)
    }
    assert Stage('sub-3_T1w', 'working') in events


def test_images_run_at_once_only_as_far_as_their_memory_fits(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}', needs_mb=600) for i in range(3)]
    run(working.take, *tasks, memory_mb=1000)
    spans = sorted(told[0][:2] for told in notes(tmp_path).values())
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


def test_an_image_that_takes_more_memory_than_there_is_fails_and_says_so(run, tmp_path):
    large = task_of(tmp_path, 'sub-1', needs_mb=5000)
    events = run(working.take, large, task_of(tmp_path, 'sub-2'), memory_mb=1000)
    failure = outcomes(events)['sub-1_T1w']
    assert (failure.status, failure.code) == ('failed', 'memory')
    assert 'about 5.0 GB of memory, and 1.0 GB' in json.loads(large.failure.read_text())['problem']
    assert outcomes(events)['sub-2_T1w'].status == 'done'


def test_an_image_whose_process_is_killed_is_taken_once_more(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in range(1, 5)]
    events = run(working.be_killed_once, *tasks)
    assert {o.status for o in outcomes(events).values()} == {'done'}
    assert {len(told) for told in notes(tmp_path).values()} == {1}


def test_an_image_whose_process_is_killed_again_fails_and_the_others_go_on(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in range(1, 4)]
    told = outcomes(run(working.be_killed, *tasks))
    assert {name: o.status for name, o in told.items()} == {
        'sub-1_T1w': 'done',
        'sub-2_T1w': 'failed',
        'sub-3_T1w': 'done',
    }
    assert (
        'second process (SIGKILL), too, was killed'
        in json.loads(tasks[1].failure.read_text())['problem']
    )


def test_what_nobody_expects_of_one_image_does_not_stop_the_others(run, tmp_path):
    tasks = [task_of(tmp_path, f'sub-{i}') for i in range(1, 4)]
    told = outcomes(run(working.raise_for_one, *tasks, n_procs=1))
    assert told['sub-2_T1w'].problem == 'OSError: no space left on device'
    assert told['sub-3_T1w'].status == 'done'


def test_a_run_that_is_interrupted_leaves_no_processes(tmp_path):
    script = (
        'from pathlib import Path\n'
        'from mriqc_webapi.extract.pool import run_in_processes\n'
        'from tests.extract import working\n'
        'if __name__ == "__main__":\n'
        f'    tasks = [working.task_of(Path({str(tmp_path)!r}), f"sub-{{i}}") for i in (1, 2)]\n'
        '    list(run_in_processes(tasks, working.sleep_long, n_procs=2, memory_bytes=10**9))\n'
    )
    path = tmp_path / 'script.py'
    path.write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(path)],
        env=os.environ | {'PYTHONPATH': str(Path.cwd())},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while len(list(tmp_path.glob('*.pid'))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, said = process.communicate(timeout=30)
    assert b'KeyboardInterrupt' in said
    pids = [int(path.read_text()) for path in tmp_path.glob('*.pid')]
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
