"""Copies of a release elsewhere: in a folder, or in object storage under an ``s3://`` address.

A reader knows a release by its manifest, and the newest by ``latest.json`` beside the releases.
Both are written after everything else, so a half copy is never taken for a release.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import orjson
import pyarrow as pa
from pyarrow import fs

from mriqc_webapi.archive.releases.manifest import MANIFEST, SUMS, Manifest, sha256_of
from mriqc_webapi.archive.releases.media import FOR_GOOD, media_type
from mriqc_webapi.archive.releases.shelf import PARTIAL, flush_tree
from mriqc_webapi.errors import SetupError

_FORBIDDEN: Final = 'ACCESS_DENIED'  # what Arrow says of 403
LATEST: Final = 'latest.json'
_CHUNK: Final = 8 * 2**20

Heard = Callable[[int], None]  # bytes copied


class Place(Protocol):
    """Where copies go."""

    def check(self) -> None:
        """Raise SetupError if nothing can be put there."""

    def read(self, name: str) -> bytes | None:
        """Read a small file; None if it is not there."""

    def write(self, name: str, content: bytes) -> None:
        """Write a small file at once."""

    def put(self, folder: Path, manifest: Manifest, heard: Heard) -> None:
        """Copy a release that is not there yet, so that its manifest comes last."""


def open_place(address: str, environment: Mapping[str, str]) -> Place:
    """Find the place that an address names: a folder, ``s3://bucket/prefix``, or the like.

    Parameters
    ----------
    environment : mapping of str to str
        For ``s3://`` the variables of Amazon's tools hold: AWS_ENDPOINT_URL, AWS_REGION,
        AWS_ACCESS_KEY_ID and so on.

    Raises
    ------
    SetupError
        The address means nothing.
    """
    parts = urlsplit(address)
    if len(parts.scheme) < 2:  # one letter is a drive of Windows
        return Folder(Path(address))
    if parts.scheme == 's3':
        root = f'{parts.netloc}{parts.path}'.strip('/')
        if not parts.netloc:
            raise SetupError(f'{address} names no bucket: s3://BUCKET/PREFIX')
        return Objects(_s3(environment), root)
    try:
        system, root = fs.FileSystem.from_uri(address)
    except (pa.ArrowException, OSError) as error:
        raise SetupError(f'{address} cannot be written to: {error}') from None
    return Objects(system, root.rstrip('/'))


def copy_release(folder: Path, place: Place, *, heard: Heard | None = None) -> bool:
    """Copy a release; return whether it was not there before.

    Raises
    ------
    SetupError
        There is another release of that number, or the place cannot be written to.
    """
    manifest = Manifest.read(folder)
    with _failures():
        there = place.read(f'{manifest.name}/{MANIFEST}')
        if there is not None and there != (folder / MANIFEST).read_bytes():
            raise SetupError(f'another release {manifest.number} is there already')
        if there is None:
            place.put(folder, manifest, heard or (lambda _: None))
        _point(place, folder, manifest)
        return there is None


def _point(place: Place, folder: Path, manifest: Manifest) -> None:
    """Name the newest release."""
    known = place.read(LATEST)
    if known is not None and orjson.loads(known)['release'] > manifest.number:
        return
    told = {
        'release': manifest.number,
        'name': manifest.name,
        'created_at': manifest.created_at,
        'data_version': manifest.data_version,
        'manifest': f'{manifest.name}/{MANIFEST}',
        'sha256': sha256_of(folder / MANIFEST),
    }
    place.write(LATEST, orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))


@contextlib.contextmanager
def _failures(what: str = 'the copy failed') -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise SetupError(f'{what}: {error}') from error


class Folder:
    """A folder of releases, each copied aside and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self) -> None:
        """Refuse what is there and no folder, or is below a file."""
        there = next(
            path for path in (self._root, *self._root.absolute().parents) if path.exists()
        )
        if not there.is_dir():
            raise SetupError(f'{there} is no folder')

    def read(self, name: str) -> bytes | None:
        """Read a small file; None if it is not there."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file at once."""
        aside = self._root / f'{PARTIAL}{name}'
        aside.write_bytes(content)
        aside.replace(self._root / name)

    def put(self, folder: Path, manifest: Manifest, heard: Heard) -> None:
        """Copy a release that is not there yet."""
        aside = self._root / f'{PARTIAL}{manifest.name}'
        shutil.rmtree(aside, ignore_errors=True)
        try:
            for path in _paths(manifest):
                to = aside / path
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, to)
                heard(to.stat().st_size)
            flush_tree(aside)
            aside.rename(self._root / manifest.name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


class Objects:
    """Object storage, through Arrow's file systems."""

    def __init__(self, system: Any, root: str) -> None:
        self._system = system
        self._root = root

    def check(self) -> None:
        """Refuse a bucket that cannot be reached, or is not there."""
        bucket = self._root.partition('/')[0]
        with _failures('the place cannot be reached'):
            if bucket and self._type_of(bucket) == fs.FileType.NotFound:
                raise SetupError(f'there is no bucket {bucket}')

    def _type_of(self, bucket: str) -> fs.FileType:
        try:
            found: fs.FileType = self._system.get_file_info([bucket])[0].type
        except OSError as error:
            if _FORBIDDEN not in str(error):
                raise
            return fs.FileType.Unknown  # who may write below it may not be allowed to ask
        return found

    def read(self, name: str) -> bytes | None:
        """Read a small file; None if it is not there."""
        try:
            with self._system.open_input_stream(f'{self._root}/{name}') as stream:
                content: bytes = stream.read()
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a small file at once."""
        with self._stream(name) as stream:
            stream.write(content)

    def put(self, folder: Path, manifest: Manifest, heard: Heard) -> None:
        """Copy a release file by file, the manifest last."""
        for path in _paths(manifest):
            name = f'{manifest.name}/{path}'
            with (folder / path).open('rb') as file, self._stream(name) as stream:
                while chunk := file.read(_CHUNK):
                    stream.write(chunk)
                    heard(len(chunk))
            self._require(name, (folder / path).stat().st_size)

    def _stream(self, name: str) -> Any:
        told = {
            'Content-Type': media_type(name),
            'Cache-Control': 'no-cache' if name == LATEST else FOR_GOOD,
        }
        return self._system.open_output_stream(f'{self._root}/{name}', metadata=told)

    def _require(self, name: str, n_bytes: int) -> None:
        (found,) = self._system.get_file_info([f'{self._root}/{name}'])
        if found.size != n_bytes:
            raise SetupError(f'{name}: {found.size} bytes arrived instead of {n_bytes}')


def _paths(manifest: Manifest) -> list[str]:
    return [*(file.path for file in manifest.files), SUMS, MANIFEST]


def _s3(environment: Mapping[str, str]) -> Any:
    endpoint = environment.get('AWS_ENDPOINT_URL_S3') or environment.get('AWS_ENDPOINT_URL')
    options: dict[str, Any] = {
        'region': environment.get('AWS_REGION') or environment.get('AWS_DEFAULT_REGION')
    }
    if endpoint:
        parts = urlsplit(endpoint)
        options |= {'endpoint_override': parts.netloc, 'scheme': parts.scheme}
    return fs.S3FileSystem(**options)
