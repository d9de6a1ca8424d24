"""``fetch``: records of a service, a release or a mirror, as one file."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.places import CACHE, PLACE, opened
from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command

if TYPE_CHECKING:
    from mriqc_webapi.client import Archive
    from mriqc_webapi.client.questions import TableFormat, View

FORMATS: tuple['TableFormat', ...] = ('parquet', 'arrow', 'csv', 'tsv', 'ndjson')
VIEWS: tuple['View', ...] = ('raw', 'scan', 'canonical', 'canonical+quarantined')


@command(
    'fetch',
    Argument('resource', metavar='RESOURCE', help='which records: T1w, bold, rating, ...'),
    PLACE,
    Argument('--where', metavar='FILTER', default='', help='a filter, as in the API'),
    Argument(
        '--format',
        choices=FORMATS,
        dest='wanted',
        help='what to write (default: what the name of FILE ends in, else csv)',
    ),
    Argument('--view', choices=VIEWS, default='raw', help='one record per image, or per group'),
    Argument('--fields', metavar='NAMES', default='', help='only these, separated by commas'),
    Argument('--out', type=Path, metavar='FILE', help='where to (default: standard output)'),
    CACHE,
    JSON,
    example='mriqc-webapi fetch T1w --url http://127.0.0.1:5000 --view canonical --out T1w.csv',
)
def fetch(  # noqa: PLR0913 — one keyword per option
    *,
    resource: str,
    url: str,
    where: str,
    wanted: 'TableFormat | None',
    view: 'View',
    fields: str,
    out: Path | None,
    cache: Path | None,
    as_json: bool,
) -> ExitCode:
    """Write records of an archive into one file.

    A file bears its name only when it is whole. What an interruption leaves of a Parquet file
    lies beside it as FILE.part, and the next call goes on with it.
    """
    from mriqc_webapi.client.record_questions import format_of

    format = wanted or (format_of(out) if out else 'csv')
    with opened(url, cache) as archive, tempfile.TemporaryDirectory() as folder:
        path = out or Path(folder) / f'{resource}.{format}'
        n_bytes = _download(archive, resource, path, (where, view, fields, format))
        if out is None:
            with path.open('rb') as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    if out and as_json:
        print(json.dumps({'n_bytes': n_bytes, 'out': str(out)}))
    else:
        print(f'{n_bytes:,} bytes written', file=sys.stderr)
    return ExitCode.OK


def _download(
    archive: 'Archive',
    resource: str,
    path: Path,
    asked: 'tuple[str, View, str, TableFormat]',
) -> int:
    where, view, fields, format = asked
    return archive.download(resource, path, where, format=format, view=view, fields=fields)
