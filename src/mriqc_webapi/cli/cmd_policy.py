"""``policy``: when records of one image count as one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mriqc_webapi.cli.registry import (
    JSON,
    STORE_SETTINGS,
    Argument,
    ExitCode,
    command,
    setting,
)
from mriqc_webapi.settings import Settings

if TYPE_CHECKING:
    from mriqc_webapi.archive.policy import Policy


@command(
    'policy show',
    *STORE_SETTINGS,
    Argument('--version', type=int, metavar='N', help='an earlier one (default: in force)'),
    JSON,
    example='mriqc-webapi policy show --version 1',
)
def show(
    *, data_dir: Path | None, database: str | None, version: int | None, as_json: bool
) -> ExitCode:
    """Print the policy on duplicates that is in force, or an earlier version of it.

    With --json its scales, too: one per resource and IQM, in the unit of the IQM.
    """
    from mriqc_webapi.archive.policy import TEXT, policy_at, policy_of
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        policy = policy_at(tx) if version is None else policy_of(tx, version)
    if as_json:
        print(json.dumps(_told(policy) | {'text': TEXT}))
    else:
        print(f'Version {policy.version}\n\n{TEXT}', end='')
    return ExitCode.OK


@command(
    'policy freeze',
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    JSON,
    example='mriqc-webapi policy freeze',
)
def freeze(
    *, data_dir: Path | None, database: str | None, catalogue_dir: Path | None, as_json: bool
) -> ExitCode:
    """Make the next version of the policy on duplicates, with scales from this archive's records.

    A resource without a complete record keeps its scales; without any such record nothing is
    frozen. Every process that serves the archive judges its records anew at once; until it has,
    the current API answers 503 for some seconds. A version in force is never changed or removed.
    """
    from mriqc_webapi.archive import freezing
    from mriqc_webapi.cli.waiting import ready_archive
    from mriqc_webapi.iqm.loader import load_catalogue

    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    with ready_archive(settings, load_catalogue(settings.catalogue_dir)) as archive:
        policy = freezing.freeze(archive)
    if as_json:
        print(json.dumps(_told(policy)))
    else:
        measured = ', '.join(f'{r}: {n} distinct vectors' for r, n in policy.n_vectors.items())
        print(f'version {policy.version} is in force, with scales from {measured}')
    return ExitCode.OK


def _told(policy: 'Policy') -> dict[str, object]:
    return {
        'version': policy.version,
        'frozen_at': policy.frozen_on,
        'scales': policy.scales,
        'n_vectors': policy.n_vectors,
    }
