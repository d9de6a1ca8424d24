"""From a request's body to committed records; both interfaces take in through here."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from anyio import to_thread

from mriqc_webapi.errors import BrokenBodyError, InvalidDocumentError, LimitError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.store.raters import with_pseudonym
from mriqc_webapi.store.record import Record, Sender, make_record
from mriqc_webapi.store.tokens import Token
from mriqc_webapi.submissions.check import split_documents
from mriqc_webapi.submissions.parse import parse_form, parse_json
from mriqc_webapi.submissions.submission import Submission
from mriqc_webapi.web.access import network_of
from mriqc_webapi.web.messages import Request, client_address
from mriqc_webapi.web.service import Service

SMALL_BODY_BYTES = 2**16
OWN_BYTES = 1024  # what the service adds to a document, and a little
FORM_TYPES = ('application/x-www-form-urlencoded', 'multipart/form-data')


class UnknownContentTypeError(BrokenBodyError):
    """The body's type is none of those taken here."""

    code = 'unknown-content-type'


@dataclass(frozen=True, slots=True)
class Refusal:
    """One document of an upload that was not accepted, and why."""

    issues: dict[str, Any]


def scope_for(resource: Resource) -> str:
    """Name the token scope that posting to a resource takes."""
    return 'rate' if resource.kind == 'rating' else 'submit'


def media_type(request: Request) -> str:
    """Return the body's media type, in lower case and without parameters."""
    return (request.header(b'content-type') or '').partition(';')[0].strip().lower()


def parse_documents(request: Request, body: bytes, service: Service) -> list[Any]:
    """Parse a JSON or form body into its documents: one, or those of an array.

    Raises
    ------
    BrokenBodyError
        The type is unknown, or the body is not what its type says, or holds no document.
    LimitError
        A document exceeds a limit, or there are too many.
    """
    limits = service.settings.limits
    kind = media_type(request)
    if len(body) > limits.max_document_bytes and not body.lstrip()[:1] == b'[':
        raise LimitError(f'the document is larger than {limits.max_document_bytes} bytes')
    if kind in FORM_TYPES:
        content_type = request.header(b'content-type') or ''
        return [parse_form(body, content_type, limits)]
    if kind != 'application/json' and not kind.endswith('+json'):
        raise UnknownContentTypeError('Unknown or no Content-Type header supplied')
    return split_documents(parse_json(body, limits), limits)


def check_documents(
    service: Service, resource: Resource, documents: Sequence[Any]
) -> list[Submission | Refusal]:
    """Check each document by itself."""
    check = service.checkers[resource.name]
    results: list[Submission | Refusal] = []
    for document in documents:
        try:
            results.append(check(document))
        except InvalidDocumentError as error:
            results.append(Refusal(error.issues))
    return results


def sender_of(service: Service, token: Token, request: Request) -> Sender:
    """Say who posts, for whoever asks for the receipt later."""
    network = network_of(client_address(request.scope))
    return Sender(token.name, service.secrets.hash_network(network))


def make_record_of(
    service: Service, submission: Submission, *, key: str | None = None, sender: Sender | None
) -> Record:
    """Turn a checked upload into a record; ``key`` makes it recognisable when it comes again.

    Raises
    ------
    LimitError
        The record is larger than a document may be.
    """
    resource = service.catalogue[submission.resource]
    named = with_pseudonym(submission, resource=resource, salt=service.secrets.pseudonym)
    record = make_record(named, resource=resource, now=int(time.time()), key=key, sender=sender)
    limit = service.settings.limits.max_document_bytes
    if len(record.doc) > limit + OWN_BYTES:
        raise LimitError(f'the document is larger than {limit} bytes')
    return record


async def parse_and_check(
    service: Service, resource: Resource, request: Request, body: bytes
) -> list[Submission | Refusal]:
    """Parse and check an upload; a large one in a thread, so that others are answered."""

    def work() -> list[Submission | Refusal]:
        return check_documents(service, resource, parse_documents(request, body, service))

    return work() if len(body) <= SMALL_BODY_BYTES else await to_thread.run_sync(work)


def hash_key(token_name: str, resource: Resource, key: str) -> str:
    """Hash a client's idempotency key; keys of different tokens never meet."""
    return sha256(orjson.dumps([token_name, resource.name, key])).hexdigest()
