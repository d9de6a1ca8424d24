"""The query parameters that several routes take, and the problems that all may answer with."""

from collections import Counter
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from mriqc_webapi.archive.views import VIEWS, View
from mriqc_webapi.errors import QueryError
from mriqc_webapi.web.api_v2.schemas import Problem

Where = Annotated[
    str,
    Field(
        description='a filter, in JSON or Python syntax: docs/queries.md',
        examples=['{"cjv": {"$lt": 0.5}}'],
    ),
]
Fields = Annotated[
    str,
    Field(
        description='only these members: dotted names, separated by commas',
        examples=['cjv,bids_meta.subject_id'],
    ),
]
Sort = Annotated[
    str,
    Field(description='names in order of weight, a minus for descending', examples=['-cjv']),
]
Limit = Annotated[
    int, Field(ge=1, le=1000, description='most items of one answer', examples=[1000])
]
RecordView = Annotated[
    View,
    Field(
        description='all records, or one per image or group of repeats: docs/duplicates.md',
        examples=list(VIEWS),
    ),
]
Cursor = Annotated[str, Field(description='where the page before ended: its `next`')]

_TEXTS = {
    400: 'The question cannot be understood.',
    404: 'There is no such thing.',
    406: 'It comes in none of the formats that are accepted.',
    429: 'Too many requests.',
    503: 'Not at the moment; Retry-After says when.',
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problem documents that a reading route may answer with."""
    return {s: {'model': Problem, 'description': _TEXTS[s]} for s in (*statuses, 429, 503)}


def header(meaning: str) -> dict[str, Any]:
    """Describe a header of an answer."""
    return {'description': meaning, 'schema': {'type': 'string'}}


async def require_single(request: Request) -> None:
    """Refuse a parameter that is given twice: whoever asks means both, and one would be lost."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, n in given.items():
        if n > 1:
            raise QueryError(f'{name[:100]} is given twice')
