"""The client: a whole table as a frame, again from what is kept, and a mirror kept up to date."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.bench import Bench, checked, measure
from benchmarks.downloads import page_through
from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import ask_each, post_request
from benchmarks.servers import TOKEN
from mriqc_webapi import Archive

N_CHANGES = 1_000
MAX_REPETITIONS = 3  # each takes seconds
LEAST_RECORDS = 1_000_000  # the targets are meant for so many

# in a process of its own, whose memory is measured
_FRAME = """
import json, sys
from time import perf_counter
from mriqc_webapi import Archive

def peak_bytes():
    with open('/proc/self/status') as file:
        return next(int(l.split()[1]) * 1024 for l in file if l.startswith('VmHWM'))

root, resource, cache = sys.argv[1:]
archive, seconds = Archive(root, cache=cache), []
for _ in range(2):
    started = perf_counter()
    frame = archive.iqms(resource)
    seconds.append(perf_counter() - started)
for name in frame.columns:  # a frame is mapped: only what is looked at is in memory
    frame[name].count()
    frame[name].max()
print(json.dumps({
    'seconds': seconds,
    'n': len(frame),
    'frame': int(frame.memory_usage(deep=True).sum()),
    'peak': peak_bytes(),
}))
"""


@measure('client')
def measure_client(bench: Bench) -> Iterator[Figure]:
    """Fetch a resource as a frame, twice; then mirror it, and bring the mirror up to date."""
    yield from _frames(bench)
    yield from _mirror(bench)


def _frames(bench: Bench) -> Iterator[Figure]:
    told, paged = [], []
    for _ in range(min(bench.repetitions, MAX_REPETITIONS)):
        paged.append(page_through(bench, bench.source))
        told.append(_fetch(bench))
    first, second = ([t['seconds'][i] for t in told] for i in range(2))
    is_large = told[0]['n'] >= LEAST_RECORDS
    yield Figure(
        what=f'client: all of {bench.source.resource} as a frame',
        unit='s',
        sample=Sample(tuple(first)),
        target=Target('≤', 15) if is_large else None,
    )
    yield Figure(
        what='client: the same again',
        unit='s',
        sample=Sample(tuple(second)),
        target=Target('≤', 1),
    )
    yield Figure(
        what='client: peak of memory',
        unit='bytes',
        sample=Sample(tuple(float(t['peak']) for t in told)),
        beside='the frame',
        reference=Sample(tuple(float(t['frame']) for t in told)),
        target=Target('≤', 3) if is_large else None,
    )
    yield Figure(
        what='client: a frame',
        unit='records/s',
        sample=Sample(tuple(t['n'] / t['seconds'][0] for t in told)),
        beside='by pages of 50',
        reference=Sample(tuple(paged)),
    )


def _fetch(bench: Bench) -> dict[str, object]:
    bench.post(bench.source)
    with TemporaryDirectory(dir=bench.place.data_dir) as cache:
        command = [sys.executable, '-c', _FRAME, _root(bench), bench.source.resource, cache]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def _mirror(bench: Bench) -> Iterator[Figure]:
    with (
        TemporaryDirectory(dir=bench.place.data_dir) as folder,
        Archive(_root(bench), cache=False, progress=False) as archive,
    ):
        yield _timed(bench, archive, Path(folder), 'client: a mirror made')
        _post_many(bench, N_CHANGES)
        yield _timed(
            bench, archive, Path(folder), f'client: the mirror after {N_CHANGES:,} changes', most=1
        )


def _timed(
    bench: Bench, archive: Archive, folder: Path, what: str, *, most: float | None = None
) -> Figure:
    bench.get(f'/api/v2/{bench.source.resource}/summary')  # the service's own copy has caught up
    started = perf_counter()
    archive.mirror(folder, resources=bench.source.resource)
    took = Sample((perf_counter() - started,))
    return Figure(what=what, unit='s', sample=took, target=Target('≤', most) if most else None)


def _post_many(bench: Bench, n: int) -> None:
    source = bench.source
    first = bench.totals[source.resource] + bench.n_posted[source.resource]
    bench.n_posted[source.resource] += n
    path = f'/api/v1/{source.resource}'
    requests = (
        post_request(path, source.posted(number), token=TOKEN)
        for number in range(first, first + n)
    )
    while some := list(islice(requests, 100)):
        for answer in ask_each(bench.server.port, some):
            checked(answer, status=201)


def _root(bench: Bench) -> str:
    return f'http://127.0.0.1:{bench.server.port}'
