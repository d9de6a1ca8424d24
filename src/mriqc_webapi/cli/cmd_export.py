"""``export``: a whole resource, or what a filter leaves of it, as one file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.progress import progress_bar
from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    setting,
)
from mriqc_webapi.cli.waiting import ready_archive
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from mriqc_webapi.archive.archive import Archive
    from mriqc_webapi.archive.export import Format, Wanted
    from mriqc_webapi.archive.views import View

FORMATS: tuple['Format', ...] = ('ndjson', 'csv', 'tsv', 'parquet', 'arrow')
VIEWS: tuple['View', ...] = ('raw', 'scan', 'canonical', 'canonical+quarantined')


@command(
    'export',
    Argument('resource', metavar='RESOURCE', help='which records: T1w, bold, rating, ...'),
    Argument('--where', metavar='FILTER', default='', help='a filter, as in the API'),
    Argument(
        '--format',
        choices=FORMATS,
        dest='wanted',
        help='what to write (default: what the name of FILE ends in, else ndjson)',
    ),
    Argument('--view', choices=VIEWS, default='raw', help='one record per image, or per group'),
    Argument('--fields', metavar='NAMES', default='', help='only these, separated by commas'),
    Argument('--out', type=Path, metavar='FILE', help='where to (default: standard output)'),
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    JSON,
    example='mriqc-webapi export T1w --where \'{"snr_total": {"$gt": 15}}\' --out T1w.parquet',
)
def export(  # noqa: PLR0913 — one keyword per option
    *,
    resource: str,
    where: str,
    wanted: 'Format | None',
    view: 'View',
    fields: str,
    out: Path | None,
    data_dir: Path | None,
    database: str | None,
    catalogue_dir: Path | None,
    as_json: bool,
) -> ExitCode:
    """Write all records of RESOURCE, or those that match a filter, into one file.

    NDJSON holds the records as they are served, and can be imported again. The other
    formats have a column per field of the dictionary; what has no column is JSON in one called
    `residual`. The service may run meanwhile; its own copy of the records is then made once
    more, beside the one that it works with.
    """
    from mriqc_webapi.archive.export import Wanted
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.query.projection import parse_fields
    from mriqc_webapi.query.where import parse_where

    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    chosen = Wanted(
        resource=resource,
        format=wanted or _format_of(out),
        where=parse_where(where),
        view=view,
        fields=parse_fields(fields),
    )
    with ready_archive(settings, load_catalogue(settings.catalogue_dir)) as archive:
        n_records = _write(archive, chosen, out)
    if out and as_json:
        print(json.dumps({'n_records': n_records, 'out': str(out)}))
    else:
        print(f'{n_records:,} records written', file=sys.stderr)
    return ExitCode.OK


def _format_of(out: Path | None) -> 'Format':
    named = (name for name in FORMATS if out and out.suffix == f'.{name}')
    return next(named, 'ndjson')


def _write(archive: 'Archive', wanted: 'Wanted', out: Path | None) -> int:
    from mriqc_webapi.archive.export import export as write

    n_before = 0

    def hear(n_written: int, total: int) -> None:
        nonlocal n_before
        watcher.expect(total)
        watcher.advance(n_written - n_before, n_written - n_before)
        n_before = n_written

    with progress_bar() as watcher:
        return write(archive, wanted, out=out or sys.stdout.buffer, heard=hear)
