"""HTTP requests and answers as plain values: what the hot routes work with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Scope, Send

from mriqc_webapi.errors import QueryError

Headers = list[tuple[bytes, bytes]]

JSON = b'application/json'
MAX_QUERY_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer."""

    status: int
    body: bytes = b''
    content_type: bytes = JSON
    headers: Headers = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """What a route needs to know of a request."""

    method: str
    path: str
    headers: dict[bytes, bytes]  # the last one of a name, names in lower case
    query: list[tuple[str, str]]
    scope: Scope

    def first(self, name: str) -> str | None:
        """Return the first query parameter of that name."""
        return next((value for key, value in self.query if key == name), None)

    def header(self, name: bytes) -> str | None:
        """Return a header as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode('latin-1')

    @property
    def root(self) -> str:
        """Scheme and host as the client named them."""
        host = self.header(b'host')
        if host is None:
            address, port = self.scope['server']
            host = f'{address}:{port}'
        return f'{self.scope["scheme"]}://{host}'


def read_request(scope: Scope) -> Request:
    """Parse the request line and headers of an ASGI scope; the body is still to come."""
    return Request(
        method=scope['method'],
        path=scope['path'],
        headers=dict(scope['headers']),
        query=parse_query(scope['query_string']),
        scope=scope,
    )


def client_address(scope: Scope) -> str:
    """Return the address a request came from; '' for a Unix socket."""
    client = scope.get('client')
    return client[0] if client else ''


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    """Decode a query string as forms do: ``+`` is a blank, broken UTF-8 is replaced."""
    if not raw:
        return []
    text = raw.decode('utf-8', 'replace')
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise QueryError(f'more than {MAX_QUERY_FIELDS} query parameters') from None


def names_tag(tags: str, etag: str) -> bool:
    """Tell whether ``If-None-Match`` names an ETag, by weak comparison (RFC 9110, 13.1.2)."""
    wanted = {t.strip().removeprefix('W/').strip('"') for t in tags.split(',')}
    return '*' in wanted or etag in wanted


async def send_reply(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send an answer; to HEAD, its headers alone."""
    headers = [
        (b'content-length', str(len(reply.body)).encode()),
        *reply.headers,
    ]
    if reply.body or reply.status not in {204, 304}:
        headers.insert(0, (b'content-type', reply.content_type))
    if reply.status in {204, 304}:
        headers.remove((b'content-length', b'0'))
    await send({'type': 'http.response.start', 'status': reply.status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': b'' if head else reply.body})


def ascii_json(value: Any, *, indent: int | None = None) -> bytes:
    r"""Serialise to JSON with every non-ASCII character as ``\uXXXX``, as Eve does."""
    if indent is None:
        plain = orjson.dumps(value)
        if plain.isascii():
            return plain
    separators = (',', ':') if indent is None else None
    return json.dumps(value, indent=indent, separators=separators, allow_nan=False).encode()


@lru_cache(maxsize=4096)
def http_date(seconds: int) -> str:
    """Write seconds since 1970 as an HTTP date."""
    return formatdate(seconds, usegmt=True)


def join_tokens(values: Iterable[str]) -> bytes:
    """Join header tokens: ``GET, HEAD``."""
    return ', '.join(values).encode()
