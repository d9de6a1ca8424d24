"""Sends a session's ratings to a service, in the background and as often as it takes."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import httpx2
import orjson

from mriqc_webapi.reports.session.ledger import Answer, Ledger, StoredRating

HOLD_S = 10  # the newest rating waits so long, since it may be undone
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
TIMEOUT_S = 15.0
TICK_S = 1.0
AGAIN = '; tried again by itself'

State = Literal['off', 'waiting', 'sending', 'done', 'stopped']
_COME_BACK = frozenset({408, 425, 429})
_AMENDED = ('rating', 'scale', 'comment', 'artifacts', 'confidence', 'time_s')


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """Where the ratings of a session are."""

    url: str | None  # None: they stay here
    state: State
    n_sent: int = 0
    n_waiting: int = 0
    n_refused: int = 0
    n_unlinked: int = 0  # nobody could tell their image: they stay here
    problem: str | None = None  # in words, with what to do


@dataclass(frozen=True, slots=True)
class _Pause:
    """The service is not to be asked for a while; or, `seconds` None, not at all."""

    problem: str
    seconds: float | None


class Delivery:
    """Sends what waits, oldest first; stops at the first that cannot get through."""

    def __init__(
        self, ledger: Ledger, session: str, *, url: str | None, token: str, offline: bool = False
    ) -> None:
        self._ledger = ledger
        self._session = session
        self.url = None if url is None else url.rstrip('/')
        self._token = token
        self._is_off = offline or url is None
        self._pause: _Pause | None = None
        self._pause_s = FIRST_PAUSE_S
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send, in a thread."""
        if not self._is_off:
            self._thread = threading.Thread(target=self._run, name='delivery', daemon=True)
            self._thread.start()

    def stop(self, *, patience_s: float = TIMEOUT_S) -> None:
        """Send what is left, if the service answers at all, and end the thread."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join(patience_s)
            self._thread = None

    def send_now(self) -> str | None:
        """Send all that waits, once; return what stopped it, in words."""
        with httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            stopped = self._send(client)
        return stopped.problem.removesuffix(AGAIN) if stopped else None

    def status(self) -> DeliveryStatus:
        """Say where the ratings are."""
        if self.url is None:
            return DeliveryStatus(url=None, state='off')
        pending = self._ledger.pending(self._session, url=self.url)
        sendable = [r for r in pending if is_linked(r)]
        mine = {r.id for r in self._ledger.ratings(session=self._session)}
        answers = [a for a in self._ledger.answers(url=self.url).values() if a.rating in mine]
        pause = self._pause
        return DeliveryStatus(
            url=self.url,
            state=self._state(len(sendable)),
            n_sent=sum(a.remote_id is not None for a in answers),
            n_waiting=len(sendable),
            n_refused=sum(a.problem is not None for a in answers),
            n_unlinked=len(pending) - len(sendable),
            problem=pause.problem if pause else _last_refusal(answers),
        )

    def _state(self, n_waiting: int) -> State:
        if self._is_off:
            return 'off'
        if self._pause is not None:
            return 'waiting' if self._pause.seconds is not None else 'stopped'
        return 'sending' if n_waiting else 'done'

    def _run(self) -> None:
        with httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            while True:
                is_last = self._is_over.is_set()
                self._pause = self._send(client, hold_s=0 if is_last else HOLD_S)
                if is_last or (self._pause and self._pause.seconds is None):
                    return
                self._is_over.wait(self._pause.seconds if self._pause else TICK_S)

    def _send(self, client: httpx2.Client, *, hold_s: float = 0) -> _Pause | None:
        assert self.url is not None  # noqa: S101 — only called where there is one
        waiting = [r for r in self._ledger.pending(self._session, url=self.url) if is_linked(r)]
        for rating in waiting:
            if rating is waiting[-1] and time.time() - rating.created_at < hold_s:
                return None
            answer = self._send_one(client, rating)
            if isinstance(answer, _Pause):
                return answer
            self._pause, self._pause_s = None, FIRST_PAUSE_S
            self._ledger.add_answer(answer, url=self.url)
        return None

    def _send_one(self, client: httpx2.Client, rating: StoredRating) -> Answer | _Pause:
        try:
            response = self._request(client, rating)
        except httpx2.InvalidURL as error:
            return _Pause(f'{self.url} is no address of a service: {error}', None)
        except (httpx2.HTTPError, OSError) as error:
            return self._later(f'{self.url} cannot be reached: {error}')
        if response.is_success:
            return self._accepted(rating, response)
        return self._refused(rating, response)

    def _refused(self, rating: StoredRating, response: httpx2.Response) -> Answer | _Pause:
        words = f'{self.url} answered {response.status_code}: {_reason(response)}'
        is_correction = response.request.method == 'PATCH'  # by a receipt, not by the token
        is_denied = response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        if is_denied and not is_correction:
            return _Pause(f'{words}; start again with a --token that may rate', None)
        is_gone = response.status_code == HTTPStatus.NOT_FOUND
        if response.is_redirect or (is_gone and not is_correction):
            return _Pause(f'{words}; give --url the address of the service itself', None)
        if response.status_code >= 500 or response.status_code in _COME_BACK:
            return self._later(words, response.headers.get('retry-after'))
        return Answer(rating=rating.id, problem=words)

    def _request(self, client: httpx2.Client, rating: StoredRating) -> httpx2.Response:
        headers = {'Content-Type': 'application/json', 'Idempotency-Key': rating.id}
        before = self._answered_before(rating)
        if before is not None and before.receipt is not None:
            changed = {k: rating.document.get(k) for k in _AMENDED}
            return client.patch(
                f'{self.url}/api/v2/ratings/{before.remote_id}',
                content=orjson.dumps(changed),
                headers=headers | {'Receipt': before.receipt},
            )
        return client.post(
            f'{self.url}/api/v2/ratings',
            content=orjson.dumps(rating.document),
            headers=headers | {'Authorization': self._token},
        )

    def _answered_before(self, rating: StoredRating) -> Answer | None:
        """Find what this rating corrects, if the service has it."""
        if rating.amends is None or self.url is None:
            return None
        answers = self._ledger.answers(url=self.url)
        amended = {r.id: r.amends for r in self._ledger.ratings(session=rating.session)}
        earlier: str | None = rating.amends
        while earlier is not None:
            answer = answers.get(earlier)
            if answer is not None and answer.remote_id is not None:
                return answer
            earlier = amended.get(earlier)
        return None

    def _accepted(self, rating: StoredRating, response: httpx2.Response) -> Answer | _Pause:
        said = _object(response)
        if not isinstance(said.get('id'), str):
            return _Pause(f'{self.url} is no service that keeps ratings', None)
        before = self._answered_before(rating)
        receipt = said.get('receipt') or (before.receipt if before else None)
        return Answer(rating=rating.id, remote_id=said['id'], receipt=receipt)

    def _later(self, problem: str, after: str | None = None) -> _Pause:
        self._pause_s, pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S), self._pause_s
        if after is not None and after.isdecimal():
            pause_s = max(pause_s, float(after))
        return _Pause(problem + AGAIN, pause_s)


def is_linked(rating: StoredRating) -> bool:
    """Whether it is known which image a rating is about."""
    return bool(rating.document['md5sum'] != 'unspecified')


def _last_refusal(answers: list[Answer]) -> str | None:
    return next((a.problem for a in reversed(answers) if a.problem), None)


def _reason(response: httpx2.Response) -> str:
    said = _object(response)
    error = said.get('_error')
    words = said.get('detail') or (error.get('message') if isinstance(error, dict) else None)
    issues = said.get('issues') or said.get('_issues')
    shown = f'{words or response.reason_phrase}'
    return f'{shown} ({orjson.dumps(issues).decode()})' if issues else shown


def _object(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
