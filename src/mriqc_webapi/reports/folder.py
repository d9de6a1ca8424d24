"""The reports in a folder, and the files beside them; never a file outside the folder."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mriqc_webapi.errors import NotFoundError

_REPORT = re.compile(r'sub-.+\.html?', re.IGNORECASE)
_PICTURES_ONLY = frozenset({'figures'})  # holds what reports show, thousands of files


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds: reports, and the links that lead out of it."""

    reports: tuple[str, ...]  # by name: paths from the folder on, with slashes
    outside: tuple[str, ...]  # not followed


def find_reports(folder: Path) -> Found:
    """Find the individual reports of MRIQC and other NiPreps: ``sub-*.html``, at any depth."""
    reports: list[str] = []
    outside: list[str] = []
    for name in sorted(_candidates(folder), key=_natural):
        (reports if _is_within(folder, folder / name) else outside).append(name)
    return Found(tuple(reports), tuple(outside))


def _candidates(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):  # goes into no linked folder
        folders[:] = [f for f in folders if not f.startswith('.') and f not in _PICTURES_ONLY]
        for file in files:
            if _REPORT.fullmatch(file):
                yield Path(place, file).relative_to(folder).as_posix()


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Order ``sub-2`` before ``sub-10``."""
    parts = re.findall(r'\d+|\D+', name)
    return [(int(p), '') if p.isdecimal() else (0, p) for p in parts], name


def read_within(folder: Path, name: str) -> bytes:
    """Read a file of the folder.

    Links are followed as long as they stay in the folder, as those of DataLad datasets do.

    Raises
    ------
    NotFoundError
        No such file, a hidden one, or one outside the folder.
    """
    parts = name.split('/')
    is_plain = all(part and not part.startswith('.') and '\0' not in part for part in parts)
    path = folder / name
    if not is_plain or not _is_within(folder, path):
        raise NotFoundError(f'there is no {name}')
    # the resolved path has no link in it; one put there meanwhile is not followed
    flags = os.O_RDONLY | getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_BINARY', 0)
    try:
        handle = os.open(path.resolve(), flags | getattr(os, 'O_NONBLOCK', 0))
    except OSError as error:
        raise NotFoundError(f'{name} cannot be read: {error.strerror}') from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotFoundError(f'{name} is no file')
    with os.fdopen(handle, 'rb') as file:
        return file.read()


def _is_within(folder: Path, path: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # nothing there, or links in a circle
        return False
