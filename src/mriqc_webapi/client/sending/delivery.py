"""Sends what waits over several lanes at once, until all is done or nothing gets through."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mriqc_webapi.client.driving import Driver, own_headers
from mriqc_webapi.client.patience import Patience
from mriqc_webapi.client.progress import Quiet, Watch
from mriqc_webapi.client.sending.clock import SYSTEM_CLOCK, Clock
from mriqc_webapi.client.sending.spool import Parcel, Spool
from mriqc_webapi.client.sending.summary import NotTaken
from mriqc_webapi.client.sending.uploading import (
    Later,
    Outcome,
    Refused,
    Sent,
    Stopped,
    Target,
    upload,
)
from mriqc_webapi.errors import SpoolError, WebApiError

TICK_S: Final = 0.2  # an idle lane looks again after so long
JOIN_S: Final = 0.5
PACE: Final = Patience(first_s=0.5, longest_s=60.0, most_s=3600.0)


@dataclass(slots=True)
class Tally:
    """What a delivery has come to."""

    n_sent: int = 0
    n_present: int = 0
    refusals: list[NotTaken] = field(default_factory=list)
    problem: str = ''  # why the rest waits

    @property
    def n_done(self) -> int:
        """How many records the service has answered for."""
        return self.n_sent + self.n_present + len(self.refusals)


class Delivery:
    """One run over records that wait.

    A record that fails waits longer each time. A lane whose requests fail one after the other
    waits, too, and so does one that the service asks to. The run ends early if no record got
    through for `patience_s`, or if no record could.

    """

    def __init__(
        self,
        spool: Spool,
        target: Target,
        *,
        token: str | None,
        n_workers: int,
        patience_s: float,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._spool = spool
        self._target = target
        self._headers = own_headers(token)
        self._n_workers = n_workers
        self._patience_s = patience_s
        self._clock = clock
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, int, str]] = []  # when, order, failures, key
        self._n_flying = 0
        self._resting: set[int] = set()  # lanes that wait for longer than anybody wants to
        self._n_lanes = 0
        self._is_over = False
        self._progress_at = 0.0
        self._n_keys = 0
        self._watch: Watch = Quiet()
        self.tally = Tally()

    def run(self, keys: Sequence[str], watch: Watch | None = None) -> Tally:
        """Send these records; what is not sent in the end can be taken by others again."""
        self._watch = watch or Quiet()
        self._n_keys = len(keys)
        self._due = [(0.0, order, 0, key) for order, key in enumerate(keys)]
        self._progress_at = self._clock.now()
        self._n_lanes = min(self._n_workers, len(keys))
        lanes = [
            threading.Thread(target=self._work, args=[number], daemon=True)
            for number in range(self._n_lanes)
        ]
        for lane in lanes:
            lane.start()
        try:
            for lane in lanes:
                while lane.is_alive():
                    lane.join(JOIN_S)
        except BaseException:
            self._stop('interrupted')
            for lane in lanes:
                lane.join(2 * JOIN_S)
            raise
        finally:
            self._spool.give_back(self._target.root, keys)
        if self.tally.n_done >= len(keys):
            self.tally.problem = ''
        return self.tally

    def _work(self, lane: int) -> None:
        driver = Driver(headers=self._headers, follow_redirects=False)
        ready_at, n_failed = 0.0, 0
        try:
            while (taken := self._next(lane, ready_at)) is not None:
                outcome = self._deliver(driver, *taken)
                n_failed = n_failed + 1 if isinstance(outcome, Later) else 0
                ready_at = self._clock.now() + _pause_s(outcome, n_failed)
        except SpoolError as error:
            self._stop(str(error))
        except Exception as error:  # whatever it is, it must not end the program that sends
            self._stop(f'{type(error).__name__}: {error}')
        finally:
            driver.close()

    def _next(self, lane: int, ready_at: float) -> tuple[str, int] | None:
        """Wait for the next record that is due; None: there is nothing more to do."""
        while True:
            with self._lock:
                if self._is_over or not (self._due or self._n_flying):
                    return None
                now = self._clock.now()
                due_at = max(ready_at, self._due[0][0] if self._due else now + TICK_S)
                if due_at <= now:
                    self._rest(lane, is_long=False)
                    _, _, n_failed, key = heapq.heappop(self._due)
                    self._n_flying += 1
                    return key, n_failed
                self._rest(lane, is_long=due_at > self._progress_at + self._patience_s)
            self._clock.sleep(min(due_at - now, TICK_S))

    def _rest(self, lane: int, *, is_long: bool) -> None:
        """Note whether a lane still has hope; when none has, the run is over."""
        if is_long:
            self._resting.add(lane)
        else:
            self._resting.discard(lane)
        self._is_over |= len(self._resting) == self._n_lanes

    def _deliver(self, driver: Driver, key: str, n_failed: int) -> Outcome | None:
        outcome: Outcome | None = None
        try:
            parcel = self._spool.find(self._target.root, key)
            if parcel is None:  # another run was faster
                with self._lock:
                    self.tally.n_present += 1
            else:
                outcome = _upload(driver, parcel, self._target)
                self._note(parcel, outcome, n_failed)
        finally:
            with self._lock:
                self._n_flying -= 1
        self._watch.reach(self.tally.n_done, self._n_keys)
        return outcome

    def _note(self, parcel: Parcel, outcome: Outcome, n_failed: int) -> None:
        """Write down what became of a record before anything else happens."""
        root, now = self._target.root, self._clock.now()
        match outcome:
            case Sent(id, receipt, was_there):
                self._spool.note_sent(root, parcel.key, id=id, receipt=receipt, now=now)
                with self._lock:
                    self._progress_at = now
                    self.tally.n_present += was_there
                    self.tally.n_sent += not was_there
            case Refused(reason):
                self._spool.note_refused(root, parcel.key, reason=reason, now=now)
                with self._lock:
                    self._progress_at = now
                    self.tally.refusals.append(NotTaken(source=parcel.source, reason=reason))
            case Later(problem, wait_s):
                self._spool.note_failed(root, parcel.key, problem=problem)
                due_at = now + PACE.wait_s(n_failed + 1, wait_s)
                with self._lock:
                    self.tally.problem = problem
                    heapq.heappush(self._due, (due_at, len(self._due), n_failed + 1, parcel.key))
            case Stopped(problem):
                self._spool.note_failed(root, parcel.key, problem=problem)
                self._stop(problem)

    def _stop(self, problem: str) -> None:
        with self._lock:
            self._is_over = True
            self.tally.problem = problem


def _upload(driver: Driver, parcel: Parcel, target: Target) -> Outcome:
    try:
        return driver.run(upload(parcel, target))
    except WebApiError as error:
        return Stopped(str(error))


def _pause_s(outcome: Outcome | None, n_failed: int) -> float:
    """Say how long a lane rests: the first failure may be that record's alone."""
    if not isinstance(outcome, Later):
        return 0.0
    if outcome.wait_s is not None:
        return outcome.wait_s
    return PACE.wait_s(n_failed - 1, None) if n_failed > 1 else 0.0
