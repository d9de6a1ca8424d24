"""The whole archive: by exports, by pages as crawlers did it, and as a release."""

import http.client
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import orjson
import pyarrow as pa
import pyarrow.parquet

from benchmarks.bench import Bench, checked, measure
from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import PATIENCE_S, LoadError, ask_each
from benchmarks.queries import PAGE_SIZE, page_request
from benchmarks.records import Source
from benchmarks.servers import run

READ_BYTES = 2**20
MAX_PAGES = 4_000  # asked for; of more, some of each part of the archive
PAGES_AT_ONCE = 100  # one after the other from one place on
MAX_REPETITIONS = 3  # each takes seconds
FORMATS = {'parquet': 100_000, 'ndjson': 60_000, 'arrow': None}


@dataclass(frozen=True, slots=True)
class Download:
    """What one export was."""

    seconds: float
    n_records: int
    n_bytes: int

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.n_records / self.seconds


@measure('export')
def measure_exports(bench: Bench) -> Iterator[Figure]:
    """Download all records of each resource in each format, each time after a change."""
    for source in bench.sources:
        for format, least in FORMATS.items():
            downloads = [_download_new(bench, source, format) for _ in _few(bench)]
            yield Figure(
                what=f'export of {source.resource} as {format}',
                unit='records/s',
                sample=Sample(tuple(d.rate for d in downloads)),
                target=Target('≥', least) if least else None,
            )
            size = downloads[-1].n_bytes / downloads[-1].n_records
            what = f'a record of {source.resource} as {format}'
            yield Figure(what=what, unit='bytes', sample=Sample((size,)))


@measure('paging')
def measure_paging(bench: Bench) -> Iterator[Figure]:
    """Page through all records as released crawlers do, and download the same."""
    source = bench.source
    paged = [page_through(bench, source) for _ in _few(bench)]
    for format in FORMATS:
        downloads = [_download_new(bench, source, format) for _ in paged]
        yield Figure(
            what=f'all of {source.resource} as {format}',
            unit='records/s',
            sample=Sample(tuple(d.rate for d in downloads)),
            beside=f'by pages of {PAGE_SIZE}',
            reference=Sample(tuple(paged)),
        )


@measure('release')
def measure_releases(bench: Bench) -> Iterator[Figure]:
    """Make a release of everything beside the service; the first may make a copy before."""
    had_copy = len(list(bench.place.data_dir.glob('*.duckdb'))) > 1
    if not had_copy:
        took = Sample((_release(bench),))
        yield Figure(what='release, with making its copy first', unit='s', sample=took)
    times = Sample(tuple(_release(bench) for _ in _few(bench)))
    yield Figure(what='release of everything', unit='s', sample=times, target=Target('≤', 60))


def _few(bench: Bench) -> range:
    return range(min(bench.repetitions, MAX_REPETITIONS))


def _release(bench: Bench) -> float:
    for source in bench.sources:
        bench.post(source)
    started = perf_counter()
    made = orjson.loads(run(bench.place, 'release', 'create', '--json'))
    seconds = perf_counter() - started
    shutil.rmtree(bench.place.data_dir / 'releases' / f'{made["release"]:04}')
    return seconds


def _download_new(bench: Bench, source: Source, format: str) -> Download:
    bench.post(source)
    path = f'/api/v2/{source.resource}/export.{format}'
    with TemporaryDirectory(dir=bench.place.data_dir) as folder:
        file = Path(folder) / 'export'
        found = _download(bench.server.port, path, file)
        n_records = _COUNTS[format](file)
    least = bench.totals[source.resource] + bench.n_posted[source.resource]
    if n_records < least:
        raise LoadError(f'{path} held {n_records} records, not {least}')
    return replace(found, n_records=n_records)


def _download(port: int, path: str, out: Path) -> Download:
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=PATIENCE_S)
    started = perf_counter()
    connection.request('GET', path)
    answer = connection.getresponse()
    if answer.status != 200:
        raise LoadError(f'{path}: status {answer.status}: {answer.read(300)!r}')
    n_bytes = 0
    with out.open('wb') as file:
        while part := answer.read(READ_BYTES):
            n_bytes += file.write(part)
    seconds = perf_counter() - started
    connection.close()
    return Download(seconds, 0, n_bytes)


def _count_lines(path: Path) -> int:
    with path.open('rb') as file:
        return sum(part.count(b'\n') for part in iter(lambda: file.read(READ_BYTES), b''))


def _count_arrow(path: Path) -> int:
    with pa.memory_map(str(path)) as file:
        return sum(batch.num_rows for batch in pa.ipc.open_stream(file))


def _count_parquet(path: Path) -> int:
    return int(pyarrow.parquet.read_metadata(path).num_rows)


_COUNTS: dict[str, Callable[[Path], int]] = {
    'parquet': _count_parquet,
    'ndjson': _count_lines,
    'arrow': _count_arrow,
}


def page_through(bench: Bench, source: Source) -> float:
    """Page as crawlers do, one request after the other; give records per second."""
    pages = sample_pages(bench.totals[source.resource] // PAGE_SIZE)
    started = perf_counter()
    requests = [page_request(source.resource, page) for page in pages]
    for answer in ask_each(bench.server.port, requests):
        orjson.loads(checked(answer).body)  # no crawler does less
    return len(pages) * PAGE_SIZE / (perf_counter() - started)


def sample_pages(n_pages: int) -> list[int]:
    """Choose all pages, or runs of neighbouring ones from all over."""
    if n_pages <= MAX_PAGES:
        return list(range(1, n_pages + 1))
    n_runs = MAX_PAGES // PAGES_AT_ONCE
    starts = (1 + run * (n_pages - PAGES_AT_ONCE) // (n_runs - 1) for run in range(n_runs))
    return [page for start in starts for page in range(start, start + PAGES_AT_ONCE)]
