"""``/docs/problems``: every kind of error, where the ``type`` of a problem document leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mriqc_webapi import errors
from mriqc_webapi.errors import WebApiError
from mriqc_webapi.web.problems import STATUSES, UnexpectedFaultError, status_of_kind
from mriqc_webapi.web.uploads import UnknownContentTypeError

# told by programs on one's own computer, in the same words
ELSEWHERE: Final = (
    errors.ClientError,
    errors.ReportError,
    errors.ImageError,
    errors.UndefinedIqmError,
    errors.CatalogueError,
    errors.SetupError,
)
AS_IT_SAYS: Final = 'Do what the message says.'
SEND_ANEW: Final = 'Send it again, with the same Idempotency-Key: nothing is stored twice.'
COME_BACK: Final = 'Ask again after the seconds that Retry-After says.'
STAYS: Final = 'Nothing: the agreement on sharing, at /about, says which records stay.'

WHAT_TO_DO: Final[dict[type[WebApiError], str]] = {
    errors.BrokenBodyError: 'Send JSON, an array of documents, or NDJSON: one document per line.',
    UnknownContentTypeError: 'Say what is sent: Content-Type: application/json.',
    errors.ClientGoneError: SEND_ANEW,
    errors.QueryError: 'Mend the parameter that the message names; /docs has examples of each.',
    errors.CredentialsError: 'Send a token that holds: Authorization: Bearer TOKEN.',
    errors.ScopeError: 'Ask whoever runs the service for a token with the scope that is named.',
    errors.ReceiptError: 'Send the receipt that the record was answered with when it was stored.',
    errors.NotFoundError: 'Look the name up: /api/v2 lists the resources and all addresses.',
    errors.MethodNotAllowedError: 'Use a method that the header Allow names.',
    errors.NotAcceptableError: 'Name one of the formats of the message in Accept.',
    errors.SlowBodyError: SEND_ANEW,
    errors.DuplicateIdError: 'Leave _id out; the service gives one.',
    errors.ChangedSubmissionError: 'Use a new Idempotency-Key for each document.',
    errors.NoReceiptError: 'Ask whoever runs the service: they can withdraw a record, too.',
    errors.WithdrawnError: 'Nothing: what was taken back stays away.',
    errors.RatingStaysError: 'Correct the rating instead: PATCH /api/v2/ratings/{id}.',
    errors.TooLateError: STAYS,
    errors.PublicImageError: STAYS,
    errors.RatedError: STAYS,
    errors.LinkedRatingError: 'Send a new rating, of the image that is meant.',
    errors.BodyTooLargeError: 'Send fewer documents at once.',
    errors.RangeError: 'Ask for a part before the end: Content-Range says how long the file is.',
    errors.InvalidDocumentError: 'Mend the fields that `issues` names; /dictionary has each.',
    errors.LimitError: 'Send what the message names shorter, or in parts.',
    errors.RateLimitError: COME_BACK,
    errors.QueueFullError: COME_BACK,
    errors.ExportsBusyError: COME_BACK,
    errors.ArchiveNotReadyError: COME_BACK + ' After a restart this may take minutes.',
    errors.QueryTimeoutError: 'Narrow the question by a filter, or ask again later.',
    errors.StoreUnavailableError: COME_BACK,
    UnexpectedFaultError: 'Ask again later; if it stays, tell whoever runs the service when.',
    errors.NoReportError: 'Name the HTML file that MRIQC wrote.',
    errors.UnknownImageError: 'Name the image, or keep the report beside its JSON file.',
    errors.LinkedReportError: 'Name the file itself, not the link.',
    errors.DamagedReportError: 'Make the report anew.',
    errors.ImageError: 'Look at the file that is named; fetch or convert it again.',
    errors.UndefinedIqmError: 'Look at the image: it lacks what the metric is made of.',
    errors.UnreachableError: 'Check the address and the network, then try again.',
    errors.ForeignAnswerError: 'Check the address; update the client if the service is newer.',
    errors.RefusedError: AS_IT_SAYS,
    errors.PlaceError: 'Check the address or the path.',
    errors.MirrorError: AS_IT_SAYS,
    errors.MissingPackageError: AS_IT_SAYS,
    errors.DatasetError: AS_IT_SAYS,
    errors.SpoolError: AS_IT_SAYS,
    errors.CatalogueError: 'Mend the line of the file that is named.',
    errors.SetupError: AS_IT_SAYS,
}


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of error."""

    code: str
    status: int
    meaning: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class ProblemsContext:
    """What ``problems.html`` shows."""

    told_here: tuple[ProblemKind, ...]
    told_elsewhere: tuple[ProblemKind, ...]


def problems_context() -> ProblemsContext:
    """Sort all kinds by who tells them and by their status."""
    kinds: list[type[WebApiError]]
    kinds = [*STATUSES, UnexpectedFaultError, UnknownContentTypeError]
    return ProblemsContext(
        told_here=tuple(_described(k for k in kinds if not issubclass(k, ELSEWHERE))),
        told_elsewhere=tuple(_described(k for k in kinds if issubclass(k, ELSEWHERE))),
    )


def _described(kinds: Iterable[type[WebApiError]]) -> list[ProblemKind]:
    described = [
        ProblemKind(
            kind.code,
            status_of_kind(kind),
            (kind.__doc__ or '').partition('\n')[0],
            WHAT_TO_DO[kind],
        )
        for kind in kinds
    ]
    return sorted(described, key=lambda kind: kind.status)
