"""Patience with an archive whose columnar copy is being made; it logs how far it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mriqc_webapi.errors import ArchiveNotReadyError

if TYPE_CHECKING:
    from mriqc_webapi.archive.archive import Archive
    from mriqc_webapi.iqm.definitions import Catalogue
    from mriqc_webapi.settings import Settings


@contextmanager
def ready_archive(settings: 'Settings', catalogue: 'Catalogue') -> Iterator['Archive']:
    """Open the archive of a data directory, and wait until it can be asked."""
    from mriqc_webapi.archive.archive import Archive
    from mriqc_webapi.store.engine import Store

    with (
        Store.open(settings.database_url) as store,
        Archive.open(
            settings.data_dir,
            catalogue=catalogue,
            store=store,
            memory=settings.archive_memory,
            threads=settings.archive_threads,
        ) as archive,
    ):
        wait_for(archive)
        yield archive


def wait_for(archive: 'Archive') -> None:
    """Wait until an archive can be asked."""
    while True:
        try:
            return archive.require_ready()
        except ArchiveNotReadyError as error:
            time.sleep(min(error.retry_after_s, 1))
