"""A table as a folder of columns, from which a frame is made without copying anything.

Numbers are NumPy files, texts are Arrow streams. A frame maps them into memory: what nobody looks
at is never read, and what somebody changes is changed in that process only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Protocol, Self, TypeAlias

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
from numpy.typing import NDArray

from mriqc_webapi.client.frames import RecordFrame

Kind: TypeAlias = Literal['float', 'integer', 'boolean', 'date', 'text']

INDEX: Final = 'columns.json'
_DTYPES: Final[dict[Kind, str]] = {
    'float': '<f8',
    'integer': '<i8',
    'boolean': '|b1',
    'date': '<M8[ms]',
}


class ColumnFolder:
    """Takes a table batch by batch, and appends to one file or two per column."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.n_rows = 0
        self._folder = folder
        self._fields = {field.name: _kind(field.type) for field in schema}
        self._files: list[_Writer] = [
            _writer(folder / _file_name(number), kind)
            for number, kind in enumerate(self._fields.values())
        ]

    def add(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        for file, values in zip(self._files, batch.columns, strict=True):
            file.add(values)
        self.n_rows += batch.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()
        if kind is None:
            told = {'n_rows': self.n_rows, 'columns': list(self._fields.items())}
            (self._folder / INDEX).write_bytes(orjson.dumps(told))


def write_columns(folder: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write a table; no more than one batch is in memory at once. Returns the number of rows."""
    with ColumnFolder(folder, schema) as columns:
        for batch in batches:
            columns.add(batch)
    return columns.n_rows


def read_frame(folder: Path) -> RecordFrame:
    """Make a frame of a folder that was written here."""
    told = orjson.loads((folder / INDEX).read_bytes())
    columns = {
        name: _read(folder / _file_name(number), kind)
        for number, (name, kind) in enumerate(told['columns'])
    }
    return RecordFrame(columns, index=pd.RangeIndex(told['n_rows']), copy=False)


class _Writer(Protocol):
    def add(self, values: pa.Array) -> None: ...
    def close(self) -> None: ...


class _Numbers:
    """A NumPy file that grows; its head says at the end how long it has become."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self._dtype = np.dtype(_DTYPES[kind])
        self._n_rows = 0
        self._file: IO[bytes] = path.with_suffix('.npy').open('wb')
        self._write_head()

    def add(self, values: pa.Array) -> None:
        self._n_rows += len(values)
        self.append(_plain(values, self._dtype))

    def append(self, values: NDArray[Any]) -> None:
        np.ascontiguousarray(values, dtype=self._dtype).tofile(self._file)

    def close(self) -> None:
        self._file.seek(0)
        self._write_head()
        self._file.close()

    def _write_head(self) -> None:
        # NumPy leaves room for the first length to grow
        shape = (self._n_rows,)
        head = {'descr': self._dtype.str, 'fortran_order': False, 'shape': shape}
        np.lib.format.write_array_header_1_0(self._file, head)


class _MaskedNumbers:
    """Numbers of a kind that has no value for what is missing; another file tells where it is."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self._values = _Numbers(path, kind)
        self._mask = _Numbers(_mask(path), 'boolean')

    def add(self, values: pa.Array) -> None:
        self._values.add(values)
        self._mask.add(pc.is_null(values))

    def close(self) -> None:
        self._values.close()
        self._mask.close()


class _Texts:
    """An Arrow stream of one column."""

    def __init__(self, path: Path) -> None:
        schema = pa.schema([('texts', pa.large_string())])
        self._file = pa.OSFile(str(path.with_suffix('.arrow')), 'wb')
        self._writer = pyarrow.ipc.new_stream(self._file, schema)

    def add(self, values: pa.Array) -> None:
        batch = pa.record_batch([values.cast(pa.large_string())], names=['texts'])
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()
        self._file.close()


def _writer(path: Path, kind: Kind) -> _Writer:
    if kind == 'text':
        return _Texts(path)
    return _Numbers(path, kind) if kind in {'float', 'date'} else _MaskedNumbers(path, kind)


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_floating(type_):
        return 'float'
    if pa.types.is_integer(type_):
        return 'integer'
    if pa.types.is_boolean(type_):
        return 'boolean'
    return 'date' if pa.types.is_timestamp(type_) else 'text'


def _plain(values: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give the values, with NaN, NaT, 0 or False for what is missing."""
    if values.null_count and dtype.kind in 'fib':
        fillers = {'f': float('nan'), 'i': 0, 'b': False}
        values = values.fill_null(pa.scalar(fillers[dtype.kind], values.type))
    found: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return found


def _read(path: Path, kind: Kind) -> Any:
    if kind == 'text':
        source = pa.memory_map(str(path.with_suffix('.arrow')))
        texts = pyarrow.ipc.open_stream(source).read_all().column('texts')
        return pd.array(texts, dtype='str')
    values = _mapped(path)
    if kind == 'integer':
        return pd.arrays.IntegerArray(values, _mapped(_mask(path)))
    if kind == 'boolean':
        return pd.arrays.BooleanArray(values, _mapped(_mask(path)))
    return values


def _mapped(path: Path) -> NDArray[Any]:
    # mode c: what is written stays in this process
    mapped: NDArray[Any] = np.load(path.with_suffix('.npy'), mmap_mode='c')
    return mapped.view(np.ndarray)


def _mask(path: Path) -> Path:
    return path.with_name(f'{path.name}-mask')


def _file_name(number: int) -> str:
    return f'{number:04}'
