"""The image that a report is about, as the report itself says or the JSON beside it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mriqc_webapi.errors import NotFoundError, UnknownImageError
from mriqc_webapi.reports.folder import read_within

DATATYPES = {'T1w': 'anat', 'T2w': 'anat', 'bold': 'func', 'dwi': 'dwi', 'asl': 'perf'}

_MD5 = re.compile(r'[0-9a-f]{32}')
# tables of provenance since 0.14, with what nests them; the widgets of all eras
_MD5_IN_PAGE = (
    re.compile(rb'<td[^<>]*>\s*md5sum\s*</td>\s*<td[^<>]*>\s*([0-9a-fA-F]{32})\s*</td>'),
    re.compile(rb'var md5sum = ["\']?([0-9a-fA-F]{32})["\']?;'),
)
_SOFTWARE = re.compile(rb'([A-Za-z]{3,16}) version:\s*(?:<[^<>]*>\s*)*([0-9][\w.+-]*[0-9A-Za-z])')
_MODALITY = re.compile(rb'<title>\s*MRIQC: individual (\w+)')
_CELL = r'<td[^<>]*>\s*%s\s*</td>\s*<td[^<>]*>\s*([^<>]{1,64}?)\s*</td>'
_SOFTWARE_CELL = re.compile((_CELL % 'software').encode())
_VERSION_CELL = re.compile((_CELL % 'version').encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is known of the image that a report shows."""

    md5sum: str | None = None
    modality: str | None = None  # 'T1w'
    software: str | None = None  # 'mriqc'
    version: str | None = None
    iqms: Mapping[str, float] = field(default_factory=dict)


def read_image(
    folder: Path, report: str, page: bytes = b'', *, md5sum: str | None = None
) -> Image:
    """Read what is known of a report's image; all of it may be missing.

    What the report says goes first. A JSON that says another MD5 is about another image and
    is not heard.

    Parameters
    ----------
    folder : Path
        Nothing outside of it is read.
    report : str
        Path of the report from the folder on, with slashes.
    page : bytes
        The report, as far as it shall be heard.
    md5sum : str, optional
        Of the image, if it is known; then nothing else says it.

    Raises
    ------
    UnknownImageError
        The report names several images.
    """
    md5sum = md5sum or _md5_in(page)
    document = next(_documents(folder, report), {})
    said = document.get('provenance')
    said = said if isinstance(said, dict) else {}
    beside = _text(said.get('md5sum')) or ''
    if not _MD5.fullmatch(beside) or md5sum not in {None, beside}:
        document, said, beside = {}, {}, ''
    software, version = _software_in(page)
    return Image(
        md5sum=md5sum or beside or None,
        modality=_modality(report, page, document),
        software=software or _text(said.get('software')),
        version=version or _text(said.get('version')),
        iqms={k: float(v) for k, v in document.items() if type(v) in {int, float}},
    )


def places_of_json(report: str) -> Iterator[str]:
    """List where MRIQC of any era puts the JSON of a report."""
    path = Path(report)
    stem = path.stem
    entities = [part for part in stem.split('_') if part.startswith(('sub-', 'ses-'))]
    datatype = DATATYPES.get(stem.rpartition('_')[2], '')
    above = [path.parent, *path.parent.parents][:2]
    for place in above:
        yield (place / f'{stem}.json').as_posix()
        yield (place.joinpath(*entities, datatype) / f'{stem}.json').as_posix()
        yield (place / 'derivatives' / f'{stem}.json').as_posix()


def _documents(folder: Path, report: str) -> Iterator[Mapping[str, Any]]:
    for name in places_of_json(report):
        try:
            document = json.loads(read_within(folder, name))  # older MRIQC writes NaN
        except (NotFoundError, ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            yield document


def _md5_in(page: bytes) -> str | None:
    found = {m[1].decode().lower() for pattern in _MD5_IN_PAGE for m in pattern.finditer(page)}
    if len(found) > 1:
        raise UnknownImageError(f'the report names several images: {", ".join(sorted(found))}')
    return found.pop() if found else None


def _software_in(page: bytes) -> tuple[str | None, str | None]:
    cells = [pattern.search(page) for pattern in (_SOFTWARE_CELL, _VERSION_CELL)]
    name, version = (m[1].decode(errors='replace') if m else None for m in cells)
    if (name is None or version is None) and (said := _SOFTWARE.search(page)):
        name, version = (part.decode() for part in said.groups())
    return name and name.lower(), version


def _modality(report: str, page: bytes, document: Mapping[str, Any]) -> str | None:
    suffix = Path(report).stem.rpartition('_')[2]
    if suffix in DATATYPES:
        return suffix
    if said := _MODALITY.search(page):
        return said[1].decode()
    described = document.get('bids_meta')
    return _text(described.get('modality')) if isinstance(described, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
