"""The thread that passes records on: it follows the store, sends, and notes what came of it.

All that it knows is in the store, so it may be killed at any moment: what was sent and not noted
is sent again under the same key, which the other archive answers as the first time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.client.driving import Driver, own_headers
from mriqc_webapi.client.patience import Patience
from mriqc_webapi.client.sending.uploading import (
    Later,
    Outcome,
    Refused,
    Sent,
    Stopped,
    Target,
)
from mriqc_webapi.errors import BusyError, WebApiError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Settings
from mriqc_webapi.store import passing, records
from mriqc_webapi.store.engine import Store
from mriqc_webapi.web.relay.errands import bring, take_back
from mriqc_webapi.web.relay.policy import RelayPolicy, content_to_send

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

BATCH_CHANGES: Final = 200
BATCH_ERRANDS: Final = 50
TICK_S: Final = 0.25  # an idle forwarder looks at the store so often
STOPPED_S: Final = 30.0  # somebody has to do something: no use in asking more often
JOIN_S: Final = 10.0
PACE: Final = Patience(first_s=0.5, longest_s=15.0, most_s=3600.0)
LATER_WORDS: Final = 'tried again by itself'


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What a forwarder works with."""

    store: Store
    archive: Archive
    catalogue: Catalogue
    policy: RelayPolicy
    target: Target | None  # None: nothing is ever sent
    token: str | None = None
    connect: Callable[[], httpx2.BaseTransport] | None = None  # instead of the network


class Forwarder:
    """Passes records on, in a thread of its own; errors of any kind are waited out."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._is_over = threading.Event()
        self._driver: Driver | None = None
        self._n_failed = 0  # errands, one after the other
        self._ready_at = 0.0  # by the monotonic clock: no errand is done before
        self._thread = threading.Thread(target=self._run, name='forwarder', daemon=True)

    @classmethod
    def start(
        cls, settings: Settings, *, store: Store, archive: Archive, catalogue: Catalogue
    ) -> Self | None:
        """Begin to pass on what the settings say; None: they say nothing of the kind.

        Raises
        ------
        SetupError
            The settings make no sense.
        """
        if not settings.relay_to and settings.relay_policy != 'keep':
            return None
        relay = Relay(
            store=store,
            archive=archive,
            catalogue=catalogue,
            policy=RelayPolicy.of(settings, catalogue),
            target=Target(settings.relay_to.rstrip('/')) if settings.relay_to else None,
            token=settings.relay_token or None,
        )
        with store.write() as tx:
            passing.begin(tx, with_what_is_there=not settings.relay_new_only)
        forwarder = cls(relay)
        forwarder._thread.start()
        return forwarder

    def close(self) -> None:
        """End; an errand that is under way is waited for, for a while."""
        self._is_over.set()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                wait_s = self._work()
            except BusyError as error:
                log.info('the relay waits: %s', error)
                wait_s = float(error.retry_after_s)
            except Exception:  # whatever it is, it must pass
                wait_s = self._after_fault()
            self._is_over.wait(wait_s)
        self._disconnect()

    def _after_fault(self) -> float:
        if not self._is_over.is_set():
            log.exception('the relay hit a fault and goes on in %g s', STOPPED_S)
        self._disconnect()
        return STOPPED_S

    def _work(self) -> float:
        """Follow the store, then do what is due; gives how long to wait before the next time."""
        has_more = self._follow()
        if self._relay.target is None or time.monotonic() < self._ready_at:
            return 0.0 if has_more else TICK_S
        with self._relay.store.read() as tx:
            errands = passing.due(tx, now=time.time(), limit=BATCH_ERRANDS)
        for due in errands:
            if self._is_over.is_set():
                return 0.0
            pause_s = self._do(due, self._relay.target)
            if pause_s:
                self._ready_at = time.monotonic() + pause_s
                return TICK_S
        return 0.0 if has_more or len(errands) == BATCH_ERRANDS else TICK_S

    def _follow(self) -> bool:
        """Give the store's next changes their states; whether there may be more."""
        store, policy = self._relay.store, self._relay.policy
        with store.read() as tx:
            after = passing.mark(tx)
            changes = records.changes(tx, after=after, limit=BATCH_CHANGES)
        if not changes:
            return False
        states = policy.decide(changes, self._relay.archive)
        with store.write() as tx:
            passing.take_in(tx, changes, states, after=after, now=int(time.time()))
        return True

    def _do(self, due: passing.Due, target: Target) -> float:
        """Do one errand and note its outcome; gives how long nothing else is to be tried."""
        with self._relay.store.read() as tx:
            if not passing.is_still(tx, due):  # somebody has rejected it meanwhile
                return 0.0
        outcome = self._carry_out(due, target)
        now = time.time()
        is_first_failure = self._n_failed == 0
        self._n_failed = self._n_failed + 1 if isinstance(outcome, Later | Stopped) else 0
        self._note(due, outcome, now)
        match outcome:
            case Later(problem, wished_s):
                if is_first_failure:
                    log.warning('the relay waits: %s; %s', problem, LATER_WORDS)
                return PACE.wait_s(self._n_failed, wished_s)
            case Stopped(problem):
                if is_first_failure:
                    log.error('the relay cannot go on: %s', problem)
                return STOPPED_S
        return 0.0

    def _carry_out(self, due: passing.Due, target: Target) -> Outcome:
        relay = self._relay
        if self._driver is None:
            transport = relay.connect() if relay.connect else None
            headers = own_headers(relay.token)
            self._driver = Driver(headers=headers, transport=transport, follow_redirects=False)
        try:
            if due.doc is None:
                return self._driver.run(take_back(due, target))
            resource = relay.catalogue.resources.get(due.resource)
            if resource is None:
                return Refused(f'this service knows no resource {due.resource} any more')
            content = content_to_send(relay.policy, due.doc, resource)
            return self._driver.run(bring(due, content, target))
        except WebApiError as error:
            return Stopped(str(error))

    def _note(self, due: passing.Due, outcome: Outcome, now: float) -> None:
        state: passing.State
        with self._relay.store.write() as tx:
            match outcome:
                case Sent(receipt=receipt):
                    state = 'withdrawn' if due.state == 'leaving' else 'sent'
                    passing.settle(tx, id=due.id, state=state, receipt=receipt, now=int(now))
                case Refused(reason):
                    state = 'staying' if due.state == 'leaving' else 'refused'
                    passing.settle(tx, id=due.id, state=state, problem=reason, now=int(now))
                case Later(problem, wished_s):
                    due_at = now + PACE.wait_s(due.n_failed + 1, wished_s)
                    passing.postpone(tx, id=due.id, due_at=due_at, problem=problem)
                case Stopped(problem):
                    due_at = now + 2 * STOPPED_S  # another record goes first: it may be this one
                    passing.postpone(tx, id=due.id, due_at=due_at, problem=problem)

    def _disconnect(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()
