"""A server that answers what a test tells it to: other versions, other software, login pages."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `body` is text, or anything that JSON can say."""

    status: int
    body: Any = ''
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class AnsweringServer:
    """Answers each request by a function; remembers them all."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), self._handler(answer))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.root = f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)

    def _handler(self, answer: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
        remembered = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, content)
                remembered.append(asked)
                self._send(answer(asked))

            do_GET = do_POST  # noqa: N815 — http.server's own names

            def _send(self, said: Answer) -> None:
                is_text = isinstance(said.body, str)
                body = (said.body if is_text else json.dumps(said.body)).encode()
                self.send_response(said.status)
                kind = 'text/html' if is_text else 'application/json'
                for name, value in ({'Content-Type': kind} | said.headers).items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: Any) -> None:
                pass

        return Handler
