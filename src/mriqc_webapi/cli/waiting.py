"""Patience with an archive whose columnar copy is being made; it logs how far it is."""

import time
from typing import TYPE_CHECKING

from mriqc_webapi.errors import ArchiveNotReadyError

if TYPE_CHECKING:
    from mriqc_webapi.archive.archive import Archive


def wait_for(archive: 'Archive') -> None:
    """Wait until an archive can be asked."""
    while True:
        try:
            return archive.require_ready()
        except ArchiveNotReadyError as error:
            time.sleep(min(error.retry_after_s, 1))
