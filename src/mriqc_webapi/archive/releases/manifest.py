"""What a release holds: its files with their sizes and sums, and where its data come from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, Self, TypeAlias

import orjson

from mriqc_webapi.errors import SetupError

TableView: TypeAlias = Literal['raw', 'canonical']

FORMAT: Final = 1  # of manifest.json
MANIFEST: Final = 'manifest.json'
SUMS: Final = 'SHA256SUMS'
LABELS: Final = 'labels.parquet'  # one row per rated image; no table of a resource
RATING: Final = 'rating'  # the resource; it has one view
_NAME: Final = re.compile(r'[0-9]{4,9}')
_SUM_LINE: Final = re.compile(r'([0-9a-f]{64})  ([^\r\n]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedFile:
    """One file of a release; what is no table has no rows."""

    path: str  # below the release's folder, with slashes
    n_bytes: int
    sha256: str
    n_rows: int | None = None
    resource: str | None = None
    view: TableView | None = None

    @classmethod
    def of(cls, folder: Path, path: str, **known: Any) -> Self:
        """Measure a file."""
        file = folder / path
        return cls(path=path, n_bytes=file.stat().st_size, sha256=sha256_of(file), **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One view of one resource, in one file or more."""

    resource: str
    view: TableView
    files: tuple[ReleasedFile, ...]

    @property
    def n_rows(self) -> int:
        """How many rows it has."""
        return sum(file.n_rows or 0 for file in self.files)

    @property
    def n_bytes(self) -> int:
        """How large its files are together."""
        return sum(file.n_bytes for file in self.files)

    @property
    def is_split(self) -> bool:
        """Whether there is a file for each month."""
        return any('month=' in file.path for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What ``manifest.json`` says."""

    number: int
    created_at: str  # ISO 8601, UTC
    data_version: int  # number of the last change that is in
    policy_version: int  # of the duplicate policy, which makes the canonical views
    previous: int | None  # the release before
    software_version: str = field(default_factory=lambda: version('mriqc-webapi'))
    notes: str = ''
    files: tuple[ReleasedFile, ...] = ()

    @property
    def name(self) -> str:
        """The name of the release's folder."""
        return folder_name(self.number)

    @property
    def n_bytes(self) -> int:
        """How large the release is."""
        return sum(file.n_bytes for file in self.files)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables, in the order of the files."""
        found: dict[tuple[str, TableView], list[ReleasedFile]] = {}
        for file in self.files:
            if file.resource and file.view:
                found.setdefault((file.resource, file.view), []).append(file)
        return tuple(Table(resource=r, view=v, files=tuple(f)) for (r, v), f in found.items())

    @property
    def n_ratings(self) -> int:
        """How many ratings it has, corrected ones too."""
        return sum(t.n_rows for t in self.tables if t.resource == RATING)

    @property
    def n_records(self) -> int:
        """How many records it has, of all resources but ratings."""
        return sum(t.n_rows for t in self.tables if t.view == 'raw') - self.n_ratings

    def table(self, resource: str, view: TableView) -> Table | None:
        """Find a table; one without rows is not there."""
        found = (t for t in self.tables if (t.resource, t.view) == (resource, view))
        return next(found, None)

    @property
    def summary(self) -> dict[str, Any]:
        """The release without its files, for lists."""
        resources: dict[str, dict[str, Any]] = {}
        for table in self.tables:
            told = {'n_rows': table.n_rows, 'n_bytes': table.n_bytes}
            resources.setdefault(table.resource, {})[table.view] = told
        return {
            'release': self.number,
            'name': self.name,
            'created_at': self.created_at,
            'data_version': self.data_version,
            'policy_version': self.policy_version,
            'previous': self.previous,
            'software': {'name': 'mriqc-webapi', 'version': self.software_version},
            'notes': self.notes,
            'n_bytes': self.n_bytes,
            'resources': resources,
        }

    def to_json(self) -> bytes:
        """Write it as the file that `read` reads."""
        files = [_file_json(file) for file in self.files]
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps({'format': FORMAT, **self.summary, 'files': files}, option=options)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a release.

        Raises
        ------
        SetupError
            It is missing, or broken, or of a later format.
        """
        try:
            told = orjson.loads((folder / MANIFEST).read_bytes())
            if told['format'] != FORMAT:
                raise SetupError(
                    f'{folder / MANIFEST} is of format {told["format"]}, not {FORMAT}'
                )
            return cls(
                number=told['release'],
                created_at=told['created_at'],
                data_version=told['data_version'],
                policy_version=told['policy_version'],
                previous=told['previous'],
                software_version=told['software']['version'],
                notes=told['notes'],
                files=tuple(_file(entry) for entry in told['files']),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SetupError(f'{folder / MANIFEST} cannot be read: {_reason(error)}') from error


def folder_name(number: int) -> str:
    """Name the folder of a release."""
    return f'{number:04}'


def is_release_name(name: str) -> bool:
    """Whether a folder of this name is a release's."""
    return _NAME.fullmatch(name) is not None and folder_name(int(name)) == name


def sha256_of(path: Path) -> str:
    """Compute a file's SHA-256 in hexadecimal digits."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def sums_text(sums: dict[str, str]) -> str:
    """Write sums by path as ``sha256sum --check`` reads them."""
    return ''.join(f'{digest}  {path}\n' for path, digest in sums.items())


def read_sums(folder: Path) -> dict[str, str]:
    """Read the sums of a release, by path.

    Raises
    ------
    SetupError
        They are missing or broken.
    """
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, ValueError) as error:
        raise SetupError(f'{folder / SUMS} cannot be read: {_reason(error)}') from error
    found: dict[str, str] = {}
    for line in lines:
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            raise SetupError(f'{folder / SUMS}: {line[:100]!r} is no sum and file')
        found[match[2]] = match[1]
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, KeyError):
        return f'{error} is missing in it'
    return 'it has another form' if isinstance(error, TypeError) else str(error)


def _file_json(file: ReleasedFile) -> dict[str, Any]:
    told = {'path': file.path, 'n_bytes': file.n_bytes, 'sha256': file.sha256}
    if file.n_rows is None:
        return told
    told['n_rows'] = file.n_rows
    return told | ({'resource': file.resource, 'view': file.view} if file.resource else {})


def _file(entry: dict[str, Any]) -> ReleasedFile:
    path = PurePosixPath(entry['path'])
    if path.is_absolute() or '..' in path.parts:
        raise ValueError(f'the path {path} leaves the folder')
    return ReleasedFile(
        path=str(path),
        n_bytes=entry['n_bytes'],
        sha256=entry['sha256'],
        n_rows=entry.get('n_rows'),
        resource=entry.get('resource'),
        view=entry.get('view'),
    )
