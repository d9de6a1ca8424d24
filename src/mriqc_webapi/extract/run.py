"""A whole run: what is planned is done, here or on a cluster; then tables are made of it."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from mriqc_webapi.extract import outputs
from mriqc_webapi.extract.pool import run_in_processes
from mriqc_webapi.extract.tasks import Event, OnStage, Outcome, Plan, Task, quietly


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run may use."""

    n_procs: int = 1
    memory_bytes: int
    n_threads: int = 1  # of each process
    dask: str | None = None  # a scheduler's address; then its workers do it


def run(plan: Plan, out: Path, means: Means, *, dataset: str = '') -> Generator[Event]:
    """Take all planned images; tables are written in the end, also if it is stopped before.

    Raises
    ------
    QueryError
        The folder holds files of others.
    SetupError
        There is no such cluster.
    """
    outputs.require_own_folder(out)
    outputs.write_description(out, dataset)
    for task in plan.tasks:
        outputs.sweep(task)
    try:
        yield from (Outcome(task=task, status='present') for task in plan.present)
        yield from _taken(plan, means)
    finally:
        outputs.write_tables(out)


def _taken(plan: Plan, means: Means) -> Iterator[Event]:
    if not plan.tasks:
        return
    if means.dask is not None:
        from mriqc_webapi.extract.cluster import run_on_cluster  # noqa: PLC0415 - slow

        yield from run_on_cluster(plan.tasks, take, address=means.dask)
        return
    yield from run_in_processes(
        plan.tasks,
        take,
        n_procs=min(means.n_procs, len(plan.tasks)),
        memory_bytes=means.memory_bytes,
        n_threads=means.n_threads,
    )


def take(task: Task, on_stage: OnStage = quietly) -> Outcome:
    """Take one image; what that needs is imported only where it is done."""
    from mriqc_webapi.extract.record import extract_image  # noqa: PLC0415

    return extract_image(task, on_stage)
