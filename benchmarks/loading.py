"""Fills a service with records, once per folder, and times its copy's first build."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import Answer, LoadError, ask_each, get_request
from benchmarks.records import Source, write_served
from benchmarks.servers import Place, Server, prepare, run

BUILD_S = 3600.0  # longest wait for the copy
NO_DISK = ('tmpfs', 'ramfs')


def require_disk(folder: Path) -> None:
    """Refuse a folder in memory: durability costs nothing there."""
    mounts = [line.split() for line in Path('/proc/self/mounts').read_text().splitlines()]
    holders = [m for m in mounts if folder.resolve().is_relative_to(m[1])]
    kind = max(holders, key=lambda m: len(m[1]))[2]
    if kind in NO_DISK:
        raise SystemExit(f'{folder} is on {kind}, not on a disk: name another with --keep')


def load(place: Place, sources: Sequence[Source]) -> Iterator[Figure]:
    """Import the records, unless the folder holds them from an earlier run."""
    note = place.data_dir / 'benchmark.json'
    wanted = {s.resource: [s.n, s.repeats] for s in sources}
    if note.exists():
        if json.loads(note.read_text()) != wanted:
            raise SystemExit(f'{place.data_dir} holds other records: {note.read_text()}')
        run(place, 'db', 'upgrade')  # the folder may be older than the software
        return
    prepare(place)
    paths = _write_all(sources, place.data_dir)
    n = sum(source.n for source in sources)
    started = time.perf_counter()
    said = json.loads(run(place, 'import', *map(str, paths), '--json'))
    seconds = time.perf_counter() - started
    for path in paths:
        path.unlink()
    if said['n_added'] != n:
        raise LoadError(f'of {n} records the import took {said}')
    note.write_text(json.dumps(wanted))
    yield Figure(
        what='import', unit='records/s', sample=Sample((n / seconds,)), target=Target('≥', 20_000)
    )


def _write_all(sources: Sequence[Source], folder: Path) -> list[Path]:
    """Make the records, each resource's in a process of its own."""
    paths = [folder / f'{source.resource}.ndjson' for source in sources]
    with ProcessPoolExecutor(os.cpu_count(), get_context('spawn')) as pool:
        list(pool.map(partial(write_served, is_loud=True), sources, paths))
    return paths


def wait_for_copy(server: Server, source: Source) -> None:
    """Wait until the service says that the copy is complete, and see that a filter works."""
    deadline = time.monotonic() + BUILD_S
    while _ask(server, '/readyz').status != 200:
        if time.monotonic() > deadline:
            raise LoadError(f'no copy within {BUILD_S} s')
        time.sleep(0.1)
    answer = _ask(server, f'/api/v1/{source.resource}?max_results=1&where={{"efc":{{"$gt":0}}}}')
    if answer.status != 200:
        raise LoadError(f'a filter was answered {answer.status}: {answer.body[:300]!r}')


def copy_for_another(place: Place) -> None:
    """Give a second process beside the service a copy, as if it had made one before."""
    (first,) = place.data_dir.glob('archive-1*.duckdb')
    for old in place.data_dir.glob('archive-2*.duckdb*'):
        old.unlink()
    shutil.copyfile(first, first.with_name('archive-2.duckdb'))


def _ask(server: Server, path: str) -> Answer:
    (answer,) = ask_each(server.port, [get_request(path)])
    return answer
