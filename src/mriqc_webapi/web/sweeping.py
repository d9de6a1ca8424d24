"""Sweeps up after withdrawals: the store's file, and files that exports left.

The copy looks after itself (`archive.keeper`). Each process sweeps, since any may have files or
connections of its own, and whoever withdrew may have been another one.
"""

import asyncio
import logging
import time
from typing import Final

from anyio import to_thread

from mriqc_webapi.errors import StoreUnavailableError
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.erasing import erase, newest_withdrawal
from mriqc_webapi.web.exported_files import ExportedFiles

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0


class Sweeper:
    """Removes what files still hold of withdrawn records.

    Parameters
    ----------
    export_timeout_s : float
        An export that began before a withdrawal may finish its file so much later.
    """

    def __init__(self, store: Store, files: ExportedFiles, *, export_timeout_s: float) -> None:
        self._store = store
        self._files = files
        self._export_timeout_s = export_timeout_s
        self._swept = 0  # number of the last withdrawal that was swept up after
        self._again_at = float('inf')

    async def watch(self) -> None:
        """Sweep whenever something was withdrawn, until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(LOOK_EVERY_S)

    async def sweep(self) -> None:
        """Sweep if there is anything to; what cannot be done now is tried again."""
        try:
            await to_thread.run_sync(self._sweep)
        except (StoreUnavailableError, OSError) as error:
            log.warning('withdrawn records cannot be swept up yet: %s', error)

    def _sweep(self) -> None:
        newest, _ = newest_withdrawal(self._store)
        is_new = newest > self._swept
        if is_new or time.monotonic() > self._again_at:
            self._files.clear(half_for_s=self._export_timeout_s)
            self._again_at = float('inf')
        if is_new and erase(self._store):
            self._swept = newest
            self._again_at = time.monotonic() + self._export_timeout_s
