"""``mirror``: a service's whole archive in a folder, then only what has changed."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from mriqc_webapi.cli.places import opened
from mriqc_webapi.cli.registry import JSON, Argument, ExitCode, command


@command(
    'mirror',
    Argument('folder', type=Path, metavar='FOLDER', help='where the mirror is, or is to be'),
    Argument('--url', metavar='URL', required=True, help="the service's address"),
    Argument('--resources', metavar='NAMES', default='', help='only these, separated by commas'),
    Argument('--anew', action='store_true', help='fetch everything once more'),
    Argument(
        '--erase',
        action='store_true',
        help='write the file anew, so that no byte of withdrawn records is left in it',
    ),
    JSON,
    example='mriqc-webapi mirror ~/mriqc --url http://127.0.0.1:5000',
)
def mirror(
    *, folder: Path, url: str, resources: str, anew: bool, erase: bool, as_json: bool
) -> ExitCode:
    """Keep a service's whole archive in FOLDER: all at first, then what has changed.

    Run it as often as you like. What interrupts it does no harm: the next run goes on from
    there. FOLDER/archive.duckdb has a table per resource, which `fetch`, `figure`, DuckDB and the
    client read.
    """
    from mriqc_webapi.client.mirroring import told

    with opened(url, None) as archive:
        done = archive.mirror(folder, resources=resources, anew=anew, erase=erase)
    if as_json:
        print(json.dumps({'folder': str(folder), 'resources': list(map(asdict, done.resources))}))
    else:
        for line in told(done):
            print(line, file=sys.stderr)
    return ExitCode.OK
