"""From what people write to the place that they mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from mriqc_webapi.client.cache import Cache
from mriqc_webapi.client.packages import require
from mriqc_webapi.client.patience import Patience
from mriqc_webapi.client.place import Place
from mriqc_webapi.client.progress import Bars
from mriqc_webapi.client.releases import ReleasePlace
from mriqc_webapi.client.service import ServicePlace
from mriqc_webapi.errors import PlaceError

_INTERFACE: Final = re.compile(r'/api/v[12]/?$')
_RELEASE: Final = re.compile(r'/\d{4,9}(/manifest\.json)?/?$')


def open_place(where: str | Path, *, cache: Cache | None, bars: Bars, patience: Patience) -> Place:
    """Open a service, a release at an address or on this machine, a mirror, or a table.

    Raises
    ------
    PlaceError
        It is nothing of this kind.
    """
    text = str(where)
    if '://' in text:
        return _at_address(text, cache=cache, bars=bars, patience=patience)
    return _on_disk(Path(text).expanduser(), cache)


def service_root(url: str) -> str:
    """Give the address of a service, whichever of its interfaces was named.

    Raises
    ------
    PlaceError
        It is no address of the web.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {'http', 'https'} or not parts.netloc:
        raise PlaceError(f'{url!r} is no address that begins with http:// or https://')
    path = _INTERFACE.sub('', parts.path).rstrip('/')
    return urlunsplit((parts.scheme, parts.netloc, path, '', ''))


def _at_address(url: str, *, cache: Cache | None, bars: Bars, patience: Patience) -> Place:
    root = service_root(url)
    if _RELEASE.search(root):
        address = root.removesuffix('/manifest.json')
        return ReleasePlace(address, cache=cache, bars=bars, patience=patience)
    if root.endswith('.parquet'):
        raise PlaceError(f'{url} is one table: download it and open the file')
    return ServicePlace(root, cache=cache, bars=bars, patience=patience)


def _on_disk(path: Path, cache: Cache | None) -> Place:
    if not path.exists():
        raise PlaceError(f'there is no {path}; an address begins with http:// or https://')
    local = require('mriqc_webapi.client.local')
    place: Place = local.LocalPlace(_source(path), cache=cache)
    return place


def _source(path: Path) -> object:
    mirrored = require('mriqc_webapi.client.mirrored')
    if mirrored.is_mirror(path):
        return mirrored.MirrorSource(path)
    files = require('mriqc_webapi.client.files')
    return files.folder_source(path) if path.is_dir() else files.file_source(path)
