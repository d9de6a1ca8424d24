"""Whether a release still is what it was: every file, its sum and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from mriqc_webapi.archive.releases.manifest import (
    MANIFEST,
    SUMS,
    Manifest,
    ReleasedFile,
    read_sums,
    sha256_of,
)
from mriqc_webapi.errors import SetupError


def verify(folder: Path, *, number: int | None = None) -> list[str]:
    """Compare a release with its manifest and sums; return what differs, a sentence each.

    Parameters
    ----------
    number : int, optional
        Which release the folder should hold; any by default, as in a download.
    """
    try:
        manifest, sums = Manifest.read(folder), read_sums(folder)
    except SetupError as error:
        return [str(error)]
    return [*_misplaced(manifest, number), *_findings(folder, manifest, sums)]


def _misplaced(manifest: Manifest, number: int | None) -> Iterator[str]:
    if number not in {None, manifest.number}:
        yield f'{MANIFEST}: of release {manifest.name}, but the folder is that of {number}'


def _findings(folder: Path, manifest: Manifest, sums: dict[str, str]) -> Iterator[str]:
    told = {file.path: file.sha256 for file in manifest.files}
    told[MANIFEST] = sha256_of(folder / MANIFEST)
    for path in sorted(told.keys() ^ sums.keys()):
        yield f'{path}: in one of {MANIFEST} and {SUMS} only'
    for path in sorted(told.keys() & sums.keys()):
        if told[path] != sums[path]:
            yield f'{path}: {MANIFEST} and {SUMS} disagree on its sum'
    for file in manifest.files:
        yield from _file_findings(folder, file)
    for path in sorted(_present(folder) - told.keys() - {SUMS}):
        yield f'{path}: not part of the release'


def _file_findings(folder: Path, file: ReleasedFile) -> Iterator[str]:
    path = folder / file.path
    if path.is_symlink() or not path.is_file():
        yield f'{file.path}: missing'
        return
    size = path.stat().st_size
    if size != file.n_bytes:
        yield f'{file.path}: {size} bytes instead of {file.n_bytes}'
    elif sha256_of(path) != file.sha256:
        yield f'{file.path}: its content has changed'
    if file.n_rows is not None and (n_rows := _count_rows(path)) != file.n_rows:
        found = 'no table' if n_rows is None else f'{n_rows} rows instead of {file.n_rows}'
        yield f'{file.path}: {found}'


def _count_rows(path: Path) -> int | None:
    try:
        n_rows: int = pyarrow.parquet.read_metadata(path).num_rows
    except (pa.ArrowInvalid, OSError):
        return None
    return n_rows


def _present(folder: Path) -> set[str]:
    paths = (p for p in folder.rglob('*') if p.is_symlink() or not p.is_dir())
    return {p.relative_to(folder).as_posix() for p in paths}
