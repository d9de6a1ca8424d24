"""Who may post, and how often: tokens from the Authorization header, and rate limits."""

import base64
import binascii
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network

from mriqc_webapi.errors import (
    CredentialsError,
    RateLimitError,
    ScopeError,
)
from mriqc_webapi.settings import Settings
from mriqc_webapi.store import tokens
from mriqc_webapi.store.engine import Store
from mriqc_webapi.web.reading import read_store

TOKEN_CACHE_S = 1.0  # a revoked token is refused after this at the latest
BURST_S = 20.0  # an idle caller may spend this many seconds' worth of requests at once
MAX_CALLERS = 100_000


def token_text(authorization: str | None) -> str | None:
    """Find the token in an Authorization header: bare, Bearer, Token, or Basic's user name."""
    if authorization is None:
        return None
    value = authorization.strip()
    scheme, _, rest = value.partition(' ')
    match scheme.lower():
        case 'bearer' | 'token':
            return rest.strip() or None
        case 'basic':
            return _basic_user(rest) or None
        case _:
            return value or None


def _basic_user(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(':')[0]
    except (binascii.Error, UnicodeDecodeError):
        return ''


class TokenDesk:
    """Checks tokens against the store, remembering each for a moment."""

    def __init__(self, store: Store, *, count_use: Callable[[str], None]) -> None:
        self._store = store
        self._count_use = count_use
        self._seen: OrderedDict[str, tuple[float, tokens.Token | None]] = OrderedDict()

    async def require(self, authorization: str | None, scope: str) -> tokens.Token:
        """Return the token that a request carries, if it is good for ``scope``; count its use."""
        token = await self.examine(authorization, scope)
        self._count_use(token.name)
        return token

    async def examine(self, authorization: str | None, scope: str | None) -> tokens.Token:
        """Return the token that a request carries, if it is good for ``scope``; None: for any."""
        text = token_text(authorization)
        token = await self._find(text) if text else None
        if token is None or not token.is_valid(time.time()):
            raise CredentialsError('no token, or one that is unknown, expired or revoked')
        if scope and scope not in token.scopes and 'admin' not in token.scopes:
            raise ScopeError(f'the token {token.name!r} lacks the scope {scope!r}')
        return token

    async def _find(self, text: str) -> tokens.Token | None:
        now = time.monotonic()
        known = self._seen.get(text)
        if known is not None and now - known[0] < TOKEN_CACHE_S:
            return known[1]
        token = await read_store(self._store, tokens.find, text)
        self._seen[text] = (now, token)
        self._seen.move_to_end(text)
        while len(self._seen) > 1000:
            self._seen.popitem(last=False)
        return token


class RateLimiter:
    """A token bucket per caller: refills steadily, holds some seconds' worth."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, caller: str) -> None:
        """Take one request off the caller's bucket.

        Raises
        ------
        RateLimitError
            The bucket is empty.
        """
        if not self._rate:
            return
        now = time.monotonic()
        level, since = self._buckets.pop(caller, (self._rate * BURST_S, now))
        level = min(self._rate * BURST_S, level + (now - since) * self._rate)
        allowed = level >= 1
        self._buckets[caller] = (level - 1 if allowed else level, now)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait_s = max(1, round((1 - level) / self._rate))
            raise RateLimitError(
                f'more than {self._rate:g} requests per second', retry_after_s=wait_s
            )


class RateLimits:
    """Both limits as the settings have them; loopback is free unless told otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._by_address = RateLimiter(settings.rate_per_address)
        self._by_token = RateLimiter(settings.rate_per_token)
        self._on_loopback = settings.rate_on_loopback

    def spend_address(self, address: str) -> None:
        """Count one request of an address."""
        if self._on_loopback or not is_loopback(address):
            self._by_address.spend(network_of(address))

    def spend_token(self, name: str, address: str) -> None:
        """Count one upload under a token."""
        if self._on_loopback or not is_loopback(address):
            self._by_token.spend(name)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return whom an address counts for: of IPv6, one host holds a whole /64."""
    return str(ip_network(f'{address}/64', strict=False)) if ':' in address else address


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own; a Unix socket has none and is."""
    try:
        return not address or ip_address(address).is_loopback
    except ValueError:
        return False
