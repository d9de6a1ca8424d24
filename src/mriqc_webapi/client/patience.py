"""When to ask again, and when to give up: back-off with jitter, and the service's own wish."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from mriqc_webapi.client.answers import describe, refusal
from mriqc_webapi.client.steps import Ask, LostError, Pause, Reply, Steps
from mriqc_webapi.errors import UnreachableError

AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})  # these may pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often, and how long, the client tries before it gives up."""

    tries: int = 6  # without any progress in between
    first_s: float = 0.5  # the first wait; each further one is twice as long
    longest_s: float = 60.0  # of one wait, unless the service names a longer one
    most_s: float = 600.0  # no wait is longer, whatever the service says

    def wait_s(self, n_failed: int, wished_s: float | None) -> float:
        """Say how long to wait after so many failures: at least as long as wished."""
        doubled = min(self.first_s * 2.0 ** (n_failed - 1), self.longest_s)
        jittered = doubled * random.uniform(0.5, 1.0)  # noqa: S311 - many clients, not one secret
        return min(max(jittered, wished_s or 0.0), self.most_s)


PATIENT: Final = Patience()


def ask_until_answered(
    make: Callable[[], Ask],
    patience: Patience = PATIENT,
    *,
    measure: Callable[[], int] = lambda: 0,
    can_resume: bool = True,
) -> Steps[Reply]:
    """Ask until there is an answer that another try would not better.

    Parameters
    ----------
    make : callable
        Makes each try's request.
    measure : callable
        How far it has come; a try that gets further gives the patience back.
    can_resume : bool
        Whether an answer that broke off can be asked for again.

    Raises
    ------
    LostError
        An answer broke off that cannot.
    UnreachableError
        Nobody answered.
    BusyError, RefusedError
        The service's last answer, if it went on to say that it cannot.
    """
    n_failed, before = 0, measure()
    while True:
        ask = make()
        reply: Reply | None = None
        lost: LostError | None = None
        try:
            reply = yield ask
        except LostError as error:
            if error.has_begun and not can_resume:
                raise
            lost = error
        if reply is not None and reply.status not in AGAIN:
            return reply
        n_failed = 1 if measure() > before else n_failed + 1
        before = measure()
        if n_failed >= patience.tries:
            if reply is not None:
                raise refusal(reply, ask)
            raise UnreachableError(f'{describe(ask)}: {lost}, {n_failed} times') from lost
        yield Pause(patience.wait_s(n_failed, wished_s(reply.headers) if reply else None))


def wished_s(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or a date."""
    text = headers.get('retry-after', '').strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    from datetime import UTC, datetime

    return max((date.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)
