"""Any number of records that look real: the demo's, resampled.

Each is a real record whose numbers are multiplied with noise, under a new id, date, scan and
software version. Record *i* is always the same, so nothing needs to be remembered.

    python -m benchmarks.records T1w 100000 /tmp/T1w.ndjson.zst
"""

import argparse
import hashlib
import io
import random
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
USUAL_REPEATS = 0.25  # of the records name a scan that came before
PRODUCTION_REPEATS = 0.67  # of those in the public archive, August 2026

NOISE = 0.15  # SD of the logarithm: IQMs vary from scan to scan by about that much
N_NOISE = 2**16
OWN_PROCESS = '6d72697163'  # the middle of every id

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
    repeats: float = USUAL_REPEATS

    def id(self, i: int) -> str:
        """Give the id of record *i*."""
        return f'{self._at(i):08x}{OWN_PROCESS}{i & 0xFFFFFF:06x}'

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
        bits = scramble(i)
        template = self._templates[bits % len(self._templates)]
        start = (bits >> 16) % N_NOISE
        noise = self._noise[start : start + len(template.numbers)]
        numbers: Iterable[float] = map(mul, template.numbers, noise)
        at = self._at(i)
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
        rng = random.Random(self.resource)
        once = [rng.lognormvariate(0, NOISE) for _ in range(N_NOISE)]
        return once + once[:200]  # as many numbers as any record has

    @cached_property
    def _sidecar(self) -> str:
        return ',' + orjson.dumps(SIDECAR).decode()[1:-1]


def make_template(record: dict[str, Any]) -> Template:
    """Make a template of a real record."""
    meta = {k: v for k, v in record['bids_meta'].items() if k not in {'subject_id', *SIDECAR}}
    provenance = {k: v for k, v in record['provenance'].items() if k not in _STATED_ANEW}
    numbers = {k: v for k, v in record.items() if isinstance(v, float)}
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


def write_served(source: Source, path: Path, *, n: int | None = None) -> None:
    """Write all records, or the first, as NDJSON; compressed if the name ends in ``.zst``."""
    _write(map(source.served, range(source.n)[:n]), path)


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
    parser.add_argument('--repeats', type=float, default=USUAL_REPEATS, help='share, 0 to 1')
    given = parser.parse_args()
    write_served(Source(given.resource, given.n, given.repeats), given.path)


if __name__ == '__main__':
    main()
