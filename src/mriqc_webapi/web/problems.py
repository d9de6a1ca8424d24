"""The one table from errors to HTTP statuses, and the problem documents of ``/api/v2``."""

import logging
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mriqc_webapi import errors
from mriqc_webapi.errors import BusyError, InvalidDocumentError, WebApiError
from mriqc_webapi.web.messages import Headers, Reply, ascii_json, join_tokens

log = logging.getLogger(__name__)

PROBLEM_JSON = b'application/problem+json'

STATUSES: dict[type[WebApiError], int] = {
    errors.BrokenBodyError: 400,
    errors.ClientGoneError: 400,
    errors.QueryError: 400,
    errors.CredentialsError: 401,
    errors.ScopeError: 403,
    errors.ReceiptError: 403,
    errors.NotFoundError: 404,
    errors.MethodNotAllowedError: 405,
    errors.NotAcceptableError: 406,
    errors.SlowBodyError: 408,
    errors.DuplicateIdError: 409,
    errors.ChangedSubmissionError: 409,
    errors.NoReceiptError: 409,
    errors.WithdrawnError: 409,
    errors.RatingStaysError: 409,
    errors.TooLateError: 409,
    errors.PublicImageError: 409,
    errors.RatedError: 409,
    errors.LinkedRatingError: 409,
    errors.BodyTooLargeError: 413,
    errors.RangeError: 416,
    errors.InvalidDocumentError: 422,
    errors.LimitError: 422,
    errors.NoReportError: 422,
    errors.UnknownImageError: 422,
    errors.LinkedReportError: 422,
    errors.DamagedReportError: 422,
    errors.ImageError: 422,
    errors.UndefinedIqmError: 422,
    errors.RateLimitError: 429,
    errors.QueueFullError: 503,
    errors.ExportsBusyError: 503,
    errors.ArchiveNotReadyError: 503,
    errors.QueryTimeoutError: 503,
    errors.StoreUnavailableError: 503,
    errors.UnreachableError: 502,
    errors.ForeignAnswerError: 502,
    errors.RefusedError: 502,
    errors.PlaceError: 502,
    errors.MirrorError: 503,
    errors.MissingPackageError: 503,
    errors.DatasetError: 503,
    errors.SpoolError: 503,
    errors.CatalogueError: 503,
    errors.SetupError: 503,
}


class UnexpectedFaultError(BusyError):
    """Something broke that nobody foresaw; the log has it, the caller may try again."""

    code = 'unexpected-fault'


def as_known(error: Exception) -> WebApiError:
    """Turn any exception into one that has a status; the unforeseen goes to the log."""
    if isinstance(error, WebApiError):
        return error
    if isinstance(error, SQLAlchemyError):
        log.error('the store did not answer: %s', error)
        return errors.StoreUnavailableError('the database cannot be reached at the moment')
    log.exception('unexpected fault', exc_info=error)
    return UnexpectedFaultError('the service hit a fault of its own, which has been logged')


def status_of(error: WebApiError) -> int:
    """Look up the HTTP status of an error."""
    return status_of_kind(type(error))


def status_of_kind(kind: type[WebApiError]) -> int:
    """Look up the HTTP status of a class of errors, or else its parents'."""
    return next((STATUSES[k] for k in kind.__mro__ if k in STATUSES), 503)


def retry_headers(error: WebApiError) -> Headers:
    """Say when to come back, where that helps."""
    if isinstance(error, BusyError):
        return [(b'retry-after', str(error.retry_after_s).encode())]
    return []


def headers_of(error: WebApiError) -> Headers:
    """Give the headers that tell of an error, beside its document or page."""
    if isinstance(error, errors.CredentialsError):
        return [(b'www-authenticate', b'Bearer realm="mriqc-webapi"')]
    if isinstance(error, errors.MethodNotAllowedError):
        return [(b'allow', join_tokens(error.allowed))]
    if isinstance(error, errors.RangeError):
        return [(b'content-range', f'bytes */{error.size}'.encode())]
    return retry_headers(error)


def problem(error: WebApiError) -> dict[str, Any]:
    """Describe an error as an RFC 9457 problem document."""
    status = status_of(error)
    body: dict[str, Any] = {
        'type': f'/docs/problems#{error.code}',
        'title': HTTPStatus(status).phrase,
        'status': status,
        'code': error.code,
        'detail': str(error),
    }
    if isinstance(error, InvalidDocumentError):
        body['issues'] = error.issues
    return body


def problem_reply(error: WebApiError) -> Reply:
    """Answer with a problem document."""
    body = ascii_json(problem(error))
    return Reply(status_of(error), body, PROBLEM_JSON, headers_of(error))
