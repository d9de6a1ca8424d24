"""The receipts of a dataset: what is where, and how to take it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

import orjson

from mriqc_webapi.client.sending.dataset import Dataset, write_private
from mriqc_webapi.client.sending.summary import Receipt
from mriqc_webapi.errors import DatasetError

RECEIPTS: Final = 'receipts.json'
_NAMES: Final = frozenset(field.name for field in fields(Receipt))


def read_receipts(path: Path) -> list[Receipt]:
    """Read a file of receipts; one that is not there holds none.

    Raises
    ------
    DatasetError
        It is no such file, or may not be read.
    """
    try:
        told = orjson.loads(path.read_bytes())
        return [Receipt(**{k: v for k, v in one.items() if k in _NAMES}) for one in told]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f'{path} cannot be read: {error}; move it aside') from None


def receipts_of(dataset: Dataset) -> list[Receipt]:
    """Read what a dataset has received."""
    return read_receipts(dataset.home / RECEIPTS)


def keep_receipts(dataset: Dataset, new: Iterable[Receipt]) -> None:
    """Add receipts to those of a dataset; the same record has one.

    Raises
    ------
    DatasetError
        What is there cannot be read.
    OSError
        It cannot be written.
    """
    path = dataset.ready_home() / RECEIPTS
    known = {(r.url, r.resource, r.id): r for r in read_receipts(path)}
    for receipt in new:
        before = known.get((receipt.url, receipt.resource, receipt.id))
        if before is None or before.receipt is None:
            known[receipt.url, receipt.resource, receipt.id] = receipt
    lines = (orjson.dumps(asdict(receipt)) for receipt in known.values())
    write_private(path, b'[\n' + b',\n'.join(lines) + b'\n]\n')
