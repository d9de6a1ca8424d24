"""Tables taken in while they arrive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from queue import Queue
from typing import Final

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from mriqc_webapi.client.columns import write_columns

WAITING: Final = 16  # parts of an answer that may wait to be taken apart


class ArrowSink:
    """Takes an Arrow stream apart into a folder of columns, in a thread, as it comes in.

    Parameters
    ----------
    heard : callable
        Called with the number of bytes that have come in.
    """

    def __init__(self, folder: Path, heard: Callable[[int], None]) -> None:
        self.headers: Mapping[str, str] = {}
        self._folder = folder
        self._heard = heard
        self._parts: Queue[bytes | None] = Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._n_bytes = 0
        self._n_rows = 0

    def begin(self, _status: int, headers: Mapping[str, str]) -> None:
        """Start the thread."""
        self.headers = headers
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def write(self, content: bytes) -> None:
        """Hand over the next part."""
        self._parts.put(content)
        self._n_bytes += len(content)
        self._heard(self._n_bytes)

    def finish(self) -> int:
        """Wait until all is written; returns the number of rows.

        Raises
        ------
        pyarrow.ArrowInvalid
            The stream had no end.
        """
        self.close()
        if self._error is not None:
            raise self._error
        return self._n_rows

    def close(self) -> None:
        """Take nothing more."""
        if self._thread is not None:
            self._parts.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        reader = _Reader(self._parts)
        try:
            stream = pyarrow.ipc.open_stream(pa.PythonFile(reader, 'r'))
            self._n_rows = write_columns(self._folder, stream.schema, stream)
        except BaseException as error:  # told to whoever waits for the end
            self._error = error
        reader.exhaust()


class _Reader:
    """What is in a queue, as a file."""

    closed = False

    def __init__(self, parts: Queue[bytes | None]) -> None:
        self._parts = parts
        self._held = memoryview(b'')
        self._is_over = False

    def read(self, n_bytes: int = -1) -> bytes | bytearray:
        if n_bytes <= len(self._held):
            taken, self._held = self._held[:n_bytes], self._held[n_bytes:]
            return bytes(taken)
        found = bytearray(self._held)
        self._held = memoryview(b'')
        while not self._is_over and len(found) < n_bytes:
            part = self._parts.get()
            self._is_over = part is None
            room = n_bytes - len(found)
            if part is not None:
                found += part[:room]
                self._held = memoryview(part)[room:]
        return found

    def exhaust(self) -> None:
        while not self._is_over:
            self._is_over = self._parts.get() is None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def take_in_parquet(path: Path, folder: Path) -> int:
    """Take a Parquet file apart into a folder of columns; returns the number of rows."""
    with pyarrow.parquet.ParquetFile(path) as file:
        groups = map(file.read_row_group, range(file.num_row_groups))
        batches = chain.from_iterable(group.to_batches() for group in groups)
        return write_columns(folder, file.schema_arrow, batches)
