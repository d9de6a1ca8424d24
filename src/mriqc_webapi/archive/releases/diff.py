"""Which records of one release the other lacks, told by their ids."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from mriqc_webapi.archive.releases.manifest import Manifest, Table
from mriqc_webapi.errors import SetupError

_MEMORY: Final = '1GB'
_COUNT_ADDED: Final = 'SELECT count(*) FROM after ANTI JOIN before USING (id)'
_WITHDRAWN: Final = 'SELECT id FROM before ANTI JOIN after USING (id) ORDER BY id'


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one resource's records from one release to another."""

    resource: str
    n_before: int
    n_after: int
    n_added: int
    withdrawn: tuple[str, ...]  # ids

    @property
    def n_withdrawn(self) -> int:
        """How many are gone."""
        return len(self.withdrawn)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a release's tables, and the folder that they are in."""

    folder: Path
    tables: Sequence[Table]
    policy_version: int | None = None  # of the policy on duplicates

    @classmethod
    def read(cls, folder: Path) -> Part:
        """Read which tables a release has."""
        manifest = Manifest.read(folder)
        return cls(folder, manifest.tables, manifest.policy_version)

    def files(self, resource: str) -> list[str]:
        """List the files with a resource's records."""
        found = (t for t in self.tables if (t.resource, t.view) == (resource, 'raw'))
        return [str(self.folder / file.path) for table in found for file in table.files]


def compare(before: Part, after: Part) -> list[Change]:
    """Compare the records of two releases, resource by resource.

    Raises
    ------
    SetupError
        A file of either cannot be read.
    """
    names = dict.fromkeys(t.resource for part in (after, before) for t in part.tables)
    return list(_changes(before, after, names))


def _changes(before: Part, after: Part, names: dict[str, None]) -> Iterator[Change]:
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute('SET temp_directory = ?', [scratch])
        for name in names:
            for table, part in (('before', before), ('after', after)):
                _open(connection, table, part.files(name))
            yield Change(
                resource=name,
                n_before=_number(connection, 'SELECT count(*) FROM before'),
                n_after=_number(connection, 'SELECT count(*) FROM after'),
                n_added=_number(connection, _COUNT_ADDED),
                withdrawn=tuple(i for (i,) in connection.execute(_WITHDRAWN).fetchall()),
            )


def _open(connection: duckdb.DuckDBPyConnection, table: str, files: list[str]) -> None:
    connection.execute(f'CREATE OR REPLACE TABLE {table} (id VARCHAR)')
    for file in files:
        try:
            connection.execute(f'INSERT INTO {table} SELECT _id FROM read_parquet(?)', [file])  # noqa: S608 - our names
        except duckdb.Error as error:
            raise SetupError(f'{file} {_what_is_wrong(Path(file), error)}') from error


def _what_is_wrong(file: Path, error: duckdb.Error) -> str:
    """Say it without the query, of which nobody has heard."""
    if not file.is_file():
        return 'is missing'
    return f'cannot be read: {str(error).partition(chr(10))[0]}'


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((number,),) = connection.execute(sql).fetchall()
    return int(number)
