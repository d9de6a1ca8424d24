"""The one command: makes records, loads them, measures, prints a table."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure, Sample, table
from benchmarks.load import Generator
from benchmarks.loading import load, require_disk, wait_for_copy
from benchmarks.measures import MEASURES, Bench
from benchmarks.records import USUAL_REPEATS, Source, write_served
from benchmarks.servers import NO_STORE, Place, postgresql, prepare, serving

N_NO_STORE = 1_000
DEFAULT_MIX = 'T1w=1'  # all in one resource: the hardest case for pages, filters and sorts


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    records: int
    keep: Path | None
    engine: str
    only: list[str] = field(default_factory=list)
    json: Path | None = None
    mix: str = DEFAULT_MIX
    repeats: float = USUAL_REPEATS
    repetitions: int = 5
    seconds: float = 1.5

    @property
    def sources(self) -> list[Source]:
        """The records to be loaded; those of the first resource are measured."""
        shares = {name: float(share) for name, _, share in _split(self.mix)}
        whole = sum(shares.values())
        return [
            Source(name, round(self.records * share / whole), self.repeats)
            for name, share in shares.items()
        ]


def _split(mix: str) -> list[tuple[str, str, str]]:
    return [part.partition('=') for part in mix.split(',')]


def parse() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='benchmarks/run',
        description=(__doc__ or '') + ' docs/benchmarks.md says how.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument('--records', type=int, default=100_000, metavar='N', help='how many')
    parser.add_argument('--keep', type=Path, metavar='DIR', help='keep the data, and use it again')
    parser.add_argument(
        '--engine', choices=('sqlite', 'postgresql'), default='sqlite', help='store'
    )
    parser.add_argument(
        '--only',
        type=lambda text: text.split(','),
        metavar='NAMES',
        default=[],
        help=f'some of {",".join(MEASURES)}',
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='all repetitions go there')
    parser.add_argument('--mix', default=DEFAULT_MIX, help='like T1w=57,bold=37,T2w=6')
    parser.add_argument(
        '--repeats', type=float, default=USUAL_REPEATS, help='share of known scans'
    )
    parser.add_argument('--repetitions', type=int, default=5, metavar='N', help='of each figure')
    parser.add_argument('--seconds', type=float, default=1.5, help='length of each repetition')
    options = Options(**vars(parser.parse_args()))
    unknown = set(options.only) - set(MEASURES)
    if unknown:
        parser.error(f'no such measure: {", ".join(sorted(unknown))}')
    return options


def measure_all(options: Options, stack: ExitStack) -> Iterator[Figure]:
    """Load the records and measure."""
    folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(dir='/var/tmp')))
    folder.mkdir(parents=True, exist_ok=True)
    require_disk(folder)
    sources = options.sources
    place = _place(options.engine, folder, stack)
    yield from load(place, sources)
    started = time.perf_counter()
    had_copy = any(place.data_dir.glob('*.duckdb'))
    server = stack.enter_context(serving(place))
    wait_for_copy(server, sources[0])
    if not had_copy:
        rate = Sample((options.records / (time.perf_counter() - started),))
        yield Figure(what='first build of the copy', unit='records/s', sample=rate)
    double = _place('sqlite', folder / 'no-store', stack)
    sample = double.data_dir / f'{sources[0].resource}.ndjson'
    write_served(sources[0], sample, n=N_NO_STORE)
    prepare(double)
    bench = Bench(
        place=place,
        source=sources[0],
        server=server,
        no_store=stack.enter_context(serving(double, (*NO_STORE, str(sample)))),
        n_no_store=min(N_NO_STORE, sources[0].n),
        generator=stack.enter_context(Generator()),
        repetitions=options.repetitions,
        seconds=options.seconds,
    )
    for name, measure in MEASURES.items():
        if not options.only or name in options.only:
            yield from measure(bench)


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


def main() -> None:
    """Run the benchmarks."""
    options = parse()
    figures: list[Figure] = []
    started = time.monotonic()
    with ExitStack() as stack:
        for figure in measure_all(options, stack):
            print(*filter(None, figure.row()), sep='  ', file=sys.stderr)
            figures.append(figure)
    about = {'records': options.records, 'mix': options.mix, 'engine': options.engine} | machine()
    print(', '.join(f'{name} {value}' for name, value in about.items()), end='')
    print(f'; {time.monotonic() - started:.0f} s in all\n')
    print(table(figures))
    if options.json:
        rows = [figure.as_json() for figure in figures]
        options.json.write_text(json.dumps(about | {'figures': rows}, indent=1) + '\n')


if __name__ == '__main__':
    main()
