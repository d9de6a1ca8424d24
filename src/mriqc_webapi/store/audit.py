"""What operators did to records and submitters: who, when, and why."""

import time
from typing import NamedTuple

from sqlalchemy import Connection

from mriqc_webapi.errors import SetupError
from mriqc_webapi.store.record import column_text
from mriqc_webapi.store.statement import Statement

MAX_CHARS = 2_000

_INSERT = Statement("""
    INSERT INTO audit (at, who, act, what, why) VALUES (:at, :who, :act, :what, :why)
""")
_NEWEST = Statement("""
    SELECT number, at, who, act, what, why FROM audit ORDER BY number DESC LIMIT :limit
""")


class Entry(NamedTuple):
    """One act."""

    number: int
    at: int  # seconds since 1970 (UTC)
    who: str
    act: str  # as the command is called
    what: str  # that it was done to
    why: str


def note(
    tx: Connection, *, who: str, act: str, what: str, why: str, now: int | None = None
) -> None:
    """Note an act in the transaction that does it.

    Raises
    ------
    SetupError
        Nobody said who, or why.
    """
    if not who.strip() or not why.strip():
        raise SetupError('say who does it (--who), and why (--why)')
    at = int(time.time()) if now is None else now
    texts = {'who': who, 'act': act, 'what': what, 'why': why}
    _INSERT(tx, at=at, **{k: column_text(v.strip(), MAX_CHARS) for k, v in texts.items()})


def newest(tx: Connection, *, limit: int = 1_000) -> list[Entry]:
    """List the last acts, the newest first."""
    return [Entry._make(row) for row in _NEWEST(tx, limit=limit)]
