"""Everything this package raises on purpose.

WebApiError
├── SubmissionError        not acceptable as sent
│   ├── BrokenBodyError        the body is no JSON, or not the JSON that is taken here
│   ├── LimitError             larger, deeper or longer than a limit allows
│   ├── BodyTooLargeError      the body is larger than one request may be
│   ├── SlowBodyError          the body did not arrive in time
│   ├── ClientGoneError        the client hung up before its request was whole
│   └── InvalidDocumentError   the document breaks its resource's rules; carries the issues
├── ConflictError          the archive holds something else
│   ├── DuplicateIdError       a record of that id is there already
│   ├── ChangedSubmissionError the idempotency key came before, with another document
│   ├── NoReceiptError         the record has no receipt, or none any more
│   ├── WithdrawnError         the record was withdrawn, and does not come back
│   ├── StayingError           the record cannot be withdrawn
│   │   ├── RatingStaysError       it is a rating, which can be corrected only
│   │   ├── TooLateError           it came in more than twelve months ago
│   │   ├── PublicImageError       its image is public
│   │   └── RatedError             others have rated its image
│   └── LinkedRatingError      the rating is about another image already
├── QueryError             the question cannot be understood
├── NotAcceptableError     in none of the formats that the caller takes
├── NotFoundError          no such resource or record
├── MethodNotAllowedError  the address takes other methods; carries which
├── RangeError             the file has no such part; carries its size
├── AuthError              who asks may not
│   ├── CredentialsError       no token, an unknown, an expired or a revoked one
│   ├── ScopeError             a good token that lacks the scope
│   └── ReceiptError           no receipt, or not the record's
├── BusyError              later: the caller should come back
│   ├── QueueFullError         more uploads wait than the queue holds
│   ├── RateLimitError         more requests than this caller may make
│   ├── ExportsBusyError       as many exports run as may run at once
│   ├── ArchiveNotReadyError   the columnar copy is being rebuilt
│   ├── QueryTimeoutError      the query ran into its time limit and was stopped
│   └── StoreUnavailableError  the database cannot be reached, or its disk is full
├── ClientError            the client could not do what was asked of it
│   ├── UnreachableError       nobody answered, or the connection broke again and again
│   ├── ForeignAnswerError     what answered is no MRIQC Web-API, or one of another version
│   ├── RefusedError           the service refused, for a reason that this client does not know
│   ├── PlaceError             neither a service, nor a release, nor a mirror, nor a table
│   ├── MirrorError            the mirror is another archive's, or in use, or broken
│   ├── DatasetError           what a dataset keeps for sending cannot be used
│   ├── SpoolError             what waits to be sent cannot be kept, or not be read
│   └── MissingPackageError    it takes a package that is not installed
├── ReportError            an HTML report cannot be annotated, or not be restored
│   ├── NoReportError          it is no HTML report
│   ├── UnknownImageError      nothing says which image the report is about
│   ├── LinkedReportError      it is a link, and what it leads to is not to be changed
│   └── DamagedReportError     what an annotation kept of the original cannot be read
├── ImageError             an image file cannot be read
├── UndefinedIqmError      an image leaves an IQM without a value; the message says why
├── CatalogueError         a catalogue file is wrong; carries file, line and reason
└── SetupError             the service cannot start as it is set up
"""

from typing import Any


class WebApiError(Exception):
    """Root of everything raised on purpose; never raised itself."""

    code = 'error'


class SubmissionError(WebApiError):
    """An upload that cannot be accepted as sent."""

    code = 'submission'


class BrokenBodyError(SubmissionError):
    """The body is no JSON, or not the JSON that is taken here."""

    code = 'broken-body'


class LimitError(SubmissionError):
    """The upload is larger, deeper or longer than a limit allows."""

    code = 'limit-exceeded'


class BodyTooLargeError(SubmissionError):
    """The body is larger than one request may be."""

    code = 'body-too-large'


class SlowBodyError(SubmissionError):
    """The body did not arrive in time."""

    code = 'slow-body'


class ClientGoneError(SubmissionError):
    """The client hung up before its request was whole; nobody reads the answer."""

    code = 'client-gone'


class InvalidDocumentError(SubmissionError):
    """The document breaks its resource's rules.

    Parameters
    ----------
    issues : dict
        Mirrors the document's nesting; a leaf is a text, or a list of texts if there are several.
    """

    code = 'invalid-document'

    def __init__(self, issues: dict[str, Any]) -> None:
        super().__init__(f'the document has {len(issues)} issue(s)')
        self.issues = issues


class ConflictError(WebApiError):
    """The archive holds something else."""

    code = 'conflict'


class DuplicateIdError(ConflictError):
    """A record of that id is there already."""

    code = 'duplicate-id'


class ChangedSubmissionError(ConflictError):
    """The idempotency key came before, with another document."""

    code = 'changed-submission'


class NoReceiptError(ConflictError):
    """The record has no receipt, or none that could still be fetched."""

    code = 'no-receipt'


class WithdrawnError(ConflictError):
    """The record was withdrawn, and does not come back."""

    code = 'withdrawn'


class StayingError(ConflictError):
    """The record cannot be withdrawn; the message says why."""

    code = 'staying'


class RatingStaysError(StayingError):
    """It is a rating, which can be corrected only."""

    code = 'rating-stays'


class TooLateError(StayingError):
    """It came in more than twelve months ago."""

    code = 'too-late'


class PublicImageError(StayingError):
    """Its image is public."""

    code = 'public-image'


class RatedError(StayingError):
    """Others have rated its image."""

    code = 'rated'


class LinkedRatingError(ConflictError):
    """The rating is about another image already."""

    code = 'linked-rating'


class QueryError(WebApiError):
    """The question cannot be understood; the message says where."""

    code = 'bad-query'


class NotAcceptableError(WebApiError):
    """The answer comes in none of the formats that the caller takes."""

    code = 'not-acceptable'


class NotFoundError(WebApiError):
    """No such resource or record."""

    code = 'not-found'


class MethodNotAllowedError(WebApiError):
    """The address exists, and does not take that method."""

    code = 'method-not-allowed'

    def __init__(self, message: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


class RangeError(WebApiError):
    """The file has no such part: it ends before."""

    code = 'range-not-satisfiable'

    def __init__(self, message: str, *, size: int = 0) -> None:
        super().__init__(message)
        self.size = size  # of the file, in bytes


class AuthError(WebApiError):
    """Who asks may not."""

    code = 'auth'


class CredentialsError(AuthError):
    """No token, an unknown, an expired or a revoked one."""

    code = 'bad-credentials'


class ScopeError(AuthError):
    """A good token that lacks the scope."""

    code = 'missing-scope'


class ReceiptError(AuthError):
    """No receipt, or not the record's."""

    code = 'bad-receipt'


class BusyError(WebApiError):
    """Not now: the caller should come back after ``retry_after_s`` seconds."""

    code = 'busy'

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFullError(BusyError):
    """More uploads wait than the queue holds."""

    code = 'queue-full'


class RateLimitError(BusyError):
    """More requests than this caller may make."""

    code = 'rate-limited'


class ExportsBusyError(BusyError):
    """As many exports run as may run at once."""

    code = 'exports-busy'


class ArchiveNotReadyError(BusyError):
    """The columnar copy is being rebuilt."""

    code = 'archive-not-ready'


class QueryTimeoutError(BusyError):
    """The query ran into its time limit and was stopped."""

    code = 'query-timeout'


class StoreUnavailableError(BusyError):
    """The database cannot be reached, or its disk is full."""

    code = 'store-unavailable'


class ClientError(WebApiError):
    """The client could not do what was asked of it."""

    code = 'client'


class UnreachableError(ClientError):
    """Nobody answered, or the connection broke again and again."""

    code = 'unreachable'


class ForeignAnswerError(ClientError):
    """What answered is no MRIQC Web-API, or one of another version."""

    code = 'foreign-answer'


class RefusedError(ClientError):
    """The service refused, for a reason that this client does not know; in its words."""

    code = 'refused'

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status  # of HTTP; 0: unknown


class PlaceError(ClientError):
    """Neither a service, nor a release, nor a mirror, nor a table."""

    code = 'no-archive'


class MirrorError(ClientError):
    """The mirror is another archive's, or in use, or broken; the message says what to do."""

    code = 'mirror'


class DatasetError(ClientError):
    """What a dataset keeps for sending, such as its salt, cannot be used; says what to do."""

    code = 'dataset'


class SpoolError(ClientError):
    """What waits to be sent cannot be kept, or not be read; the message says what to do."""

    code = 'spool'


class MissingPackageError(ClientError):
    """It takes a package that is not installed; the message says how to install it."""

    code = 'missing-package'


class ReportError(WebApiError):
    """An HTML report cannot be annotated, or not be restored."""

    code = 'report'


class NoReportError(ReportError):
    """It is no HTML report."""

    code = 'no-report'


class UnknownImageError(ReportError):
    """Nothing says which image the report is about, or too much."""

    code = 'unknown-image'


class LinkedReportError(ReportError):
    """The report is a link, and what it leads to is not to be changed."""

    code = 'linked-report'


class DamagedReportError(ReportError):
    """What an annotation kept of the original cannot be read."""

    code = 'damaged-report'


class ImageError(WebApiError):
    """An image file cannot be read; the message says which and why."""

    code = 'bad-image'


class UndefinedIqmError(WebApiError):
    """An image leaves an IQM without a value; the message says why."""

    code = 'undefined-iqm'


class CatalogueError(WebApiError):
    """A catalogue file is wrong; the message names file, line and reason."""

    code = 'bad-catalogue'


class SetupError(WebApiError):
    """The service cannot start as it is set up; the message says what to do."""

    code = 'setup'
