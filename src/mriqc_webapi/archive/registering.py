"""Arrow tables lent to DuckDB under a name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pyarrow as pa

from mriqc_webapi.archive.columns import quoted

FEW_ROWS: Final = 16  # are quicker written into the statement than registered


@contextlib.contextmanager
def registered(tx: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Let statements read an Arrow table under a name."""
    tx.register(name, rows)
    try:
        yield
    finally:
        tx.unregister(name)


@contextlib.contextmanager
def lent(
    tx: duckdb.DuckDBPyConnection, name: str, rows: pa.Table
) -> Iterator[tuple[str, list[Any]]]:
    """Let one statement read an Arrow table under a name.

    Gives what stands after FROM, and the statement's parameters.
    """
    if rows.num_rows > FEW_ROWS:
        with registered(tx, name, rows):
            yield name, []
        return
    written, values = _written(rows)
    yield f'({written}) AS {name}({_names(rows)})', values


def insert(tx: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Insert an Arrow table's rows; columns that it lacks stay empty."""
    if rows.num_rows == 1:
        written, values = _written(rows)
        tx.execute(f'INSERT INTO {table} ({_names(rows)}) {written}', values)
        return
    with registered(tx, 'given', rows):
        tx.execute(f'INSERT INTO {table} BY NAME FROM given')


def _names(rows: pa.Table) -> str:
    return ', '.join(map(quoted, rows.column_names))


def _written(rows: pa.Table) -> tuple[str, list[Any]]:
    """Write rows as a VALUES clause and its parameters."""
    columns = [column.to_pylist() for column in rows.columns]
    marks = ', '.join([f'({", ".join("?" * len(columns))})'] * rows.num_rows)
    return f'VALUES {marks}', [value for row in zip(*columns, strict=True) for value in row]
