"""MRIQC's group tables (``group_T1w.tsv``): one row of IQMs per image, without provenance.

Such a row does not name its image's MD5, so the JSON file that MRIQC wrote for the image is taken
in its place, from where it lies beside the table. A table that has the MD5 in a column of its own
stands for itself.
"""

import csv
import re
from pathlib import Path
from typing import Any

from mriqc_webapi.iqm.definitions import Resource

NAME_COLUMN = 'bids_name'
_MISSING = frozenset({'', 'n/a', 'na', 'nan', 'none', 'null'})
_ENTITIES = {'sub': 'subject_id', 'ses': 'session_id', 'task': 'task_id'} | {
    key: f'{key}_id' for key in ('acq', 'run', 'rec', 'ce', 'dir', 'echo')
}


def names_of_columns(header: bytes, delimiter: str) -> tuple[str, ...]:
    """Read the first line of a table."""
    return tuple(_split(header.decode('utf-8', 'replace'), delimiter))


def cells(text: bytes, columns: tuple[str, ...], delimiter: str = '\t') -> dict[str, str]:
    """Give the cells of one row by column.

    Raises
    ------
    ValueError
        The row has not one cell per column, or a cell of more than 128 KiB.
    """
    row = _split(text.decode('utf-8'), delimiter)
    if len(row) != len(columns):
        raise ValueError(f'{len(row)} cells under {len(columns)} column names')
    return dict(zip(columns, row, strict=True))


def record_beside(table: Path, bids_name: str) -> Path | None:
    """Find the JSON file of one image in the derivatives folder that the table belongs to."""
    parts = bids_name.split('_')
    folders = [part for part in parts if part.startswith(('sub-', 'ses-'))]
    image = table.parent.joinpath(*folders)
    places = [image / datatype for datatype in ('anat', 'func', 'dwi')]
    places += [image, table.parent, table.parent / 'derivatives']  # MRIQC before 0.15 wrote flat
    found = (place / f'{bids_name}.json' for place in places)
    return next((file for file in found if file.is_file()), None)


def document(row: dict[str, str], resource: Resource) -> dict[str, Any]:
    """Build the document that a row stands for; dots in column names nest.

    ``md5sum``, ``software`` and ``version`` go where the resource keeps them; what the name of
    the image says fills ``bids_meta``, unless columns say it.
    """
    document: dict[str, Any] = {}
    for path, text in _named(row, resource).items():
        put(document, path, text)
    for column, text in row.items():
        if column not in {'', NAME_COLUMN}:
            path = _home(column, resource)
            put(document, path, value_of(text, path, resource))
    return document


def is_missing(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in _MISSING


def names_its_md5(row: dict[str, str], resource: Resource) -> bool:
    """Whether the row itself says which image it describes."""
    md5_columns = {'md5sum', resource.md5_field}
    return any(not is_missing(row[c]) for c in md5_columns if c in row)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip('\r\n')], delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _named(row: dict[str, str], resource: Resource) -> dict[str, str]:
    if resource.modality is None or NAME_COLUMN not in row:
        return {}
    pairs = (part.partition('-') for part in row[NAME_COLUMN].split('_'))
    said = {f'bids_meta.{_ENTITIES[key]}': text for key, _, text in pairs if key in _ENTITIES}
    return said | {'bids_meta.modality': resource.modality}


def _home(column: str, resource: Resource) -> str:
    homes = {
        'md5sum': resource.md5_field,
        'software': resource.software_field,
        'version': resource.version_field,
    }
    return homes.get(column) or column


def value_of(text: str, path: str, resource: Resource) -> Any:
    """Read a cell as what its field declares, else as what it looks like."""
    if is_missing(text):
        return None
    declared = resource.by_name.get(path)
    if declared and declared.type == 'string':
        return text
    if re.fullmatch(r'[+-]?\d{1,18}', text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return {'true': True, 'false': False}.get(text.lower(), text)


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the member at a dotted path."""
    *folders, name = path.split('.')
    for folder in folders:
        document = document.setdefault(folder, {})
        if not isinstance(document, dict):
            raise ValueError(f'column {path} lies within another')
    document[name] = value
