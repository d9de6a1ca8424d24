"""Reads request bodies, within limits of size and patience."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from starlette.types import Receive

from mriqc_webapi.errors import BodyTooLargeError, ClientGoneError, SlowBodyError
from mriqc_webapi.settings import Limits
from mriqc_webapi.web.messages import Request

LOOKS_PER_LIMIT = 4
MIN_BYTES_PER_S = 16 * 1024


class BodyReader:
    """Reads bodies; `watch` ends the reads that wait too long.

    One look at all waiting reads now and then costs far less than a timer for each: nearly all
    bodies are there before their request is looked at.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting_since: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()

    async def read(self, request: Request, receive: Receive) -> bytes:
        """Read a whole body.

        Raises
        ------
        BodyTooLargeError, SlowBodyError, ClientGoneError
            The body never came whole.
        """
        declared = request.headers.get(b'content-length', b'')
        if declared.isdigit():
            self._check_size(int(declared))
        parts: list[bytes] = []
        size, more, started_at = 0, True, time.monotonic()
        while more:
            # each byte buys a moment, so that one now and then does not hold a connection
            part, more = await self.read_part(receive, since=started_at + size / MIN_BYTES_PER_S)
            size += len(part)
            self._check_size(size)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b''.join(parts)

    async def read_part(
        self, receive: Receive, *, since: float | None = None
    ) -> tuple[bytes, bool]:
        """Read the next part of a body, and whether more follows.

        Parameters
        ----------
        since : float, optional
            When the wait began, in seconds of the monotonic clock; now by default.
        """
        message = await self._patiently(receive(), time.monotonic() if since is None else since)
        if message['type'] == 'http.disconnect':
            raise ClientGoneError('the client hung up')
        return message.get('body', b''), message.get('more_body', False)

    async def watch(self) -> None:
        """End reads that wait longer than the limit, until cancelled."""
        limit_s = self._limits.body_timeout_s
        while True:
            await asyncio.sleep(limit_s / LOOKS_PER_LIMIT)
            oldest = time.monotonic() - limit_s
            for task in [t for t, since in self._waiting_since.items() if since < oldest]:
                self._late.add(task)
                task.cancel()

    async def _patiently(self, message: Awaitable[Any], since: float) -> Any:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - every request has its task
            return await message
        self._waiting_since[task] = since
        try:
            return await message
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            limit_s = self._limits.body_timeout_s
            raise SlowBodyError(f'no more of the body within {limit_s:g} s') from None
        finally:
            self._waiting_since.pop(task, None)
            self._late.discard(task)

    def _check_size(self, size: int) -> None:
        limit = self._limits.max_body_bytes
        if size > limit:
            raise BodyTooLargeError(f'the body is larger than {limit} bytes')
