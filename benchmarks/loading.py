"""Fills a service with records, once per folder, and times its copy's first build."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import Answer, LoadError, ask_each, get_request
from benchmarks.records import Source, write_served
from benchmarks.servers import Place, Server, prepare, run

BUILD_S = 1800.0  # longest wait for the copy
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
        return
    prepare(place)
    seconds = sum(_import(place, source) for source in sources)
    note.write_text(json.dumps(wanted))
    yield Figure(
        what='import',
        unit='records/s',
        sample=Sample((sum(s.n for s in sources) / seconds,)),
        target=Target('≥', 20_000),
    )


def _import(place: Place, source: Source) -> float:
    path = place.data_dir / f'{source.resource}.ndjson'
    write_served(source, path)
    started = time.perf_counter()
    said = json.loads(run(place, 'import', str(path), '--json'))
    seconds = time.perf_counter() - started
    path.unlink()
    if said['n_added'] != source.n:
        raise LoadError(f'of {source.n} records the import took {said}')
    return seconds


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


def _ask(server: Server, path: str) -> Answer:
    (answer,) = ask_each(server.port, [get_request(path)])
    return answer
