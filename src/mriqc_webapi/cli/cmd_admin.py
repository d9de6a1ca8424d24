"""``admin``: what whoever runs an archive does to records, submitters and public images."""

import getpass
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    existing_path,
)
from mriqc_webapi.settings import Settings

WHY = (
    Argument('--why', required=True, metavar='TEXT', help='the reason, for the audit log'),
    Argument('--who', metavar='NAME', help='who does it (default: the name you are logged in by)'),
)
AT_ONCE = 10_000


def user_name(given: str | None) -> str:
    """Name who acts."""
    return given or getpass.getuser()


@command(
    'admin add-public',
    Argument(
        'file', type=existing_path, metavar='FILE', help='MD5s, one a line; of a table the first'
    ),
    Argument('--source', required=True, metavar='TEXT', help='where the images are published'),
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin add-public ds000030.md5 --source "OpenNeuro ds000030" --why "CC0"',
)
def add_public(
    *,
    file: Path,
    source: str,
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
) -> ExitCode:
    """Add images to the list of those that are public: their records cannot be withdrawn.

    Lines as md5sum writes them will do: what follows the hash is left out. A line that does not
    begin with 32 hex digits is told, and skipped.
    """
    from mriqc_webapi.store import audit, public_images
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    found = list(dict.fromkeys(_md5sums(file)))
    n_new = 0
    with Store.open(settings.database_url) as store, store.write() as tx:
        for start in range(0, len(found), AT_ONCE):
            n_new += public_images.add(tx, found[start : start + AT_ONCE], source=source)
        what = f'{n_new} of {file.name}: {source}'
        audit.note(tx, who=user_name(who), act='add-public', what=what, why=why)
    print(f'{n_new:,} added, {len(found) - n_new:,} were there')
    return ExitCode.OK


@command('admin list-public', *STORE_SETTINGS, JSON, example='mriqc-webapi admin list-public')
def list_public(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """List the images that are known to be public, one a line: MD5 and source."""
    from mriqc_webapi.store import public_images
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        after = ''
        while page := public_images.page(tx, after=after):
            for image in page:
                row = image._asdict() | {'added_at': iso(image.added_at)}
                print(json.dumps(row) if as_json else f'{image.md5sum}\t{image.source}')
            after = page[-1].md5sum
    return ExitCode.OK


@command(
    'admin remove-public',
    Argument('md5sums', nargs='+', metavar='MD5', help='of the image'),
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin remove-public 0123456789abcdef0123456789abcdef --why "not public"',
)
def remove_public(
    *,
    md5sums: Sequence[str],
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
) -> ExitCode:
    """Take images off the list of public ones."""
    from mriqc_webapi.store import audit, public_images
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.write() as tx:
        n_gone = public_images.remove(tx, md5sums)
        what = ' '.join(md5sums)
        audit.note(tx, who=user_name(who), act='remove-public', what=what, why=why)
    print(f'{n_gone:,} removed')
    return ExitCode.OK if n_gone == len(set(md5sums)) else ExitCode.FAILED


@command(
    'admin withdraw',
    Argument('ids', nargs='+', metavar='ID', help='of the record'),
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin withdraw 65a4f1d2c3b4a5968778695a --why "sent by mistake"',
)
def withdraw(
    *,
    ids: Sequence[str],
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
) -> ExitCode:
    """Erase records without their receipts, whatever the agreement says; all of them, or none.

    A running service sweeps up after it within seconds.
    """
    from mriqc_webapi.store import audit, withdrawal
    from mriqc_webapi.store.engine import Store
    from mriqc_webapi.store.erasing import erase

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store:
        with store.write() as tx:
            for id_ in dict.fromkeys(ids):
                withdrawal.withdraw(tx, id=id_, rule=withdrawal.BY_OPERATOR, now=int(time.time()))
            what = ' '.join(ids)
            audit.note(tx, who=user_name(who), act='withdraw', what=what, why=why)
        erase(store)
    print(f'{len(set(ids)):,} withdrawn')
    return ExitCode.OK


@command(
    'admin block',
    Argument('name', metavar='NAME', help='whose token it is'),
    *WHY,
    *STORE_SETTINGS,
    example='mriqc-webapi admin block scanner-3 --why "sends test images"',
)
def block(
    *, name: str, why: str, who: str | None, data_dir: Path | None, database: str | None
) -> ExitCode:
    """End a token for a reason; a running service refuses it within a second."""
    from mriqc_webapi.store import audit, tokens
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.write() as tx:
        tokens.revoke(tx, name=name)
        audit.note(tx, who=user_name(who), act='block', what=name, why=why)
    print(f'{name} is blocked')
    return ExitCode.OK


@command('admin audit', *STORE_SETTINGS, JSON, example='mriqc-webapi admin audit --json')
def show_audit(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """Show what was done by `admin`, the newest first: when, who, what, and why."""
    from mriqc_webapi.store import audit
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        rows = [entry._asdict() | {'at': iso(entry.at)} for entry in audit.newest(tx)]
    if not as_json:
        rows = [{n: row[n] for n in ('at', 'who', 'act', 'what', 'why')} for row in rows]
    print_rows(rows, as_json=as_json)
    return ExitCode.OK


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print a table: as one JSON list, or tabs between what is in a row."""
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print('\t'.join(str(value or '') for value in row.values()))


def _md5sums(file: Path) -> Iterator[str]:
    with file.open(encoding='utf-8', errors='replace') as lines:
        for number, line in enumerate(lines, 1):
            first = line.replace(',', ' ').split(maxsplit=1)[:1]
            if not first:
                continue
            if len(first[0]) == 32 and set(first[0].lower()) <= set('0123456789abcdef'):
                yield first[0].lower()
            else:
                print(f'{file}:{number}: no MD5: {first[0][:64]!r}', file=sys.stderr)


def iso(at: int) -> str:
    """Write seconds since 1970 (UTC) in ISO 8601."""
    return datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
