"""One upload as one checked value, and what was noted about it."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

NoteKind = Literal[
    'unknown', 'null', 'not-finite', 'type', 'fraction', 'absent', 'modality', 'private'
]


class Note(NamedTuple):
    """A deviation that was accepted and kept; the drift ledger sums them up."""

    field: str  # dotted wire path
    kind: NoteKind
    expected: str  # 'float', 'string', 'no such field', ...
    got: str  # 'null', 'list', 'string', ...
    example: str  # the value as short JSON text, '' where it must not be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One checked upload: nothing in it needs checking again."""

    resource: str
    document: dict[str, Any]  # public, wire names, values coerced
    private: dict[str, Any] = field(default_factory=dict)  # dotted path → value, never published
    notes: tuple[Note, ...] = ()
    md5sum: str | None = None  # None: no scan is named ('unspecified' ratings, telemetry)
    software: str = ''
    version: str = ''
    data_hash: str | None = None  # of the voxel array and its geometry
    id: str | None = None  # 24 lower-case hex digits, if the client chose it
    created_at: int | None = None  # seconds since 1970 (UTC), if an import keeps it
    etag: str | None = None  # if an import keeps it
