"""Named tokens: who may write what.

Texts are stored as their SHA-256. A slow password hash would buy nothing: generated texts carry
256 random bits, and the given text that ships inside MRIQC is public; but each POST would pay.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mriqc_webapi.errors import ConflictError, NotFoundError, SetupError
from mriqc_webapi.store import numbers
from mriqc_webapi.store.statement import Statement

SCOPES = ('submit', 'rate', 'relay', 'admin')

_COLUMNS = 'name, scopes, created_at, expires_at, revoked_at, n_used, last_used_at'
_BY_NAME = Statement(f'SELECT {_COLUMNS} FROM token WHERE name = :name')  # noqa: S608 - our names
_BY_HASH = Statement(f'SELECT {_COLUMNS} FROM token WHERE hash = :hash ORDER BY created_at DESC')  # noqa: S608 - our names
_ALL = Statement(f'SELECT {_COLUMNS} FROM token ORDER BY created_at, name')  # noqa: S608 - our names
_INSERT = Statement("""
    INSERT INTO token (name, hash, scopes, created_at, expires_at, n_used)
    VALUES (:name, :hash, :scopes, :now, :expires_at, 0)
""")
_REVOKE = Statement('UPDATE token SET revoked_at = :now WHERE name = :name')
_COUNT_USE = Statement(
    'UPDATE token SET n_used = n_used + :n, last_used_at = :now WHERE name = :name'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; its text is not."""

    name: str
    scopes: frozenset[str]
    created_at: int  # seconds since 1970 (UTC), as all times here
    expires_at: int | None
    revoked_at: int | None
    n_used: int
    last_used_at: int | None

    def is_valid(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create(
    tx: Connection,
    *,
    name: str,
    scopes: Iterable[str],
    text: str | None = None,
    expires_at: int | None = None,
    now: int | None = None,
) -> str:
    """Make a token and give its text, which is not kept.

    Parameters
    ----------
    text : str, optional
        The text itself, for a token that is the same everywhere; by default 256 random bits.

    Raises
    ------
    ConflictError
        The name is taken, or a standing token has that text.
    SetupError
        A scope that does not exist, no scope, or an empty name or text.
    """
    now = _now(now)
    text = secrets.token_urlsafe(32) if text is None else text.strip()
    wanted = _check(name, text, scopes)
    numbers.lock(tx)
    if _BY_NAME(tx, name=name):
        raise ConflictError(f'a token named {name!r} exists already; revoked ones keep their name')
    same = find(tx, text)
    if same is not None and same.is_valid(now):
        raise ConflictError(f'the token {same.name!r} has the same text')
    _INSERT(tx, name=name, hash=_hash(text), scopes=wanted, now=now, expires_at=expires_at)
    return text


def find(tx: Connection, text: str) -> Token | None:
    """Find a token by its text, also a revoked or expired one if no other has that text."""
    found = [_token(row) for row in _BY_HASH(tx, hash=_hash(text))]
    found.sort(key=lambda token: token.revoked_at is not None)
    return found[0] if found else None


def list_tokens(tx: Connection) -> list[Token]:
    """Give all tokens, oldest first."""
    return [_token(row) for row in _ALL(tx)]


def revoke(tx: Connection, *, name: str, now: int | None = None) -> None:
    """End a token; its row stays, for the record. Revoking again changes nothing.

    Raises
    ------
    NotFoundError
        No token has that name.
    """
    rows = _BY_NAME(tx, name=name)
    if not rows:
        raise NotFoundError(f'there is no token named {name!r}')
    if _token(rows[0]).revoked_at is None:
        _REVOKE(tx, name=name, now=_now(now))


def count_use(tx: Connection, uses: Mapping[str, int], *, now: int | None = None) -> None:
    """Add to the use counts, by name; meant for sums over many requests."""
    now = _now(now)
    for name in sorted(uses):
        _COUNT_USE(tx, name=name, n=uses[name], now=now)


def _check(name: str, text: str, scopes: Iterable[str]) -> str:
    wanted = set(scopes)
    unknown = wanted.difference(SCOPES)
    if unknown:
        raise SetupError(f'no such scope: {", ".join(sorted(unknown))}; there are {_listed()}')
    if not wanted:
        raise SetupError(f'a token needs a scope: {_listed()}')
    if not name.strip() or not name.isprintable() or not text:
        raise SetupError('a token needs a printable name, and a text that is not empty')
    return ' '.join(scope for scope in SCOPES if scope in wanted)


def _listed() -> str:
    return ', '.join(SCOPES)


def _token(row: Any) -> Token:
    name, scopes, created_at, expires_at, revoked_at, n_used, last_used_at = row
    return Token(
        name=name,
        scopes=frozenset(scopes.split()),
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        n_used=n_used,
        last_used_at=last_used_at,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()


def _now(given: int | None) -> int:
    return int(time.time()) if given is None else given
