"""Tables on this machine, opened for one question."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Some tables, opened; one per resource."""

    connection: duckdb.DuckDBPyConnection
    sources: Mapping[str, str]  # by resource: what stands after FROM
    state: str  # names their content
    data_version: int | None = None


class Source(Protocol):
    """Where tables are."""

    name: str

    def opened(self) -> contextlib.AbstractContextManager[Tables]:
        """Open them for one question."""
