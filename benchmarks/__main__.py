"""The one command: makes records, loads them, measures, prints a table."""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import (  # noqa: F401 - they register what they measure
    aggregates,
    client,
    downloads,
    measures,
    processes,
)
from benchmarks.bench import MEASURES, Bench
from benchmarks.curve import curve_table
from benchmarks.figures import Figure, Sample, table
from benchmarks.load import Generator
from benchmarks.loading import copy_for_another, load, require_disk, wait_for_copy
from benchmarks.options import Options, parse
from benchmarks.records import Source, write_served
from benchmarks.servers import NO_STORE, Place, Server, postgresql, prepare, serving

N_NO_STORE = 1_000


def measure_at(options: Options, n: int, folder: Path) -> Iterator[Figure]:
    """Load `n` records and measure."""
    with ExitStack() as stack:
        place = _place(options.engine, folder, stack)
        sources = options.sources(n)
        yield from load(place, sources)
        had_copy = any(place.data_dir.glob('*.duckdb'))
        started = time.perf_counter()
        server = stack.enter_context(serving(place))
        wait_for_copy(server, sources[0])
        if not had_copy:
            rate = Sample((n / (time.perf_counter() - started),))
            yield Figure(what='first build of the copy', unit='records/s', sample=rate)
        if options.load_only:
            server.stop()
            copy_for_another(place)
            return
        bench = Bench(
            place=place,
            sources=sources,
            server=server,
            no_store=_no_store(folder, sources[0], stack),
            n_no_store=min(N_NO_STORE, sources[0].n),
            generator=stack.enter_context(Generator()),
            stack=stack,
            repetitions=options.repetitions,
            seconds=options.seconds,
        )
        for name in options.wanted:
            yield from MEASURES[name](bench)


def _no_store(folder: Path, source: Source, stack: ExitStack) -> Server:
    shutil.rmtree(folder / 'no-store', ignore_errors=True)
    double = _place('sqlite', folder / 'no-store', stack)
    sample = double.data_dir / f'{source.resource}.ndjson'
    write_served(source, sample, n=N_NO_STORE)
    prepare(double)
    return stack.enter_context(serving(double, (*NO_STORE, str(sample))))


def _place(engine: str, folder: Path, stack: ExitStack) -> Place:
    data_dir = folder / 'data'
    data_dir.mkdir(parents=True, exist_ok=True)
    if engine == 'sqlite':
        return Place(data_dir=data_dir)
    return Place(data_dir=data_dir, database=stack.enter_context(postgresql(folder)))


def machine() -> dict[str, str | int | None]:
    """Describe what this ran on."""
    return {
        'day': time.strftime('%Y-%m-%d'),
        'cores': os.cpu_count(),
        'system': platform.platform(),
        'python': platform.python_version(),
    }


def measure_all(options: Options, keep: Path) -> dict[int, list[Figure]]:
    """Measure at each size, and say each figure as soon as it is there."""
    found: dict[int, list[Figure]] = {}
    for n in options.curve or (options.records,):
        folder = keep / str(n) if options.curve else keep
        found[n] = []
        for figure in measure_at(options, n, folder):
            print(*filter(None, figure.row()), sep='  ', file=sys.stderr, flush=True)
            found[n].append(figure)
    return found


def main() -> None:
    """Run the benchmarks."""
    options = parse()
    started = time.monotonic()
    with ExitStack() as stack:
        keep = options.keep
        if keep is None:
            keep = Path(stack.enter_context(tempfile.TemporaryDirectory(dir='/var/tmp')))
        keep.mkdir(parents=True, exist_ok=True)
        require_disk(keep)
        found = measure_all(options, keep)
    about = {'mix': options.mix, 'repeats': options.repeats, 'engine': options.engine} | machine()
    print(', '.join(f'{name} {value}' for name, value in about.items()), end='')
    print(f'; {time.monotonic() - started:.0f} s in all')
    for n, figures in found.items():
        print(f'\n{n:,} records\n\n{table(figures)}')
    if options.curve:
        print(f'\nGrowth\n\n{curve_table(found)}')
    if options.json:
        runs = [{'records': n, 'figures': [f.as_json() for f in fs]} for n, fs in found.items()]
        options.json.write_text(json.dumps(about | {'runs': runs}, indent=1) + '\n')


if __name__ == '__main__':
    main()
