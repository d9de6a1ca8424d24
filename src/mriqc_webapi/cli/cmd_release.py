"""``release``: frozen, numbered copies of the whole archive."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.cli.progress import Watcher, progress_bar
from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    existing_path,
    setting,
)
from mriqc_webapi.cli.waiting import ready_archive
from mriqc_webapi.errors import SetupError
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from mriqc_webapi.archive.releases.manifest import Manifest
    from mriqc_webapi.archive.releases.shelf import Shelf
    from mriqc_webapi.archive.releases.targets import Place

TARGET = Argument(
    '--target',
    metavar='PLACE',
    help='copy it there too: a folder, or s3://BUCKET/PREFIX (AWS_ENDPOINT_URL and the like hold)',
)

_NO_ADDRESS = (
    'croissant.json will say that the release is at {root}/releases: '
    'MRIQC_WEBAPI_PUBLIC_URL is not set'
)


def number(text: str) -> int:
    """Parse the number of a release, as ``3`` or ``0003``."""
    return int(text)


def number_or_folder(text: str) -> int | Path:
    """Parse the number of a release, or where a copy of one is: ``./0003``."""
    return int(text) if text.isdecimal() else existing_path(text)


def _release(name: str, metavar: str, meaning: str) -> Argument:
    return Argument(name, type=number, metavar=metavar, help=meaning)


@command(
    'release create',
    Argument(
        '--notes',
        metavar='TEXT',
        default='',
        help='what it is about, in paragraphs; its README.md takes them as Markdown',
    ),
    TARGET,
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    JSON,
    example="mriqc-webapi release create --notes 'First release.' --target s3://archive/mriqc",
)
def create(
    *,
    notes: str,
    target: str | None,
    data_dir: Path | None,
    database: str | None,
    catalogue_dir: Path | None,
    as_json: bool,
) -> ExitCode:
    """Make the next release of all records, under `releases` in the data folder.

    The service may run meanwhile, and serves the release as soon as it is whole. The records are
    read from a columnar copy; beside a running service, one of this command's own is made first.
    The release keeps the address it is served at: set MRIQC_WEBAPI_PUBLIC_URL beforehand.
    """
    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    place = None if target is None else _checked(target)
    if not settings.public_url:
        print(_NO_ADDRESS.format(root=_root(settings)), file=sys.stderr)
    made = _create(settings, notes)
    print(json.dumps(made.summary) if as_json else _line(made), flush=True)
    if target is not None and place is not None:
        _copy_made(_shelf(settings).path(made.number), place, target)
    return ExitCode.OK


def _checked(target: str) -> 'Place':
    """Open a place, and refuse it before anything is made that should go there."""
    from mriqc_webapi.archive.releases.targets import open_place

    place = open_place(target, os.environ)
    place.check()
    return place


def _copy_made(folder: Path, place: 'Place', target: str) -> None:
    """Copy a release that was just made, or say how to try again."""
    try:
        _copy(folder, place, target)
    except SetupError as error:
        again = f'mriqc-webapi release copy {int(folder.name)} {target}'
        raise SetupError(
            f'{error}; release {folder.name} is made, and this copies it: {again}'
        ) from error


def _create(settings: Settings, notes: str) -> 'Manifest':
    from mriqc_webapi.archive.releases.create import create_release
    from mriqc_webapi.iqm.loader import load_catalogue

    catalogue = load_catalogue(settings.catalogue_dir)
    with ready_archive(settings, catalogue) as archive, progress_bar() as watcher:
        return create_release(
            archive,
            _shelf(settings),
            catalogue=catalogue,
            notes=notes,
            url=f'{_root(settings)}/releases',
            heard=_heard(watcher),
        )


def _root(settings: Settings) -> str:
    return settings.public_url.rstrip('/') or f'http://{settings.host}:{settings.port}'


def _heard(watcher: Watcher) -> Any:
    n_before = 0

    def hear(n_written: int, total: int) -> None:
        nonlocal n_before
        watcher.expect(total)
        watcher.advance(n_written - n_before, n_written - n_before)
        n_before = n_written

    return hear


@command(
    'release copy',
    _release('release', 'N', 'its number'),
    Argument('target', metavar='PLACE', help='a folder, or s3://BUCKET/PREFIX'),
    setting('data_dir'),
    example='mriqc-webapi release copy 3 s3://archive/mriqc',
)
def copy(*, release: int, target: str, data_dir: Path | None) -> ExitCode:
    """Copy a release to another folder or to object storage.

    A copy that was interrupted is begun anew; one that is there already is left as it is.
    """
    folder = _shelf(Settings.from_environment(data_dir=data_dir)).path(release)
    _copy(folder, _checked(target), target)
    return ExitCode.OK


def _copy(folder: Path, place: 'Place', target: str) -> None:
    from mriqc_webapi.archive.releases.targets import copy_release

    was_copied = copy_release(folder, place)
    words = 'copied to' if was_copied else 'was there already:'
    print(f'release {folder.name} {words} {target}', file=sys.stderr)


@command('release list', setting('data_dir'), JSON, example='mriqc-webapi release list --json')
def list_(*, data_dir: Path | None, as_json: bool) -> ExitCode:
    """List the releases: when, of which data, how large."""
    found = _shelf(Settings.from_environment(data_dir=data_dir)).manifests()
    if as_json:
        print(json.dumps([manifest.summary for manifest in found]))
        return ExitCode.OK
    for manifest in found:
        print(_line(manifest))
    if not found:
        print('no releases', file=sys.stderr)
    return ExitCode.OK


@command(
    'release verify',
    Argument(
        'release',
        type=number_or_folder,
        metavar='N',
        help='its number; or the folder of a copy or download, such as ./0003',
    ),
    setting('data_dir'),
    JSON,
    example='mriqc-webapi release verify 3',
)
def verify(*, release: int | Path, data_dir: Path | None, as_json: bool) -> ExitCode:
    """Check that a release still is what it was: every file, its sum and its rows.

    Exit code 1: something differs.
    """
    from mriqc_webapi.archive.releases.verify import verify as find_differences

    number = release if isinstance(release, int) else None
    shelf = _shelf(Settings.from_environment(data_dir=data_dir))
    folder = shelf.path(release) if isinstance(release, int) else release
    found = find_differences(folder, number=number)
    if as_json:
        asked = str(release) if number is None else number
        print(json.dumps({'release': asked, 'ok': not found, 'differences': found}))
    else:
        print('\n'.join(found) or f'release {folder.resolve().name} is whole')
    return ExitCode.FAILED if found else ExitCode.OK


@command(
    'release diff',
    _release('before', 'A', 'number of the earlier release'),
    _release('after', 'B', 'number of the later one'),
    setting('data_dir'),
    JSON,
    example='mriqc-webapi release diff 1 2 --json',
)
def diff(*, before: int, after: int, data_dir: Path | None, as_json: bool) -> ExitCode:
    """Say how many records one release has that another lacks; with --json, which are gone."""
    from mriqc_webapi.archive.releases.diff import Part, compare

    shelf = _shelf(Settings.from_environment(data_dir=data_dir))
    parts = [Part.read(shelf.path(n)) for n in (before, after)]
    changes = compare(*parts)
    policies = [part.policy_version for part in parts]
    if as_json:
        told = {c.resource: {'added': c.n_added, 'withdrawn': list(c.withdrawn)} for c in changes}
        policy = dict(zip(('before', 'after'), policies, strict=True))
        said = {'before': before, 'after': after, 'policy_version': policy, 'resources': told}
        print(json.dumps(said))
        return ExitCode.OK
    for change in changes:
        print(f'{change.resource}: {change.n_added:,} added, {change.n_withdrawn:,} withdrawn')
    if policies[0] != policies[1]:
        print(f'duplicate policy: version {policies[0]} before, {policies[1]} after')
    return ExitCode.OK


def _shelf(settings: Settings) -> 'Shelf':
    from mriqc_webapi.archive.releases.shelf import Shelf

    return Shelf.within(settings.data_dir)


def _line(manifest: 'Manifest') -> str:
    from mriqc_webapi.archive.releases.writing import size

    return (
        f'{manifest.name}  {manifest.created_at}  data version {manifest.data_version}'
        f'  {manifest.n_records:,} records  {manifest.n_ratings:,} ratings'
        f'  {size(manifest.n_bytes)}'
    )
