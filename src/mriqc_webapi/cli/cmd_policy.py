"""``policy``: when records of one image count as one."""

import json
from pathlib import Path

from mriqc_webapi.cli.registry import JSON, STORE_SETTINGS, ExitCode, command, setting
from mriqc_webapi.settings import Settings


@command('policy show', *STORE_SETTINGS, JSON, example='mriqc-webapi policy show')
def show(*, data_dir: Path | None, database: str | None, as_json: bool) -> ExitCode:
    """Print the policy on duplicates that is in force.

    With --json its scales, too: one per resource and IQM, in the unit of the IQM.
    """
    from mriqc_webapi.archive.policy import TEXT, policy_at
    from mriqc_webapi.store.engine import Store

    settings = Settings.from_environment(data_dir=data_dir, database=database)
    with Store.open(settings.database_url) as store, store.read() as tx:
        policy = policy_at(tx)
    if as_json:
        told = {'version': policy.version, 'frozen_at': policy.frozen_at, 'text': TEXT}
        print(json.dumps(told | {'scales': policy.scales}))
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

    Every process that serves the archive judges its records anew at once; until it has, the
    current API answers 503 for some seconds. A version in force is never changed or removed.
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
        print(json.dumps({'version': policy.version, 'scales': policy.scales}))
    else:
        print(f'version {policy.version} is in force, with scales for {", ".join(policy.scales)}')
    return ExitCode.OK
