"""A proxy that misbehaves on purpose, in front of a service that does not.

It drops connections before the service hears of a request or after it has answered, answers 500,
503 and 429 itself, delays, and sends half an answer; by a script, or at random from a seed.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

Manner = Literal[
    'behave',
    'drop',  # hang up; the service never hears of the request
    'lose',  # hang up when the service has done what it was asked
    'halve',  # send half of the answer's body, then hang up
    'delay',
    '500',
    '503',
    '429',
]
MANNERS = get_args(Manner)
BAD = MANNERS[1:]
DELAY_S = 0.2
RETRY_AFTER_S = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, and what became of it."""

    method: str
    target: str
    head: bytes
    manner: Manner


def scripted(manners: Iterable[Manner]) -> Callable[[], Manner]:
    """Misbehave in this order, and behave from then on."""
    left: Iterator[Manner] = iter(manners)
    return lambda: next(left, 'behave')


def at_random(share: float, *, seed: int, among: Iterable[Manner] = BAD) -> Callable[[], Manner]:
    """Misbehave in a share of the requests."""
    chance, bad = random.Random(seed), list(among)
    return lambda: chance.choice(bad) if chance.random() < share else 'behave'


class MisbehavingProxy:
    """Passes requests on to a service, most of the time.

    Attributes
    ----------
    root : str
        The address to ask instead of the service's.
    seen : list of Seen
        All requests so far.
    """

    def __init__(self, service: str, choose: Callable[[], Manner]) -> None:
        parts = urlsplit(service)
        self._there = (parts.hostname or '', parts.port or 80)
        self._choose = choose
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.seen: list[Seen] = []
        self.root = ''

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, '127.0.0.1', 0)
        port = self._server.sockets[0].getsockname()[1]
        self.root = f'http://127.0.0.1:{port}'

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request; gives whether the connection may be used again."""
        request = await _read_request(reader)
        if request is None:
            return False
        head, body = request
        method, target, _ = head.split(b'\r\n', 1)[0].decode().split(' ')
        manner = self._choose()
        self.seen.append(Seen(method, target, head, manner))
        if manner == 'drop':
            return False
        if manner in {'500', '503', '429'}:
            writer.write(_refusal(manner))
            await writer.drain()
            return True
        if manner == 'delay':
            await asyncio.sleep(DELAY_S)
        await self._pass_on(head, body, manner, writer)
        return False

    async def _pass_on(
        self, head: bytes, body: bytes, manner: Manner, writer: asyncio.StreamWriter
    ) -> None:
        there, onwards = await asyncio.open_connection(*self._there)
        try:
            onwards.write(_closing(head) + body)
            await onwards.drain()
            if manner in {'lose', 'halve'}:
                answer = await there.read(-1)
                above, blank, below = answer.partition(b'\r\n\r\n')
                if manner == 'halve':
                    writer.write(above + blank + below[: len(below) // 2])
                    await writer.drain()
                return
            while part := await there.read(2**16):
                writer.write(part)
                await writer.drain()
        finally:
            onwards.close()


async def _read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    try:
        head = await reader.readuntil(b'\r\n\r\n')
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b':') for line in head.split(b'\r\n')[1:])
    }
    if b'chunked' in fields.get(b'transfer-encoding', b''):
        return head, await _read_chunks(reader)
    return head, await reader.readexactly(int(fields.get(b'content-length', 0)))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a body in chunks, as it is on the wire."""
    read = b''
    while True:
        line = await reader.readuntil(b'\r\n')
        content = await reader.readexactly(int(line.split(b';')[0], 16) + 2)
        read += line + content
        if content == b'\r\n':
            return read


def _closing(head: bytes) -> bytes:
    """Ask the service to hang up after its answer, which shows where that ends."""
    lines = head.removesuffix(b'\r\n\r\n').split(b'\r\n')
    kept = [line for line in lines if not line.lower().startswith(b'connection:')]
    return b'\r\n'.join([*kept, b'Connection: close']) + b'\r\n\r\n'


def _refusal(manner: Manner) -> bytes:
    return (
        f'HTTP/1.1 {manner} No\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n'
        f'Retry-After: {RETRY_AFTER_S}\r\n\r\nnot today'
    ).encode()
