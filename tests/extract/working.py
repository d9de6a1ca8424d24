"""What processes of a pool or a cluster can be asked to do in place of an hour's work."""

import os
import signal
import time
from pathlib import Path
from uuid import uuid4

from mriqc_webapi.extract import outputs
from mriqc_webapi.extract.bids import Modality
from mriqc_webapi.extract.software import SOFTWARE
from mriqc_webapi.extract.tasks import OnStage, Outcome, Task

MB = 10**6


def task_of(out: Path, name: str, *, needs_mb: int = 1, modality: Modality = 'T1w') -> Task:
    """Make the task of an image that is not there."""
    return Task(
        image=out / f'{name}.nii.gz',
        modality=modality,
        name=f'{name}_{modality}',
        out=out,
        bids_meta={'modality': modality, 'subject_id': name.removeprefix('sub-')},
        settings={'testing': False},
        needs_bytes=needs_mb * MB,
    )


def take(task: Task, on_stage: OnStage) -> Outcome:
    """Write a record, and leave a note that says when, and by which process."""
    started = time.time()
    on_stage('working')
    time.sleep(0.05)
    record = {'cjv': 0.5, 'provenance': {'software': SOFTWARE}, 'bids_meta': {}}
    outputs.write_record(task, record, None)
    note(task, started)
    return Outcome(task=task, status='done')


def note(task: Task, started: float) -> None:
    """Leave a note of what was done."""
    folder = task.out / 'notes'
    folder.mkdir(exist_ok=True)
    told = f'{started} {time.time()} {os.getpid()}'
    (folder / f'{task.name}.{uuid4().hex}').write_text(told)


def notes(out: Path) -> dict[str, list[tuple[float, float, int]]]:
    """Read the notes: by image, when it was begun and done, and by which process."""
    found: dict[str, list[tuple[float, float, int]]] = {}
    for path in sorted((out / 'notes').glob('*')):
        started, ended, pid = path.read_text().split()
        told = (float(started), float(ended), int(pid))
        found.setdefault(path.name.partition('.')[0], []).append(told)
    return found


def be_killed_once(task: Task, on_stage: OnStage) -> Outcome:
    """Die the first time that the second subject comes."""
    if task.name == 'sub-2_T1w' and is_first(task):
        os.kill(os.getpid(), signal.SIGKILL)
    return take(task, on_stage)


def be_killed(task: Task, on_stage: OnStage) -> Outcome:
    """Die whenever the second subject comes."""
    if task.name == 'sub-2_T1w':
        os.kill(os.getpid(), signal.SIGKILL)
    return take(task, on_stage)


def wait_to_be_killed_once(task: Task, on_stage: OnStage) -> Outcome:
    """Say which process has the second subject, and wait there for its end."""
    if task.name == 'sub-2_T1w' and is_first(task):
        (task.out / 'victim').write_text(str(os.getpid()))
        time.sleep(60)
    return take(task, on_stage)


def raise_for_one(task: Task, on_stage: OnStage) -> Outcome:
    """Break where nobody expects it."""
    if task.name == 'sub-2_T1w':
        raise OSError('no space left on device')
    return take(task, on_stage)


def sleep_long(task: Task, on_stage: OnStage) -> Outcome:
    """Be under way for longer than anybody waits."""
    with (task.out / f'{task.name}.pid').open('w') as file:
        file.write(str(os.getpid()))
    on_stage('sleeping')
    time.sleep(120)
    return Outcome(task=task, status='done')


def is_first(task: Task) -> bool:
    """Whether nobody had this image before."""
    try:
        (task.out / f'{task.name}.begun').touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
