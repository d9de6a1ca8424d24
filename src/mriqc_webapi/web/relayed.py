"""Records that another archive took in first, from a token that may say so (scope ``relay``)."""

import time
from dataclasses import replace
from typing import Any

from mriqc_webapi.errors import InvalidDocumentError, WebApiError
from mriqc_webapi.store import amendments, records
from mriqc_webapi.store.record import Record
from mriqc_webapi.store.tokens import Token
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.submissions.submission import Submission
from mriqc_webapi.web.reading import read_store
from mriqc_webapi.web.service import Service

SCOPE = 'relay'

Checked = tuple[Submission, Record] | WebApiError


def is_relay(token: Token) -> bool:
    """Tell whether records under a token keep the identity that they come with."""
    return SCOPE in token.scopes


def check_relayed(check: Checker, document: Any) -> Submission:
    """Check a record and keep its date, if that is not in the future; its tag is made anew.

    Raises
    ------
    InvalidDocumentError, LimitError
        As for any upload.
    """
    submission = check(document, keep_identity=True)
    at = submission.created_at
    now = int(time.time())
    return replace(submission, etag=None, created_at=None if at is None else min(at, now))


async def require_amended(service: Service, checked: Checked) -> Checked:
    """Refuse a correction of what is not here; anything else passes."""
    if isinstance(checked, WebApiError):
        return checked
    submission, record = checked
    amends = submission.document.get('amends')
    if amends is None or submission.resource != 'rating':
        return checked
    first = await read_store(service.store, amendments.first_of, record_id=str(record.amends))
    found = await read_store(
        service.store, records.find_item, resource='rating', id=str(record.amends)
    )
    if found is None or first != record.amends:
        return InvalidDocumentError({'amends': 'there is no such rating, or it is a correction'})
    return checked
