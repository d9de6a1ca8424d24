"""HTTP requests and answers as plain values: what the hot routes work with."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from mriqc_webapi.errors import BodyTooLargeError, ClientGoneError, QueryError, SlowBodyError
from mriqc_webapi.settings import Limits

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


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    """Decode a query string as forms do: ``+`` is a blank, broken UTF-8 is replaced."""
    if not raw:
        return []
    text = raw.decode('utf-8', 'replace')
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise QueryError(f'more than {MAX_QUERY_FIELDS} query parameters') from None


async def read_body(request: Request, receive: Receive, limits: Limits) -> bytes:
    """Read the whole body, up to the limits of size and patience."""
    declared = request.headers.get(b'content-length', b'')
    if declared.isdigit() and int(declared) > limits.max_body_bytes:
        raise BodyTooLargeError(f'the body is larger than {limits.max_body_bytes} bytes')
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        chunk, more = await read_chunk(receive, limits)
        size += len(chunk)
        if size > limits.max_body_bytes:
            raise BodyTooLargeError(f'the body is larger than {limits.max_body_bytes} bytes')
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b''.join(parts)


async def read_chunk(receive: Receive, limits: Limits) -> tuple[bytes, bool]:
    """Read the next part of the body and whether more follows."""
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            message = await receive()
    except TimeoutError:
        raise SlowBodyError(f'no more of the body within {limits.body_timeout_s:g} s') from None
    if message['type'] == 'http.disconnect':
        raise ClientGoneError('the client hung up')
    return message.get('body', b''), message.get('more_body', False)


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
