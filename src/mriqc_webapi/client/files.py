"""Releases and single tables on this machine."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

from mriqc_webapi.archive.releases.manifest import MANIFEST, Manifest
from mriqc_webapi.client.tables import Tables
from mriqc_webapi.errors import PlaceError
from mriqc_webapi.iqm.loader import load_catalogue

SUFFIX: Final = '.parquet'
MAGIC: Final = b'PAR1'


class FileSource:
    """Parquet files, by resource.

    Parameters
    ----------
    files : mapping of str to sequence of Path
        The files of each table.
    """

    def __init__(
        self,
        name: str,
        files: Mapping[str, Sequence[Path]],
        *,
        data_version: int | None = None,
    ) -> None:
        self.name = name
        self._files = files
        self._data_version = data_version

    @contextlib.contextmanager
    def opened(self) -> Iterator[Tables]:
        """Open them for one question."""
        with duckdb.connect() as connection:
            connection.execute('SET enable_progress_bar = false')
            yield Tables(
                connection=connection,
                sources={resource: _sql(paths) for resource, paths in self._files.items()},
                state=self._state(),
                data_version=self._data_version,
            )

    def _state(self) -> str:
        told = hashlib.sha256()
        for path in sorted({path for paths in self._files.values() for path in paths}):
            found = path.stat()
            told.update(f'{path}\0{found.st_size}\0{found.st_mtime_ns}\0'.encode())
        return told.hexdigest()[:32]


def release_source(folder: Path) -> FileSource:
    """Open a release.

    Raises
    ------
    SetupError
        Its manifest is broken.
    """
    manifest = Manifest.read(folder)
    return FileSource(
        str(folder),
        {resource: [folder / f for f in files] for resource, files in table_files(manifest)},
        data_version=manifest.data_version,
    )


def table_files(manifest: Manifest) -> Iterator[tuple[str, list[str]]]:
    """Name the files of each resource's whole table."""
    for table in manifest.tables:
        if table.view == 'raw':
            yield table.resource, [file.path for file in table.files]


def folder_source(folder: Path) -> FileSource:
    """Open a folder of tables, each named after its resource.

    Raises
    ------
    PlaceError
        There is no table.
    """
    if (folder / MANIFEST).exists():
        return release_source(folder)
    paths = sorted(folder.glob(f'*{SUFFIX}'))
    if not paths:
        raise PlaceError(
            f'{folder} is no release, no mirror, and holds no Parquet file;'
            ' to make a mirror, call mirror() of a service'
        )
    files: dict[str, list[Path]] = {}
    for path in paths:
        files.setdefault(_resource(path) or path.stem, []).append(path)
    return FileSource(str(folder), files)


def file_source(path: Path) -> FileSource:
    """Open one table. If its name does not begin with a resource's, it answers for any.

    Raises
    ------
    PlaceError
        It is no Parquet file.
    """
    with path.open('rb') as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise PlaceError(f'{path} is no Parquet file')
    known = _resource(path)
    names = [known] if known else [*load_catalogue().resources, path.stem]
    return FileSource(str(path), {name: [path] for name in names})


def _resource(path: Path) -> str | None:
    """Read a resource off a name such as ``T1w-canonical.parquet``."""
    known = sorted(load_catalogue().resources, key=len, reverse=True)
    return next((n for n in known if path.stem == n or path.stem.startswith(f'{n}-')), None)


def _sql(paths: Sequence[Path]) -> str:
    listed = ', '.join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f'read_parquet([{listed}], union_by_name = true, hive_partitioning = false)'
