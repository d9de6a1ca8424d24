"""The command line of the benchmarks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.records import REPEATS, Source

MEASURES = (  # in their order
    *('item', 'page', 'last-page', 'md5', 'filter', 'sort'),
    *('distribution', 'grouped', 'growth', 'correlation', 'summary', 'relation', 'others'),
    *('export', 'paging', 'release', 'client'),
    *('lag', 'post', 'memory', 'stopped', 'workers'),
)
DEFAULT_MIX = 'T1w=1,bold=1'
MIN_RECORDS = 2_000  # fewer leave no full page in the middle of what a filter finds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is measured, and how."""

    records: int = 100_000
    curve: tuple[int, ...] = ()
    keep: Path | None = None
    engine: str = 'sqlite'
    only: tuple[str, ...] = ()
    json: Path | None = None
    mix: str = DEFAULT_MIX
    repeats: float = REPEATS
    repetitions: int = 5
    seconds: float = 1.5
    load_only: bool = False
    shares: dict[str, float] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        parts = (part.partition('=') for part in self.mix.split(','))
        object.__setattr__(self, 'shares', {name: float(share) for name, _, share in parts})

    def sources(self, n: int) -> tuple[Source, ...]:
        """Divide `n` records among the resources; those of the first are asked most."""
        whole = sum(self.shares.values())
        return tuple(
            Source(name, round(n * share / whole), self.repeats)
            for name, share in self.shares.items()
        )

    @property
    def wanted(self) -> list[str]:
        """The measures that are to be taken, in their order."""
        return [name for name in MEASURES if not self.only or name in self.only]


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='benchmarks/run',
        description='Makes records, loads them, measures, and prints a table. '
        'docs/benchmarks.md says how.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument('--records', type=int, default=100_000, metavar='N', help='how many')
    parser.add_argument(
        '--curve',
        type=_numbers,
        default=(),
        metavar='N,N,…',
        help='measure at several sizes, and say how costs grow',
    )
    parser.add_argument('--keep', type=Path, metavar='DIR', help='keep the data, and use it again')
    parser.add_argument(
        '--engine', choices=('sqlite', 'postgresql'), default='sqlite', help='store'
    )
    parser.add_argument(
        '--only',
        type=lambda text: tuple(text.split(',')),
        metavar='NAMES',
        default=(),
        help=f'some of {",".join(MEASURES)}',
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='all repetitions go there')
    parser.add_argument('--mix', default=DEFAULT_MIX, help='like T1w=57,bold=37,T2w=6')
    parser.add_argument('--repeats', type=float, default=REPEATS, help='share of known scans')
    parser.add_argument('--repetitions', type=int, default=5, metavar='N', help='of each figure')
    parser.add_argument('--seconds', type=float, default=1.5, help='length of each repetition')
    parser.add_argument('--load-only', action='store_true', help='make the data for --keep')
    options = Options(**vars(parser.parse_args(arguments)))
    _check(parser, options)
    return options


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part.replace('_', '')) for part in text.split(','))


def _check(parser: argparse.ArgumentParser, options: Options) -> None:
    unknown = set(options.only) - set(MEASURES)
    if unknown:
        parser.error(f'no such measure: {", ".join(sorted(unknown))}')
    if min(options.curve or (options.records,)) < MIN_RECORDS:
        parser.error(f'{MIN_RECORDS} records at least')
    if options.load_only and options.keep is None:
        parser.error('--load-only needs --keep')
