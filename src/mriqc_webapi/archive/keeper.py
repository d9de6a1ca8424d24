"""Keeps a process's copy whole and up to date.

A thread follows the store; whoever asks a question brings the copy to the store's head first. A
copy that is missing, broken, another's or ahead of its store is made anew by that thread, and
until it has caught up, those who ask are told when to come back.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final, Self

import duckdb
from sqlalchemy import Connection

from mriqc_webapi.archive.copy import Copy, CopyOptions, UnusableCopyError
from mriqc_webapi.archive.follower import MAX_BATCH_ROWS, follow
from mriqc_webapi.archive.policy import policy_at
from mriqc_webapi.archive.progress import Progress
from mriqc_webapi.archive.renewal import Renewal
from mriqc_webapi.archive.slots import Slot
from mriqc_webapi.errors import ArchiveNotReadyError, WebApiError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.store import records
from mriqc_webapi.store.engine import Store

log = logging.getLogger(__name__)

FOLLOW_EVERY_S: Final = 0.1
REST: Final = 9  # times as long as following took: few large batches leave uploads their time
MAX_WAIT_ROWS: Final = 10_000  # a question waits for so many changes, about half a second's work
MAX_PAUSE_S: Final = 30.0  # between attempts
DISTRUST_S: Final = 60.0  # a copy that was repaired and breaks again so soon is made anew
_REPAIR_S: Final = 2  # when to come back after damage was found


class Keeper:
    """Owns one slot of the data directory and the copy in it."""

    def __init__(
        self, slot: Slot, *, catalogue: Catalogue, store: Store, options: CopyOptions
    ) -> None:
        self._slot = slot
        self._catalogue = catalogue
        self._store = store
        self._options = options
        self._lock = threading.Lock()  # whoever writes to the copy, or replaces it, holds it
        self._copy: Copy | None = None
        self._lost: Copy | None = None  # out of use, not closed yet
        self._broke_at = -DISTRUST_S
        self._is_distrusted = False
        self._progress = Progress()
        self._renewal = Renewal(slot, catalogue=catalogue, store=store, options=options)
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name='archive-follower', daemon=True)

    @classmethod
    def open(
        cls, folder: Path, *, catalogue: Catalogue, store: Store, options: CopyOptions
    ) -> Self:
        """Take a copy's file in a folder, make a new one if it is of no use, and follow.

        Raises
        ------
        SetupError
            The folder cannot be used.
        StoreUnavailableError
            The store cannot be asked.
        """
        slot = Slot.claim(folder)
        keeper = cls(slot, catalogue=catalogue, store=store, options=options)
        try:
            keeper._restore()
        except (duckdb.Error, OSError) as error:
            log.warning('the archive cannot be made, will try again: %s', error)
        except BaseException:
            slot.release()
            raise
        keeper._thread.start()
        return keeper

    def caught_up(self, deadline: float) -> Copy:
        """Give the copy once it knows all that the store knows now.

        Raises
        ------
        ArchiveNotReadyError
            It is too far behind, or being repaired.
        """
        copy = self._copy
        if copy is None:
            raise _being_repaired()
        mark = copy.mark  # before the head, since both only grow
        head = self._head()
        if head < mark:
            self.lose(copy, UnusableCopyError('the database went back to an earlier state'))
            raise _being_repaired()
        if head - mark > MAX_WAIT_ROWS:
            raise ArchiveNotReadyError(
                f'the archive is being built, {head - mark} changes are left',
                retry_after_s=1 + int(self._progress.time_left_s(head - mark)),
            )
        while copy.mark < head:
            n_rows = self._follow(copy, deadline)
            copy, asked = self._copy or copy, copy
            if copy is asked and not n_rows and copy.mark < head:
                raise _being_repaired()  # the store knows less than it said
            if time.monotonic() > deadline:
                raise ArchiveNotReadyError('the archive is busy with new records')
        return copy

    def lose(self, copy: Copy, why: BaseException) -> None:
        """Take a copy out of use because of what a question met; the thread looks after it."""
        with self._lock:
            # an error within DuckDB may be the question's doing: no reason to copy all anew
            blame = not isinstance(why, duckdb.FatalException | duckdb.InternalException)
            self._lose(copy, why, blame=blame)

    def close(self) -> None:
        """Stop following, end the queries that run, and let another process have the file."""
        self._is_closed = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        with self._lock:
            self._renewal.close()
            copies = (self._copy, self._lost)
            self._copy = self._lost = None
        for copy in copies:
            if copy is not None:
                copy.close()
        self._slot.release()

    def _run(self) -> None:
        n_failures = 0
        while not self._is_closed:
            try:
                pause_s = self._work()
                n_failures = 0
            except (duckdb.Error, OSError, WebApiError) as error:
                n_failures += 1
                pause_s = min(FOLLOW_EVERY_S * 2.0**n_failures, MAX_PAUSE_S)
                log.warning('the archive waits %.1f s: %s', pause_s, error)
            except Exception:  # whatever it is, following goes on
                n_failures += 1
                pause_s = min(FOLLOW_EVERY_S * 2.0**n_failures, MAX_PAUSE_S)
                log.exception('the archive cannot follow, will try again in %.1f s', pause_s)
            self._wake.wait(pause_s)
            self._wake.clear()

    def _work(self) -> float:
        """Restore the copy or follow the store; return for how long to rest, in seconds."""
        copy = self._copy
        if copy is None:
            self._restore()
            return 0.0
        started_at = time.monotonic()
        n_rows = self._follow(copy, float('inf'))
        took_s = time.monotonic() - started_at
        if n_rows:
            self._progress.note(
                n_rows=n_rows, took_s=took_s, done=copy.mark, total=max(self._head(), copy.mark)
            )
        if n_rows >= MAX_BATCH_ROWS or self._renew(copy):
            return 0.0
        return max(FOLLOW_EVERY_S, REST * took_s)

    def _renew(self, copy: Copy) -> bool:
        """Go on with writing the copy anew, if it has to be; whether there is more to do."""
        is_at_work = self._renewal.go_on(copy)
        if self._renewal.is_ready(copy):
            with self._lock:
                if self._copy is copy:
                    self._copy = self._renewal.replace(copy)
            return False
        return is_at_work

    def _follow(self, copy: Copy, deadline: float) -> int:
        """Copy the next changes, after whoever is at it already."""
        wait_s = min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX)
        if not self._lock.acquire(timeout=wait_s):
            raise ArchiveNotReadyError('the archive is busy with new records', retry_after_s=1)
        try:
            if self._copy is None:
                raise _being_repaired()
            if self._copy is not copy:  # another one has taken its place
                return 0
            return follow(copy, self._store, max_rows=MAX_BATCH_ROWS)
        except duckdb.Error as error:
            self._lose(copy, error)
            raise _being_repaired() from error
        finally:
            self._lock.release()

    def _lose(self, copy: Copy, why: BaseException, *, blame: bool = True) -> None:
        if self._copy is not copy:
            return
        log.warning('the archive is out of use: %s', why)
        self._copy, self._lost = None, copy
        if blame:
            now = time.monotonic()
            self._is_distrusted = now - self._broke_at < DISTRUST_S
            self._broke_at = now
        self._wake.set()

    def _restore(self) -> None:
        """Open what the slot holds, or make a new copy; needs no lock, since none is in use."""
        self._renewal.abandon()
        lost = self._lost
        if lost is not None:
            lost.close()
        identity = self._store.identity()
        try:
            copy = self._opened(identity, scan=lost is not None)
        except UnusableCopyError as why:
            log.warning('making the archive %s anew: %s', self._slot.path.name, why)
            copy = Copy.create(self._slot, self._catalogue, identity, self._options)
        with self._lock:
            self._copy, self._lost = copy, None

    def _opened(self, identity: str, *, scan: bool) -> Copy:
        if self._is_distrusted:
            self._is_distrusted = False
            raise UnusableCopyError('it broke again')
        copy = Copy.open(self._slot, self._catalogue, identity, self._options, scan=scan)
        if copy.mark > self._head():
            copy.close()
            raise UnusableCopyError('it is ahead of the database')
        try:
            with self._store.read() as tx:
                self._compare(tx, copy)
                copy.adopt(policy_at(tx, copy.mark))
        except duckdb.Error as error:
            copy.close()
            raise UnusableCopyError(f'it cannot be read: {error}') from error
        except BaseException:
            copy.close()
            raise
        return copy

    def _compare(self, tx: Connection, copy: Copy) -> None:
        """Notice a database that was restored from a backup and has grown since."""
        newest = copy.newest()
        stored = records.documents(tx, seqs=[seq for seq, _, _ in newest])
        etags = {doc.id: doc.etag for doc in stored}
        known = [row for row in newest if etags.get(row[1]) == row[2]]
        if len(known) < len(stored):  # fewer stored than newest: those were withdrawn
            raise UnusableCopyError('it comes from another state of the database')

    def _head(self) -> int:
        with self._store.read() as tx:
            return records.head(tx)


def _being_repaired() -> ArchiveNotReadyError:
    return ArchiveNotReadyError('the archive is being repaired', retry_after_s=_REPAIR_S)
