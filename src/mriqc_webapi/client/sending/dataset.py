"""What a dataset keeps for itself beside its files: its salt, an agreement, receipts, a switch.

All of it lies in ``.mriqc-webapi`` in the dataset. Where that cannot be written, it lies in the
user's own folder for program state.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

import orjson

from mriqc_webapi.client.sending.disclosure import Policy
from mriqc_webapi.errors import DatasetError, QueryError

FOLDER: Final = '.mriqc-webapi'
NO_SUB: Final = 'no-sub'
NO_SUB_VARIABLE: Final = 'MRIQC_NO_SUB'

_SALT: Final = 'salt'
_CONSENT: Final = 'consent.json'
_GITIGNORE: Final = '.gitignore'
_SALT_BYTES: Final = 32
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_OFF: Final = frozenset({'', '0', 'false', 'no', 'off'})
_WITHIN: Final = re.compile(r'(?:sub|ses)-.*|anat|func|dwi|derivatives')


@dataclass(frozen=True, slots=True)
class Dataset:
    """The folder that records come from."""

    root: Path
    state: Path  # folder of the user's own, for datasets that cannot be written to

    @property
    def home(self) -> Path:
        """The folder of what is kept; it may not exist yet."""
        own = self.root / FOLDER
        is_writable = os.access(own if own.is_dir() else self.root, os.W_OK)
        return own if is_writable else self._fallback

    @property
    def salt(self) -> bytes:
        """The dataset's secret, made when it is first asked for.

        Raises
        ------
        DatasetError
            It cannot be read: it is another user's, or damaged.
        OSError
            It cannot be written.
        """
        for folder in (self.root / FOLDER, self._fallback):
            with contextlib.suppress(FileNotFoundError):
                return _read_salt(folder / _SALT)
        path = self.ready_home() / _SALT
        _create(path, token_hex(_SALT_BYTES).encode() + b'\n')
        return _read_salt(path)

    def ready_home(self) -> Path:
        """Give the folder of what is kept; make it if it is not there."""
        home = self.home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = home / _GITIGNORE
        if not ignore.exists():  # a salt that is committed is none
            ignore.write_text('*\n')
        return home

    def agreed(self, url: str) -> Policy | None:
        """Look up what somebody agreed to send to a service."""
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError, QueryError):
            given = orjson.loads((self.home / _CONSENT).read_bytes())[url]
            return Policy(**given['policy'])
        return None

    def agree(self, url: str, policy: Policy) -> None:
        """Remember that somebody agreed."""
        path = self.ready_home() / _CONSENT
        given = {}
        with contextlib.suppress(OSError, ValueError):
            given = orjson.loads(path.read_bytes())
        at = datetime.now(UTC).isoformat(timespec='seconds')
        given[url] = {'policy': asdict(policy), 'agreed_at': at}
        write_private(path, orjson.dumps(given, option=orjson.OPT_INDENT_2))

    def switch_off(self) -> Path:
        """Never send from this dataset again; gives the file that says so."""
        path = self.ready_home() / NO_SUB
        path.touch()
        return path

    @property
    def _fallback(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return self.state / 'datasets' / name


def find_dataset(path: Path, state: Path) -> Dataset:
    """Find the dataset that a file or folder belongs to.

    A folder is one itself, unless it is a part of one by its name (``sub-01``, ``anat``, …). Of a
    file or such a part it is the nearest folder around it that describes itself as a dataset, or
    has sent before.
    """
    start = path.resolve()
    if not start.is_dir():
        start = start.parent
    elif not _WITHIN.fullmatch(start.name):
        return Dataset(start, state)
    outer = start
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir() or (folder / 'dataset_description.json').is_file():
            return Dataset(folder, state)
        if not _WITHIN.fullmatch(folder.name):
            outer = folder
            break
    return Dataset(outer, state)


def switched_off(folder: Path | None) -> str:
    """Say who switched sending off, for all or for a dataset; '' if nobody did.

    Raises
    ------
    DatasetError
        It cannot be told.
    """
    value = os.environ.get(NO_SUB_VARIABLE, '')
    if value.strip().lower() not in _OFF:
        return f'{NO_SUB_VARIABLE} is set in the environment'
    for around in () if folder is None else (folder, *folder.parents):
        switch = around / FOLDER / NO_SUB
        try:
            if switch.exists():
                return f'{switch} is there'
        except PermissionError:
            raise DatasetError(
                f'{switch.parent} is of another user, and you may not look into it: ask them to '
                'let you, or to send the records'
            ) from None
    return ''


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    aside = path.with_name(f'.{path.name}.{token_hex(4)}')
    try:
        with os.fdopen(os.open(aside, _NEW_FILE, 0o600), 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _create(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, unless another process was first."""
    aside = path.with_name(f'.{path.name}.{token_hex(4)}')
    write_private(aside, content)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    except OSError:  # file systems without hard links
        if not path.exists():
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _read_salt(path: Path) -> bytes:
    try:
        salt = bytes.fromhex(path.read_text().strip())
    except PermissionError:
        raise DatasetError(
            f'{path} is the secret salt of this dataset, and you may not read it: ask its owner '
            'to let you, or to send the records'
        ) from None
    except ValueError:
        salt = b''
    if len(salt) != _SALT_BYTES:
        raise DatasetError(f'{path} is damaged: put back the one from before')
    return salt
