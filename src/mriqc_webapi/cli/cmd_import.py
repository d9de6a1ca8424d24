"""``import``: files of records into the store."""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.progress import progress_bar
from mriqc_webapi.cli.registry import (
    JSON,
    RESOURCE,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    existing_path,
    setting,
)
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from mriqc_webapi.cli.loading import Loader
    from mriqc_webapi.store.engine import Store


@command(
    'import',
    Argument('paths', nargs='+', metavar='PATH', type=existing_path, help='files or folders'),
    RESOURCE,
    Argument('--dry-run', action='store_true', help='judge every line, store nothing'),
    Argument(
        '--refused',
        type=Path,
        metavar='FILE',
        help='where refused lines go, with their reasons (default: under the data folder)',
    ),
    Argument(
        '--jobs',
        type=int,
        choices=range(33),
        metavar='N',
        help='checking processes; 0: none beside this one (default: one per core)',
    ),
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    JSON,
    example='mriqc-webapi import dump/T1w.json.gz bold.ndjson.zst group_T2w.tsv',
)
def import_(  # noqa: PLR0913 — one keyword per option
    *,
    paths: Sequence[Path],
    resource: str | None,
    dry_run: bool,
    refused: Path | None,
    jobs: int | None,
    data_dir: Path | None,
    database: str | None,
    catalogue_dir: Path | None,
    as_json: bool,
) -> ExitCode:
    """Take in files of records: NDJSON as posted or as served, MongoDB dumps, group tables.

    Each may be compressed (.gz, .zst). Ids and dates of records that were served before are
    kept. The resource is told by --resource, by the name of the file (T1w.ndjson,
    group_bold.tsv), or by each record's modality. Of a folder every file is taken whose name
    names a resource. A row of a group table stands for the JSON file beside it.

    Nothing comes in twice: a record with an id by its id, one without by its content. So an
    import may be repeated, and one that was stopped goes on where it was.

    Exit code 1: some lines were refused; they are in a file with line numbers and reasons.
    """
    from mriqc_webapi.cli.judging import Judges
    from mriqc_webapi.cli.loading import Loader
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.store.engine import Store
    from mriqc_webapi.submissions.sources import find_sources

    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    catalogue = load_catalogue(settings.catalogue_dir)
    with ExitStack() as stack:
        store = None if dry_run else stack.enter_context(Store.open(settings.database_url))
        salt = _salt_of(store) if store else ''
        loader = Loader(
            [file for path in paths for file in find_sources(path, catalogue)],
            store=store,
            judges=stack.enter_context(Judges(catalogue, settings.limits, salt=salt, jobs=jobs)),
            folder=settings.data_dir / 'imports',
            resource=resource,
            refused=refused,
        )
        _load(loader)
    _report(loader, as_json=as_json, dry_run=dry_run)
    return ExitCode.FAILED if loader.progress.n_refused else ExitCode.OK


def _salt_of(store: 'Store') -> str:
    from mriqc_webapi.store.receipts import Secrets

    with store.read() as tx:
        return Secrets.read(tx).pseudonym


def _load(loader: 'Loader') -> None:
    if loader.progress.n_files or loader.progress.line_no:
        print('going on where this import was stopped', file=sys.stderr)
    with progress_bar() as watcher:
        watcher.expect(sum(file.stat().st_size for file in loader.files))
        loader.load(watcher)


def _report(loader: 'Loader', *, as_json: bool, dry_run: bool) -> None:
    done, refused = loader.progress, str(loader.refused) if loader.refused else None
    if as_json:
        counts = {name: n for name, n in asdict(done).items() if name.startswith('n_')}
        print(json.dumps(counts | {'refused': refused, 'dry_run': dry_run}))
        return
    verb = 'would be added' if dry_run else 'added'
    print(f'{done.n_added:,} {verb}, {done.n_present:,} were there already, ', end='')
    print(f'{done.n_refused:,} refused, {done.n_noted:,} with notes')
    if refused:
        print(f'refused lines and reasons: {refused}')
