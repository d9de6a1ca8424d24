"""What a connection may cost before there is a request: size and patience of its head."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 192 * 1024  # request line and headers; a filter may have 64 Ki characters
HEAD_TIMEOUT_S = 15.0
_TOO_LARGE = b'431 Request Header Fields Too Large'
_TOO_LATE = b'408 Request Timeout'


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 that ends connections whose request line and headers never end."""

    _head_size = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and look at what a head that is not complete costs so far."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_size += len(data)
        if self._head_size > MAX_HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._head_size and self._deadline is None:
            self._start_deadline()

    def on_message_begin(self) -> None:
        """Count the head of the next request from nothing."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the request run; its body has limits of its own."""
        self._in_head, self._head_size = False, 0
        self._stop_deadline()
        super().on_headers_complete()

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self._refuse, _TOO_LATE)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: bytes) -> None:
        if not self.transport.is_closing():
            head = b'HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n' % status
            self.transport.write(head)
            self.transport.close()
