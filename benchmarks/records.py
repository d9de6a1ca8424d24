"""Any number of records that look real: the demo's, resampled.

Each is a real record whose numbers are multiplied with noise, under a new id, date, scan and
software version. A record whose scan came before is that scan's first one again: sent twice,
computed twice, or computed by another version. Record *i* is always the same, so nothing needs
to be remembered.

    python -m benchmarks.records T1w 100000 /tmp/T1w.ndjson.zst
"""

import argparse
import hashlib
import io
import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from functools import cached_property
from operator import mul
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import zstandard

import mriqc_webapi

DEMO = Path(mriqc_webapi.__file__).parent / 'cli' / 'demo_data'
FIRST_AT = int(datetime(2017, 6, 1, tzinfo=UTC).timestamp())
LAST_AT = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp())
REPEATS = 0.67  # of the records name a scan that came before; the public archive's share in 2026

NOISE = 0.15  # SD of the logarithm: IQMs vary from scan to scan by about that much
N_NOISE = 2**16
TELL_EVERY = 100_000
MAX_NUMBERS = 100  # of one record
GEOMETRY = ('size_', 'spacing_')  # these stay as they are


@dataclass(frozen=True, slots=True)
class Rerun:
    """How a repeat differs from its scan's first record."""

    share: float  # of the repeats
    noise: float  # SD of the logarithm
    is_same_version: bool


RERUNS = (  # no survey of the public archive tells the shares; all four kinds occur in it
    Rerun(0.45, 0, is_same_version=True),  # sent again
    Rerun(0.15, 1e-9, is_same_version=True),  # computed again, on another machine
    Rerun(0.10, 0.01, is_same_version=True),  # with another atlas, or a random number
    Rerun(0.30, 0.03, is_same_version=False),  # by the version of the day
)

VERSIONS = (  # first day, version; MRIQC's releases
    ('2017-06-01', '0.9.7'),
    ('2018-03-01', '0.10.4'),
    ('2019-01-01', '0.14.2'),
    ('2020-02-01', '0.15.2'),
    ('2021-12-01', '21.0.0rc2'),
    ('2022-08-01', '22.0.6'),
    ('2023-05-01', '23.1.0'),
    ('2024-03-01', '24.0.2'),
    ('2025-02-01', '24.1.0'),
)
_VERSION_AT = [
    (int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()), version)
    for day, version in VERSIONS
]
NULLS_SINCE = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp())  # 24.0.2 writes NaN as null
SIDECARS_SINCE = int(datetime(2020, 2, 1, tzinfo=UTC).timestamp())

# what dcm2niix adds to sidecars; mostly no field of the catalogue
SIDECAR: dict[str, Any] = {
    'ImageType': ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'NORM'],
    'ImagingFrequency': 123.249,
    'SAR': 0.0435,
    'CoilString': 'HE1-4',
    'BaseResolution': 256,
    'PhaseResolution': 1,
}
NULLABLE = ('qi_2', 'cnr', 'snr_total', 'gcor', 'tsnr')
_STATED_ANEW = ('md5sum', 'software', 'version')  # the template's own go

_MASK = 2**64 - 1


def scramble(number: int) -> int:
    """Turn a number into 64 bits that look random (splitmix64)."""
    x = (number + 1) * 0x9E3779B97F4A7C15 & _MASK
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
    return x ^ (x >> 31)


def scan_number(i: int, repeats: float) -> int:
    """Number the scan of record *i*; the share ``repeats`` names an earlier one, often an old."""
    n_before = int(i * (1 - repeats))
    if int((i + 1) * (1 - repeats)) > n_before:
        return n_before
    return int(n_before * (scramble(i) / 2**64) ** 2)


def first_record(scan: int, repeats: float) -> int:
    """Number the first record of a scan."""
    if scan == 0:
        return 0
    i = max(0, int(scan / (1 - repeats)) - 1)
    while int((i + 1) * (1 - repeats)) <= scan:
        i += 1
    return i


@dataclass(frozen=True, slots=True)
class Template:
    """One real record with places for what changes."""

    text: str  # %-format
    nulls: str  # the same with some IQMs null
    numbers: tuple[float, ...]
    is_kept: tuple[bool, ...]  # of the numbers, in `nulls`


@dataclass(frozen=True)
class Source:
    """The records of one resource."""

    resource: str
    n: int
    repeats: float = REPEATS

    def id(self, i: int) -> str:
        """Give the id of record *i*."""
        return f'{self._at(i):08x}{self._process}{i & 0xFFFFFF:06x}'

    @cached_property
    def _process(self) -> str:
        """The middle of every id."""
        return hashlib.md5(self.resource.encode()).hexdigest()[:10]

    def md5sum(self, i: int) -> str:
        """Give the MD5 of the scan of record *i*."""
        scan = scan_number(i, self.repeats)
        return hashlib.md5(b'%s%d' % (self.resource.encode(), scan)).hexdigest()

    def served(self, i: int) -> str:
        """Write record *i* as the service serves it, without links."""
        date = formatdate(self._at(i), usegmt=True)
        etag = hashlib.sha1(b'%d' % i, usedforsecurity=False).hexdigest()
        own = f'"_id":"{self.id(i)}","_created":"{date}","_updated":"{date}","_etag":"{etag}"'
        return f'{{{own},{self._members(i)}}}'

    def posted(self, i: int) -> str:
        """Write record *i* as a client posts it."""
        return f'{{{self._members(i)}}}'

    def _at(self, i: int) -> int:
        return FIRST_AT + (LAST_AT - FIRST_AT) * i // max(self.n, i + 1)

    def _members(self, i: int) -> str:
        first = first_record(scan_number(i, self.repeats), self.repeats)
        rerun = None if first == i else _rerun(i)
        bits = scramble(first)
        template = self._templates[bits % len(self._templates)]
        numbers: Iterable[float] = map(mul, template.numbers, _cut(self._noise, bits))
        if rerun and rerun.noise:
            numbers = map(mul, numbers, _cut(self._rerun_noise[rerun], scramble(-i)))
        at = self._at(first if rerun and rerun.is_same_version else i)
        text = template.text
        if at >= NULLS_SINCE and (bits >> 40) % 10 == 0:
            text = template.nulls
            numbers = (n for n, kept in zip(numbers, template.is_kept, strict=True) if kept)
        has_sidecar = at >= SIDECARS_SINCE and (bits >> 44) % 2 == 0
        md5sum = self.md5sum(i)
        meta = f'"subject_id":"{md5sum[::-1]}{md5sum}"{self._sidecar if has_sidecar else ""}'
        version = next(v for since, v in reversed(_VERSION_AT) if at >= since)
        return text % (meta, md5sum, version, *numbers)

    @cached_property
    def _templates(self) -> list[Template]:
        raw = (DEMO / f'{self.resource}.ndjson.zst').read_bytes()
        lines = zstandard.ZstdDecompressor().stream_reader(raw).read().splitlines()
        return [make_template(orjson.loads(line)) for line in lines]

    @cached_property
    def _noise(self) -> list[float]:
        return _make_noise(self.resource, NOISE)

    @cached_property
    def _rerun_noise(self) -> dict[Rerun, list[float]]:
        return {rerun: _make_noise(self.resource, rerun.noise) for rerun in RERUNS}

    @cached_property
    def _sidecar(self) -> str:
        return ',' + orjson.dumps(SIDECAR).decode()[1:-1]


def _rerun(i: int) -> Rerun:
    share = scramble(~i) / 2**64
    for rerun in RERUNS:
        share -= rerun.share
        if share < 0:
            return rerun
    return RERUNS[0]


def _make_noise(seed: str, sd: float) -> list[float]:
    rng = random.Random(seed)
    once = [rng.lognormvariate(0, sd) for _ in range(N_NOISE)]
    return once + once[:MAX_NUMBERS]


def _cut(noise: list[float], bits: int) -> list[float]:
    start = (bits >> 16) % N_NOISE
    return noise[start : start + MAX_NUMBERS]


def make_template(record: dict[str, Any]) -> Template:
    """Make a template of a real record."""
    meta = {k: v for k, v in record['bids_meta'].items() if k not in {'subject_id', *SIDECAR}}
    provenance = {k: v for k, v in record['provenance'].items() if k not in _STATED_ANEW}
    numbers = {
        k: v for k, v in record.items() if isinstance(v, float) and not k.startswith(GEOMETRY)
    }
    fixed = {
        k: v
        for k, v in record.items()
        if k not in numbers and k[0] != '_' and k not in {'bids_meta', 'provenance'}
    }
    head = (
        f'"bids_meta":{{{_inner(meta)},%s}},'
        f'"provenance":{{{_inner(provenance)},"md5sum":"%s","software":"mriqc","version":"%s"}},'
        f'{_inner(fixed) + "," if fixed else ""}'
    )
    return Template(
        text=head + ','.join(f'"{k}":%.10g' for k in numbers),
        nulls=head + ','.join(f'"{k}":{"null" if k in NULLABLE else "%.10g"}' for k in numbers),
        numbers=tuple(numbers.values()),
        is_kept=tuple(k not in NULLABLE for k in numbers),
    )


def _inner(members: dict[str, Any]) -> str:
    """Write members without their braces, safe within a %-format."""
    return orjson.dumps(members).decode()[1:-1].replace('%', '%%')


def write_served(
    source: Source, path: Path, *, n: int | None = None, is_loud: bool = False
) -> None:
    """Write all records, or the first, as NDJSON; compressed if the name ends in ``.zst``."""
    numbers = range(source.n)[:n]
    _write(map(source.served, _told(numbers, source.resource) if is_loud else numbers), path)


def _told(numbers: range, what: str) -> Iterator[int]:
    """Give the numbers, and say from time to time how many are done."""
    for i in numbers:
        if i and i % TELL_EVERY == 0:
            print(f'{what}: {i:,} of {len(numbers):,} records made', file=sys.stderr)
        yield i


def _write(lines: Iterable[str], path: Path) -> None:
    with _writable(path) as file, io.BufferedWriter(file, 2**20) as buffered:
        for line in lines:
            buffered.write(line.encode() + b'\n')


@contextmanager
def _writable(path: Path) -> Iterator[BinaryIO | zstandard.ZstdCompressionWriter]:
    with path.open('wb', buffering=0) as raw:
        if path.suffix == '.zst':
            with zstandard.ZstdCompressor(level=1, threads=1).stream_writer(raw) as stream:
                yield stream
        else:
            yield raw


def main() -> None:
    """Write a file of records."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('resource', choices=('T1w', 'T2w', 'bold'))
    parser.add_argument('n', type=int, help='how many')
    parser.add_argument('path', type=Path, help='.ndjson or .ndjson.zst')
    parser.add_argument('--repeats', type=float, default=REPEATS, help='share, 0 to 1')
    given = parser.parse_args()
    write_served(Source(given.resource, given.n, given.repeats), given.path)


if __name__ == '__main__':
    main()
