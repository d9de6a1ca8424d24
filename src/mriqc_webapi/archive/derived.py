"""What the archive itself says of a record as it enters: era, scanner, and keys of duplicates.

Which rows of a scan or group stand for the others depends on more than one record; `regrouping`
says that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mriqc_webapi.archive.columns import Column, Layout
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.iqm.epochs import epoch_of
from mriqc_webapi.iqm.scanners import field_strength_of, model_of, vendor_of
from mriqc_webapi.iqm.versions import version_key

Arrays = Mapping[str, pa.Array]  # by column; a column without any value may be missing
Hashes = npt.NDArray[np.uint64]

_MANUFACTURER: Final = 'bids_meta.Manufacturer'
_MODEL: Final = 'bids_meta.ManufacturersModelName'
_FIELD: Final = 'bids_meta.MagneticFieldStrength'
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, with bits well spread
_HALF: Final = np.uint64(32)
_ABSENT: Final = np.uint64(1)  # bits of a number that no one measures: 5e-324


def derive(layout: Layout, arrays: Arrays, ids: Sequence[str]) -> dict[str, pa.Array]:
    """Derive the columns of some records that follow from each record alone.

    Parameters
    ----------
    arrays : mapping of str to Array
        What their documents say, by column name.
    ids : sequence of str
        A record without an MD5 is a scan of its own, known by its id.
    """
    if not layout.has_views:
        return {}
    compared = comparison_of(layout)
    md5sums = _values(arrays, compared.md5sum, len(ids))
    names = [md5sum or id_ for md5sum, id_ in zip(md5sums, ids, strict=True)]
    software = _values(arrays, compared.software, len(ids))
    version = _values(arrays, compared.version, len(ids))
    settings = [_values(arrays, c, len(ids)) for c in compared.settings]
    maker = _named(arrays, _MANUFACTURER, len(ids))
    return {
        'epoch': _texts(epoch_of, software, version),
        'vendor': _texts(vendor_of, maker),
        'model': _texts(model_of, _named(arrays, _MODEL, len(ids)), maker),
        'field_strength': pa.array(
            map(field_strength_of, _named(arrays, _FIELD, len(ids))), pa.float64()
        ),
        '_scan': pa.array(map(scan_key, names), pa.uint64()),
        '_group': pa.array(map(_key, zip(names, software, version, *settings)), pa.uint64()),  # noqa: B905 - equal lengths
        '_version': _texts(version_key, version),
        '_vector': _vectors(arrays, compared.metrics, len(ids)),
        '_geometry': pa.array(_hashes(arrays, compared.geometry, len(ids))[0]),
    }


def scan_key(md5sum: str) -> int:
    """Give the number by which the rows of a scan are found."""
    return _key((md5sum,))


def _key(parts: tuple[Any, ...]) -> int:
    text = '\0'.join(map(str, parts))
    digest = blake2b(text.encode('utf-8', 'replace'), digest_size=8).digest()
    return int.from_bytes(digest, 'big')


def _values(arrays: Arrays, column: Column | None, n_rows: int) -> Sequence[Any]:
    return list(repeat(None, n_rows)) if column is None else _named(arrays, column.name, n_rows)


def _named(arrays: Arrays, name: str, n_rows: int) -> Sequence[Any]:
    found = arrays.get(name)
    values: list[Any] = [None] * n_rows if found is None else found.to_pylist()
    return values


def _texts(derive_one: Callable[..., str | None], *values: Sequence[Any]) -> pa.Array:
    return pa.array(map(derive_one, *values), pa.string())


def _vectors(arrays: Arrays, metrics: tuple[Column, ...], n_rows: int) -> pa.Array:
    """Hash metric vectors; one with a missing value has no hash."""
    hashes, is_incomplete = _hashes(arrays, metrics, n_rows)
    return pa.array(hashes, mask=is_incomplete)


def _hashes(
    arrays: Arrays, columns: tuple[Column, ...], n_rows: int
) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Hash the numbers of each row, and tell which rows lack any."""
    hashes = np.zeros(n_rows, np.uint64)
    lacks_any = np.zeros(n_rows, np.bool_)
    for column in columns:
        found = arrays.get(column.name)
        bits, lacks = _bits(found, n_rows)
        lacks_any |= lacks
        hashes = (hashes ^ bits) * _MULTIPLIER
        hashes ^= hashes >> _HALF
    return hashes, lacks_any


def _bits(found: pa.Array | None, n_rows: int) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    if found is None:
        return np.full(n_rows, _ABSENT), np.ones(n_rows, np.bool_)
    values = found.to_numpy(zero_copy_only=False).astype(np.float64) + 0.0  # -0 becomes 0
    lacks = np.isnan(values)
    return np.where(lacks, _ABSENT, values.view(np.uint64)), lacks
