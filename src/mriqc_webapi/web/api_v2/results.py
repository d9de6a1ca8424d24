"""What became of each document of an upload."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from mriqc_webapi.errors import InvalidDocumentError, LimitError, WebApiError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.store.insert import Outcome
from mriqc_webapi.store.record import Record, Sender
from mriqc_webapi.submissions.submission import Submission
from mriqc_webapi.web.problems import problem
from mriqc_webapi.web.relayed import check_relayed, require_amended
from mriqc_webapi.web.service import Service
from mriqc_webapi.web.uploads import make_record_of

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many documents met which fate."""

    n_created: int
    n_replayed: int
    n_refused: int

    @classmethod
    def of(cls, results: Sequence[Result]) -> Self:
        """Count the results by status."""
        n = Counter(r['status'] for r in results)
        return cls(n['created'], n['replayed'], n['refused'])

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes in documents of one resource under one idempotency key, each by itself."""

    service: Service
    resource: Resource
    key: str | None
    sender: Sender
    is_relayed: bool = False  # whether the records have an identity that they keep

    async def take_in(self, numbered: Sequence[tuple[int, Any]]) -> list[Result]:
        """Check and store documents; an element that is an error was broken before."""
        checked = [(i, self._check(i, document)) for i, document in numbered]
        if self.is_relayed:
            checked = [(i, await require_amended(self.service, c)) for i, c in checked]
        good = [(i, *c) for i, c in checked if not isinstance(c, WebApiError)]
        records = [record for _, _, record in good]
        outcomes = await self.service.writer.write(records) if records else []
        stored = {i: (s, o) for (i, s, _), o in zip(good, outcomes, strict=True)}
        return [
            refused(i, c) if isinstance(c, WebApiError) else self._stored(i, *stored[i])
            for i, c in checked
        ]

    def _check(self, index: int, document: Any) -> tuple[Submission, Record] | WebApiError:
        if isinstance(document, WebApiError):
            return document
        try:
            check = self.service.checkers[self.resource.name]
            submission = check_relayed(check, document) if self.is_relayed else check(document)
            key = self._key_of(index)
            record = make_record_of(self.service, submission, key=key, sender=self.sender)
            return submission, record
        except (InvalidDocumentError, LimitError) as error:
            return error

    def _key_of(self, index: int) -> str | None:
        return None if self.key is None else f'{self.key}:{index}'

    def _stored(self, index: int, submission: Submission, outcome: Outcome) -> Result:
        if outcome.refusal is not None:
            return refused(index, outcome.refusal)
        created_at = datetime.fromtimestamp(outcome.created_at, UTC)
        first_id = submission.document.get('amends') if self.is_relayed else None
        first_id = first_id if isinstance(first_id, str) else outcome.id
        result: Result = {
            'index': index,
            'status': 'replayed' if outcome.is_replay else 'created',
            'id': outcome.id,
            'etag': outcome.etag,
            'created_at': created_at.strftime('%Y-%m-%dT%H:%M:%SZ'),
            'receipt': self.service.secrets.receipt_for(first_id),
        }
        if submission.notes:
            result['notes'] = [n._asdict() for n in submission.notes]
        return result


def refused(index: int, error: WebApiError) -> Result:
    """Say why a document was not taken."""
    return {'index': index, 'status': 'refused', 'problem': problem(error)}
