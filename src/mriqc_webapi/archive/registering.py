"""Arrow tables lent to DuckDB under a name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb
import pyarrow as pa


@contextlib.contextmanager
def registered(tx: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Let statements read an Arrow table under a name."""
    tx.register(name, rows)
    try:
        yield
    finally:
        tx.unregister(name)
