"""The folder that holds the releases: a folder each, named by its number.

A release is written aside, under a name that no reader looks at, and renamed when it is whole.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from mriqc_webapi.archive.releases.manifest import Manifest, folder_name, is_release_name
from mriqc_webapi.archive.slots import try_lock
from mriqc_webapi.errors import NotFoundError, SetupError

log = logging.getLogger(__name__)

PARTIAL: Final = '.partial-'
_LOCK: Final = '.lock'


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that is being written."""

    number: int
    previous: int | None
    folder: Path  # becomes the release

    def path(self, name: str) -> Path:
        """Give the path of a file to write, whose folder is then there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str | bytes) -> None:
        """Write a small file."""
        self.path(name).write_bytes(content.encode() if isinstance(content, str) else content)


class Shelf:
    """All releases of one archive."""

    @classmethod
    def within(cls, data_dir: Path) -> Self:
        """Give the releases of a data folder."""
        return cls(data_dir / 'releases')

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Number the releases, the oldest first."""
        try:
            found = [e.name for e in os.scandir(self.folder) if _is_release(e)]
        except FileNotFoundError:
            return []
        return sorted(map(int, found))

    def path(self, number: int) -> Path:
        """Give the folder of a release.

        Raises
        ------
        NotFoundError
            There is no such release.
        """
        if number not in self.numbers():
            raise NotFoundError(f'there is no release {number}')
        return self.folder / folder_name(number)

    def manifest(self, number: int) -> Manifest:
        """Read what a release says of itself; raises what `path` and `Manifest.read` raise."""
        return Manifest.read(self.path(number))

    def manifests(self) -> list[Manifest]:
        """Read what all releases say, the oldest first; damaged ones are left out."""
        found: list[Manifest] = []
        for number in self.numbers():
            try:
                found.append(self.manifest(number))
            except (SetupError, NotFoundError) as error:
                log.warning('release %d is left out: %s', number, error)
        return found

    @contextlib.contextmanager
    def drafting(self) -> Iterator[Draft]:
        """Make the next release of what the block writes; if it fails, nothing is left.

        Raises
        ------
        SetupError
            Another process is at it, or the folder cannot be written to.
        """
        with self._writing(), self._locked():
            self._clear()
            known = self.numbers()
            number = known[-1] + 1 if known else 1
            folder = self.folder / f'{PARTIAL}{folder_name(number)}'
            folder.mkdir()
            try:
                yield Draft(number, known[-1] if known else None, folder)
                flush_tree(folder)
                folder.rename(self.folder / folder_name(number))
                flush(self.folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say which folder it was where a disk does not say so."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except BrokenPipeError:  # whoever hears of the progress has gone
            raise
        except OSError as error:
            where, why = error.filename or self.folder, error.strerror or error
            raise SetupError(f'{where} cannot be read or written: {why}') from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        fd = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try_lock(fd)
        except OSError:
            os.close(fd)
            raise SetupError(f'another process is making a release in {self.folder}') from None
        try:
            yield
        finally:
            os.close(fd)

    def _clear(self) -> None:
        """Remove what an interrupted attempt has left."""
        for left in self.folder.glob(f'{PARTIAL}*'):
            shutil.rmtree(left)


def _is_release(entry: os.DirEntry[str]) -> bool:
    return is_release_name(entry.name) and entry.is_dir(follow_symlinks=False)


def flush_tree(folder: Path) -> None:
    """Wait until a folder and all in it are on the disk."""
    for path in folder.rglob('*'):
        flush(path)
    flush(folder)


def flush(path: Path) -> None:
    """Wait until a file, or the list of a folder's files, is on the disk."""
    if path.is_dir() and os.name == 'nt':  # there a folder cannot be opened
        return
    fd = os.open(path, os.O_RDONLY if os.name != 'nt' else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
