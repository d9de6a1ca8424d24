"""What every short answer to GET gets: an ETag, 304 to who has it already, and compression.

An answer is a function of the question and of the data, so its own bytes tell whether it has
changed. What is long, such as exports, is streamed and sees to this itself.
"""

from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mriqc_webapi.web.encodings import Coding, choose_coding, make_encoder
from mriqc_webapi.web.messages import Headers, names_tag

FINISHED: Final = (
    *(b'application/json', b'text/html', b'text/csv'),
    b'text/tab-separated-values',
)
LEFT_ALONE: Final = frozenset({b'etag', b'content-encoding'})  # the route has seen to it
OF_BODIES: Final = frozenset({b'content-length', b'content-type'})
MIN_PACKED: Final = 1024  # bytes; below, it saves no packet
MAX_FINISHED: Final = 2**19  # bytes; what is longer would hold up others
AS_IT_IS: Final = 'mriqc_webapi.as_it_is'  # in the scope of routes that take less time
N_KEPT: Final = 32  # compressed answers: pages ask the same again and again


class Finishing:
    """Finishes what an ASGI application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope['type'] == 'http' and scope['method'] == 'GET':
            send = _Finisher(scope, send)
        await self._app(scope, receive, send)


class _Finisher:
    """Holds the start of an answer back until its body is there, if it comes in one."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message['type'] == 'http.response.start' and self._is_unfinished(message):
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            body = message.get('body', b'')
            if not message.get('more_body') and len(body) <= MAX_FINISHED:
                start, body = _finish(self._scope, start, body)
                message = {**message, 'body': body}
            await self._send(start)
        await self._send(message)

    def _is_unfinished(self, start: Message) -> bool:
        headers = dict(start['headers'])
        return (
            start['status'] == HTTPStatus.OK
            and AS_IT_IS not in self._scope
            and headers.get(b'content-type', b'').startswith(FINISHED)
            and LEFT_ALONE.isdisjoint(headers)
            and b'no-store' not in headers.get(b'cache-control', b'')
        )


def _finish(scope: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    asked = dict(scope['headers'])
    tag = blake2b(body, digest_size=12).hexdigest()
    # weak, since it is the same however the answer is compressed
    headers: Headers = [*start['headers'], (b'etag', b'W/"%s"' % tag.encode())]
    if b'cache-control' not in dict(headers):
        headers.append((b'cache-control', b'no-cache'))  # ask whether it has changed
    headers.append((b'vary', b'Accept-Encoding'))
    if names_tag(asked.get(b'if-none-match', b'').decode('latin-1'), tag):
        kept = [(name, value) for name, value in headers if name not in OF_BODIES]
        return {**start, 'status': HTTPStatus.NOT_MODIFIED, 'headers': kept}, b''
    coding = choose_coding(asked.get(b'accept-encoding', b'').decode('latin-1'))
    if coding != 'identity' and len(body) >= MIN_PACKED:
        body = _packed(body, coding)
        headers = [(name, value) for name, value in headers if name != b'content-length']
        headers += [
            (b'content-length', str(len(body)).encode()),
            (b'content-encoding', coding.encode()),
        ]
    return {**start, 'headers': headers}, body


@lru_cache(N_KEPT)
def _packed(body: bytes, coding: Coding) -> bytes:
    encoder = make_encoder(coding)
    return encoder.compress(body) + encoder.flush()
