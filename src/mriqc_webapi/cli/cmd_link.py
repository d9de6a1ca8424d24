"""``admin link``: which image a rating is about whose report did not know it."""

import argparse
import re
from pathlib import Path

from mriqc_webapi.cli.cmd_admin import WHY, user_name
from mriqc_webapi.cli.registry import STORE_SETTINGS, Argument, ExitCode, command, setting
from mriqc_webapi.settings import Settings


def md5_digits(text: str) -> str:
    """Parse an MD5 in hex digits."""
    if re.fullmatch(r'[0-9a-fA-F]{32}', text) is None:
        raise argparse.ArgumentTypeError(f'an MD5 has 32 hex digits, unlike {text[:64]!r}')
    return text.lower()


@command(
    'admin link',
    Argument('id', metavar='ID', help='of the rating'),
    Argument('md5sum', type=md5_digits, metavar='MD5SUM', help='of the image'),
    *WHY,
    *STORE_SETTINGS,
    setting('catalogue_dir'),
    example='mriqc-webapi admin link 65a4f1d2c3b4a5968778695a 0123456789abcdef0123456789abcdef '
    '--why "the rater told"',
)
def link(
    *,
    id: str,
    md5sum: str,
    why: str,
    who: str | None,
    data_dir: Path | None,
    database: str | None,
    catalogue_dir: Path | None,
) -> ExitCode:
    """Link a rating to its image, if its report did not know it: a correction of the rating.

    A rating that is linked to another image stays with that. `GET /api/v2/ratings?linked=false`
    lists those without an image.
    """
    from mriqc_webapi.iqm.loader import load_catalogue
    from mriqc_webapi.store.engine import Store
    from mriqc_webapi.store.receipts import Secrets
    from mriqc_webapi.submissions.check import Checker
    from mriqc_webapi.web.rating_intake import RESOURCE
    from mriqc_webapi.web.rating_links import Linker

    settings = Settings.from_environment(
        data_dir=data_dir, database=database, catalogue_dir=catalogue_dir
    )
    resource = load_catalogue(settings.catalogue_dir)[RESOURCE]
    with Store.open(settings.database_url) as store, store.write() as tx:
        linker = Linker(
            resource=resource,
            check=Checker(resource, limits=settings.limits),
            secrets=Secrets.read(tx),
        )
        taken = linker.link(tx, record_id=id, md5sum=md5sum, who=user_name(who), why=why)
    print(f'{id} {"is linked" if taken.is_new else "was linked already"} to {md5sum}')
    return ExitCode.OK
