"""What the holder of receipts asks of a service: how records stand, and to take them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from mriqc_webapi.client.answers import read_json
from mriqc_webapi.client.driving import Driver, own_headers
from mriqc_webapi.client.patience import PATIENT, Patience, ask_until_answered
from mriqc_webapi.client.sending.summary import Receipt
from mriqc_webapi.client.steps import Ask, Steps
from mriqc_webapi.errors import ForeignAnswerError, StayingError

AT_ONCE: Final = 500  # receipts of one request; the service takes twice as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a record stands with the service."""

    receipt: Receipt
    state: str  # 'standing', 'withdrawn' or 'unknown'
    can_be_withdrawn: bool
    until: str | None = None  # ISO 8601, UTC: when withdrawing ends
    withdrawn_at: str | None = None  # the same
    code: str | None = None  # why it cannot be withdrawn, or opened
    why: str | None = None  # the same, in the service's words

    def as_dict(self) -> dict[str, Any]:
        """Tell it to programs; receipts stay where they are."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != 'receipt'}
        own = self.receipt
        names = {'url': own.url, 'resource': own.resource, 'id': own.id, 'source': own.source}
        return names | {'md5sum': own.md5sum} | told


class Holder:
    """Asks services on behalf of whoever holds receipts; each receipt names its service."""

    def __init__(self, *, patience: Patience = PATIENT) -> None:
        self._driver = Driver(headers=own_headers(None), follow_redirects=False)
        self._patience = patience

    def look_up(self, held: Sequence[Receipt]) -> Iterator[Standing]:
        """Say how records stand, those of each service together.

        Raises
        ------
        UnreachableError, ForeignAnswerError, BusyError, RefusedError
            A service did not answer, or not as one.
        """
        by_url: dict[str, list[Receipt]] = {}
        for one in held:
            by_url.setdefault(one.url, []).append(one)
        for url, some in by_url.items():
            for start in range(0, len(some), AT_ONCE):
                yield from self._driver.run(self._states(url, some[start : start + AT_ONCE]))

    def withdraw(self, one: Receipt) -> Standing:
        """Take a record back; to do so again changes nothing.

        A record that has to stay is told, not raised; all else is raised as `look_up` does.
        """
        body = {'id': one.id, 'receipt': one.receipt}
        try:
            told = self._driver.run(self._post(one.url, 'withdrawals', body))
        except StayingError as error:
            return Standing(
                receipt=one,
                state='standing',
                can_be_withdrawn=False,
                code=error.code,
                why=str(error),
            )
        return _standing(one, told)

    def change_contact(self, one: Receipt, email: str | None) -> None:
        """Change whom to ask about a record; raises what `look_up` does."""
        body = {'id': one.id, 'receipt': one.receipt, 'email': email}
        self._driver.run(self._post(one.url, 'receipts/contact', body))

    def close(self) -> None:
        """Let go of connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _states(self, url: str, some: Sequence[Receipt]) -> Steps[list[Standing]]:
        items = [{'id': one.id, 'receipt': one.receipt} for one in some]
        told = yield from self._post(url, 'receipts/state', {'items': items})
        answered = told.get('items')
        if not isinstance(answered, list) or len(answered) != len(some):
            raise ForeignAnswerError(f'{url} did not answer for each receipt')
        return [_standing(one, state) for one, state in zip(some, answered, strict=True)]

    def _post(self, url: str, path: str, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        ask = Ask(
            method='POST',
            url=f'{url}/api/v2/{path}',
            headers={'Content-Type': 'application/json'},
            content=orjson.dumps(body),
        )
        reply = yield from ask_until_answered(lambda: ask, self._patience)
        told: dict[str, Any] = read_json(reply, ask)
        return told


def _standing(one: Receipt, told: Mapping[str, Any]) -> Standing:
    problem = told.get('problem') or {}
    return Standing(
        receipt=one,
        state=str(told.get('state')),
        can_be_withdrawn=bool(told.get('withdrawable')),
        until=told.get('withdrawable_until'),
        withdrawn_at=told.get('withdrawn_at'),
        code=problem.get('code'),
        why=problem.get('detail'),
    )
