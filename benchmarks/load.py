"""A light HTTP/1.1 load generator: many connections, next to no work per answer.

It speaks only what the service answers (status, Content-Length, body) and looks at nothing else.
Any status but the expected one ends the measurement with an error.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from statistics import quantiles
from typing import NamedTuple, Self, cast

import uvloop

WARM_UP_S = 0.3
PATIENCE_S = 60.0  # longest wait for an answer
_HEAD_END = b'\r\n\r\n'
_LENGTH = b'content-length:'

MakeRequests = Callable[[], Sequence[bytes]]  # called in the generator's own process


class LoadError(Exception):
    """The server answered something else than expected, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to ask, and how hard."""

    port: int
    requests: MakeRequests
    n_connections: int
    seconds: float
    status: int = 200  # the only one expected
    min_body_bytes: int = 0  # a smaller answer cannot be the right one


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came back after the warm-up."""

    rate: float  # answers per second
    p50_ms: float
    p99_ms: float
    n_answers: int  # those of the warm-up included


class Answer(NamedTuple):
    """One answer to a request that was asked alone."""

    ms: float  # from the request's first byte to the answer's last
    status: int
    body: bytes


def get_request(path: str) -> bytes:
    """Write a GET request."""
    return f'GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode()


def post_request(path: str, body: str, *, token: str) -> bytes:
    """Write a POST request with a JSON body, as released MRIQC sends it."""
    payload = body.encode()
    head = (
        f'POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n'
        f'Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n'
    )
    return head.encode() + payload


class Generator:
    """Runs plans in a process of its own, so that it shares no lock with what it measures."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, get_context('spawn'))

    def run(self, plan: Plan) -> Load:
        """Run a plan."""
        return self._pool.submit(run_plan, plan).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()


def run_plan(plan: Plan) -> Load:
    """Ask as fast as the answers come, on every connection."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Run(plan).measure())


def ask_each(port: int, requests: Sequence[bytes]) -> Iterator[Answer]:
    """Ask one request after the other on one connection, and time each."""
    with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            started = time.perf_counter()
            connection.sendall(request)
            status, body = _read_answer(connection)
            yield Answer((time.perf_counter() - started) * 1000, status, body)


def _read_answer(connection: socket.socket) -> tuple[int, bytes]:
    data = b''
    while _HEAD_END not in data:
        data += _receive(connection)
    status, length, start = parse_head(data)
    parts, missing = [data[start:]], length - (len(data) - start)
    while missing > 0:
        parts.append(_receive(connection))
        missing -= len(parts[-1])
    return status, b''.join(parts)


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(2**18)
    if not data:
        raise LoadError('the server hung up')
    return data


def parse_head(data: bytes) -> tuple[int, int, int]:
    """Read status and length of an answer, and where its body starts."""
    end = data.index(_HEAD_END)
    head = data[:end].lower()
    at = head.find(_LENGTH)
    if at < 0:
        raise LoadError(f'an answer without Content-Length: {head[:200]!r}')
    length = head[at + len(_LENGTH) :].partition(b'\r\n')[0]
    return int(head[9:12]), int(length), end + len(_HEAD_END)


@dataclass(slots=True)
class _Run:
    """One plan being carried out."""

    plan: Plan
    latencies_s: list[float] = field(default_factory=list)
    n_answers: int = 0
    requests: Iterator[bytes] = field(init=False)
    over: 'asyncio.Future[None]' = field(init=False)

    async def measure(self) -> Load:
        self.requests = cycle(self.plan.requests())
        loop = asyncio.get_running_loop()
        self.over = loop.create_future()
        connections = [
            (await loop.create_connection(lambda: _Connection(self), '127.0.0.1', self.plan.port))[
                0
            ]
            for _ in range(self.plan.n_connections)
        ]
        loop.call_later(WARM_UP_S, self.latencies_s.clear)
        loop.call_later(WARM_UP_S + self.plan.seconds, self._finish)
        try:
            await self.over
        finally:
            for connection in connections:
                connection.abort()
        return self._sum_up()

    def take(self, latency_s: float, status: int, body: bytes, n_bytes: int) -> bytes | None:
        """Note an answer and give the next request, unless it is over."""
        if status != self.plan.status or n_bytes < self.plan.min_body_bytes:
            self.fail(f'status {status}, {n_bytes} bytes: {body[:300]!r}')
        self.latencies_s.append(latency_s)
        self.n_answers += 1
        return None if self.over.done() else next(self.requests)

    def fail(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_exception(LoadError(reason))

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _sum_up(self) -> Load:
        n = len(self.latencies_s)
        if n < 2:
            raise LoadError(f'{n} answers in {self.plan.seconds} s')
        cuts = quantiles(self.latencies_s, n=100)
        return Load(
            rate=n / self.plan.seconds,
            p50_ms=cuts[49] * 1000,
            p99_ms=cuts[98] * 1000,
            n_answers=self.n_answers,
        )


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._head = b''
        self._body = b''  # what of it came with the head
        self._status = 0
        self._length = 0
        self._missing = 0  # bytes of the body still to come
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast('asyncio.Transport', transport)
        self._ask(next(self._run.requests))

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            if _HEAD_END not in self._head:
                return
            self._status, self._length, start = parse_head(self._head)
            self._body = self._head[start:]
            self._missing = self._length - len(self._body)
            self._head = b''
        if self._missing <= 0:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail(f'the server hung up: {exc}')

    def _ask(self, request: bytes) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(request)

    def _answered(self) -> None:
        self._missing = 0
        latency_s = time.perf_counter() - self._asked_at
        request = self._run.take(latency_s, self._status, self._body, self._length)
        if request is not None:
            self._ask(request)
