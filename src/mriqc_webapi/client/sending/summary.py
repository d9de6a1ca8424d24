"""What became of a submission, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """A record that was not taken, and why."""

    source: str  # file, or file and line
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of a record: who holds it may take the record back."""

    url: str  # of the service
    resource: str
    id: str  # of the record
    receipt: str | None  # None: the service gives none
    md5sum: str = ''  # of the image's file
    source: str = ''  # file, or file and line, within the dataset
    digest: str = ''  # of the record as it was found
    sent_at: str = ''  # ISO 8601, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSummary:
    """What became of a submission.

    Attributes
    ----------
    off : str
        Why nothing was sent at all, if somebody switched sending off.
    problem : str
        Why the rest waits, and what to do about it.
    """

    url: str
    n_found: int = 0  # records in what was named
    n_sent: int = 0
    n_present: int = 0  # were there already
    n_spooled: int = 0  # wait here, for the next run or `flush`
    n_refused: int = 0
    refusals: tuple[NotTaken, ...] = ()
    receipts: tuple[Receipt, ...] = ()  # of this run
    off: str = ''
    problem: str = ''
    notes: tuple[str, ...] = ()
    elapsed_s: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether nothing waits and nothing was refused."""
        return not (self.n_spooled or self.n_refused or self.problem)

    def as_dict(self) -> dict[str, Any]:
        """Write it as JSON would have it, without the receipts' texts."""
        told = asdict(self)
        told['receipts'] = [{'resource': r.resource, 'id': r.id} for r in self.receipts]
        return told
