"""What the current API answers, as its documentation shows it."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """An error, as an RFC 9457 problem document."""

    type: str
    title: str
    status: int
    code: str = Field(description='stable name of the kind of error')
    detail: str = Field(description='what is wrong, in words that may change')
    issues: dict[str, Any] | None = None


class NoteOut(BaseModel):
    """A deviation that was accepted and kept."""

    field: str
    kind: str
    expected: str
    got: str
    example: str


class Result(BaseModel):
    """What became of one document."""

    index: int = Field(description='its place in the upload, from 0; in a stream, its line')
    status: Literal['created', 'replayed', 'refused']
    id: str | None = Field(None, description='id of the record')
    etag: str | None = None
    created_at: str | None = Field(None, description='UTC, ISO 8601')
    receipt: str | None = Field(
        None, description='lets its holder correct a rating, or take a record back; keep it'
    )
    notes: list[NoteOut] | None = None
    problem: Problem | None = None


class UploadAnswer(BaseModel):
    """What became of an upload."""

    n_created: int
    n_replayed: int = Field(description='known by their idempotency key, so not stored again')
    n_refused: int
    results: list[Result]


class DictionaryRow(BaseModel):
    """What one field of a resource means."""

    resource: str
    name: str
    type: str
    unit: str
    required: bool
    better: Literal['lower', 'higher', 'neither']
    role: str
    meaning: str
    source: str


class DriftRow(BaseModel):
    """How often uploads of one software version deviated in one field, and how."""

    resource: str
    field: str
    kind: str
    expected: str
    got: str
    software: str
    version: str
    n: int
    first_day: str
    last_day: str
    example: str
