"""What a run leaves: records, reports, failures, tables of all images, a dataset's description.

A file bears its name only when it is whole.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Any, Final

import orjson

from mriqc_webapi.errors import QueryError
from mriqc_webapi.extract.bids import DATATYPES, DESCRIPTION, MODALITIES, Modality
from mriqc_webapi.extract.software import CODE_URL, SOFTWARE, version
from mriqc_webapi.extract.tasks import Outcome, Task

BIDS_VERSION: Final = '1.10.0'
NAME_COLUMN: Final = 'bids_name'
MISSING: Final = 'n/a'  # in BIDS's tables
NOT_IN_TABLES: Final = frozenset({'bids_meta', 'provenance'})

_IGNORED: Final = ('*.html', 'group_*.tsv', '*_error.json', '.mriqc-webapi')
_PART: Final = '.part'


def require_own_folder(out: Path) -> None:
    """Refuse to write among files of others, such as images and their sidecars.

    Raises
    ------
    QueryError
        The folder is a dataset that other software made.
    """
    description = _read(out / DESCRIPTION)
    if description is None and any(out.glob('sub-*')):
        raise QueryError(f'{out} holds a dataset already: name a folder of its own')
    if description is not None and not _is_ours(description):
        raise QueryError(f'{out} is a dataset of other software: name a folder of its own')


def write_description(out: Path, dataset: str) -> None:
    """Describe the folder as derivatives of a dataset, made by this software."""
    whose = f'of {dataset}' if dataset else 'of single images'
    description = {
        'Name': f'Image quality metrics {whose}',
        'BIDSVersion': BIDS_VERSION,
        'DatasetType': 'derivative',
        'GeneratedBy': [{'Name': SOFTWARE, 'Version': version(), 'CodeURL': CODE_URL}],
    }
    write_whole(out / DESCRIPTION, _pretty(description))
    write_whole(out / '.bidsignore', ''.join(f'{line}\n' for line in _IGNORED).encode())


def write_record(
    task: Task, record: Mapping[str, Any], write_report: Callable[[Path], None] | None
) -> None:
    """Write a record and its report; the record comes last, and takes a failure's place."""
    task.record.parent.mkdir(parents=True, exist_ok=True)
    if write_report is None:
        task.report.unlink(missing_ok=True)  # of an earlier record
    else:
        put_whole(task.report, write_report)
    write_whole(task.record, _pretty(record))
    task.failure.unlink(missing_ok=True)


def write_failure(outcome: Outcome) -> None:
    """Say why an image has no record; an earlier one was of another file or version."""
    task = outcome.task
    told = {
        'image': str(task.image),
        'problem': outcome.problem,
        'code': outcome.code,
        'trace': outcome.trace.splitlines(),
        'made_by': {'name': SOFTWARE, 'version': version()},
    }
    task.failure.parent.mkdir(parents=True, exist_ok=True)
    write_whole(task.failure, _pretty(told))
    task.record.unlink(missing_ok=True)
    task.report.unlink(missing_ok=True)


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a record that this software wrote; None if it is not there, or not whole."""
    found = _read(path)
    provenance = (found or {}).get('provenance')
    is_ours = isinstance(provenance, dict) and provenance.get('software') == SOFTWARE
    return found if is_ours else None


def write_tables(out: Path) -> list[Path]:
    """Write the table of all records of each modality, as MRIQC does: a row per image."""
    written = []
    for modality in MODALITIES:
        path = out / f'group_{modality}.tsv'
        rows = dict(_rows(out, modality))
        if rows:
            write_whole(path, _table(rows))
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def sweep(task: Task) -> None:
    """Remove what a run that was killed left half written."""
    for path in (task.record, task.report, task.failure):
        for part in path.parent.glob(f'.{path.name}.*{_PART}'):
            rmtree(part, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    put_whole(path, lambda aside: aside.write_bytes(content))


def put_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let something write a file in a folder aside, and bring it to its place afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f'.{path.name}.{token_hex(4)}{_PART}')
    aside.mkdir()
    try:
        write(aside / path.name)
        (aside / path.name).replace(path)
    finally:
        rmtree(aside, ignore_errors=True)


def _rows(out: Path, modality: Modality) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(out.glob(f'sub-*/**/{DATATYPES[modality]}/sub-*_{modality}.json')):
        if (record := read_record(path)) is not None:
            yield path.stem, {k: v for k, v in record.items() if k not in NOT_IN_TABLES}


def _table(rows: Mapping[str, Mapping[str, Any]]) -> bytes:
    columns = sorted({name for row in rows.values() for name in row})
    text = io.StringIO()
    table = csv.writer(text, delimiter='\t', lineterminator='\n')
    table.writerow([NAME_COLUMN, *columns])
    for name, row in sorted(rows.items()):
        cells = (row.get(column) for column in columns)
        table.writerow([name, *(MISSING if cell is None else cell for cell in cells)])
    return text.getvalue().encode()


def _is_ours(description: Mapping[str, Any]) -> bool:
    made_by = description.get('GeneratedBy')
    return isinstance(made_by, list) and any(
        isinstance(one, dict) and one.get('Name') == SOFTWARE for one in made_by
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _pretty(document: Mapping[str, Any]) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options)
