"""Exports as answers: streamed while they are made, or as files that are kept for a while.

Each runs in a thread, part by part, as fast as the client takes it. When the client hangs up,
what runs is interrupted.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mriqc_webapi.archive.export import Format, Wanted, opened_aside
from mriqc_webapi.archive.running import RunningExport, StoppedError, took_too_long
from mriqc_webapi.errors import ClientGoneError, ExportsBusyError
from mriqc_webapi.web.encodings import Coding, Encoder, choose_coding, make_encoder
from mriqc_webapi.web.exported_files import ExportedFiles
from mriqc_webapi.web.heads import is_head
from mriqc_webapi.web.messages import Headers, Reply, Request, names_tag, read_request, send_reply
from mriqc_webapi.web.problems import as_known, problem_reply
from mriqc_webapi.web.ranged import RangedFile

if TYPE_CHECKING:
    from mriqc_webapi.web.service import Service

log = logging.getLogger(__name__)

T = TypeVar('T')

MOST_AT_ONCE = 4
SENT_BYTES = 2**18  # handed to the server at once
STALLED_S = 60.0  # who takes nothing for so long is cut off: others wait for the slot
STOP_AGAIN_S = 0.05

MEDIA_TYPES: dict[Format, str] = {
    'ndjson': 'application/x-ndjson',
    'csv': 'text/csv',
    'tsv': 'text/tab-separated-values',
    'parquet': 'application/vnd.apache.parquet',
    'arrow': 'application/vnd.apache.arrow.stream',
}
COMPRESSED: frozenset[Format] = frozenset({'ndjson', 'csv', 'tsv'})


class ExportDesk:
    """Lets so many exports run at once, and keeps the files of the last ones."""

    def __init__(self, files: ExportedFiles) -> None:
        self.files = files
        self.threads = CapacityLimiter(MOST_AT_ONCE)
        self.openers = CapacityLimiter(MOST_AT_ONCE)  # who runs must not keep these from asking
        self.n_running = 0


class _Turn:
    """The time of one export: it is stopped at the end, and its slot given back."""

    def __init__(self, desk: ExportDesk, export: RunningExport) -> None:
        self._desk, self._export = desk, export
        self._has_slot = False

    def take_slot(self) -> None:
        """Count it among those that run; `ExportsBusyError` if these are many already."""
        if self._desk.n_running >= MOST_AT_ONCE:
            raise ExportsBusyError(f'{MOST_AT_ONCE} exports run already', retry_after_s=10)
        self._desk.n_running += 1
        self._has_slot = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await _end(self._export)
        finally:
            self._desk.n_running -= self._has_slot


class ExportResponse(Response):
    """The answer to one question for an export; made while it is sent."""

    def __init__(self, service: 'Service', wanted: Wanted, *, question: str) -> None:
        self._service = service
        self._desk = service.exports
        self._wanted = wanted
        self._question = question
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and stop when the client has gone."""
        asked = read_request(scope)
        reply: Reply | Response | None = None
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                while (await receive())['type'] != 'http.disconnect':
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(watch)
            reply = await self._answer(asked, send)
            tasks.cancel_scope.cancel()
        if isinstance(reply, Reply):
            await send_reply(send, reply)
        elif reply is not None:
            await reply(scope, receive, send)

    async def _answer(self, asked: Request, send: Send) -> Reply | Response | None:
        """Stream the answer, or return what is left to send once nothing runs any more."""
        export = RunningExport(
            self._service.archive,
            self._wanted,
            question=self._question,
            timeout_s=self._service.settings.export_timeout_s,
        )
        start = _Start(send)
        limit_s = self._service.settings.export_timeout_s
        try:
            with anyio.fail_after(limit_s):
                async with _Turn(self._desk, export) as turn:
                    return await self._run(turn, export, asked, start)
        except TimeoutError:
            return start.failed(took_too_long(limit_s))
        except Exception as error:  # the edge: every failure becomes an answer
            return start.failed(error)

    async def _run(
        self, turn: _Turn, export: RunningExport, asked: Request, start: '_Start'
    ) -> Reply | Response | None:
        await self._in_thread(export.open, self._desk.openers)
        coding: Coding = 'identity'
        if self._wanted.format in COMPRESSED:
            coding = choose_coding(asked.header(b'accept-encoding'))
        tag = f'{export.tag}-{coding}' if coding != 'identity' else export.tag
        headers = self._described(export, tag, coding)
        if names_tag(asked.header(b'if-none-match') or '', tag):
            return Reply(304, headers=headers)
        if self._wanted.format == 'parquet':
            path = self._desk.files.find(export.tag)
            if path is None:
                turn.take_slot()
                path = await self._in_thread(partial(self._write_file, export))
            return RangedFile(path, headers=_texts(headers), media_type=self._media_type)
        kind = [(b'content-type', self._media_type.encode()), *headers]
        if is_head(asked.scope):  # nobody reads it, so it is not made
            await start.begin(kind)
        else:
            turn.take_slot()
            await self._stream(export, make_encoder(coding), kind, start)
        await start.end()
        return None

    async def _stream(
        self, export: RunningExport, encoder: Encoder, headers: Headers, start: '_Start'
    ) -> None:
        def read() -> bytes | None:
            content = export.read()
            return None if content is None else encoder.compress(content)

        content = await self._in_thread(read)
        await start.begin(headers)
        while content is not None:
            following = asyncio.ensure_future(self._in_thread(read))
            try:
                await start.write(content)
                content = await following
            finally:
                following.cancel()
        await start.write(encoder.flush())

    def _write_file(self, export: RunningExport) -> Path:
        path = self._desk.files.place(export.tag)
        with opened_aside(path) as file:
            while (content := export.read()) is not None:
                file.write(content)
        return path

    def _described(self, export: RunningExport, tag: str, coding: str) -> Headers:
        name = f'{self._wanted.resource}.{self._wanted.format}'
        # the same table, but bits of Arrow's buffers that stand for nothing may differ
        weak = 'W/' if self._wanted.format == 'arrow' else ''
        headers = [
            (b'etag', f'{weak}"{tag}"'.encode()),
            (b'vary', b'Accept, Accept-Encoding'),
            (b'cache-control', b'no-cache'),  # ask whether it has changed
            (b'content-disposition', f'attachment; filename="{name}"'.encode()),
            (b'x-data-version', str(export.version).encode()),
        ]
        return (
            headers if coding == 'identity' else [*headers, (b'content-encoding', coding.encode())]
        )

    @property
    def _media_type(self) -> str:
        return MEDIA_TYPES[self._wanted.format]

    async def _in_thread(self, work: Callable[[], T], limiter: CapacityLimiter | None = None) -> T:
        # abandoned when the client goes; the end of the export waits for it
        return await to_thread.run_sync(
            work, abandon_on_cancel=True, limiter=limiter or self._desk.threads
        )


class _Start:
    """An answer that has begun or not: before, a failure can still be told."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False

    async def begin(self, headers: Headers) -> None:
        self._has_begun = True
        await self._send({'type': 'http.response.start', 'status': 200, 'headers': headers})

    async def write(self, content: bytes) -> None:
        for at in range(0, len(content), SENT_BYTES):
            part = content[at : at + SENT_BYTES]
            await self._send_some({'type': 'http.response.body', 'body': part, 'more_body': True})

    async def end(self) -> None:
        await self._send_some({'type': 'http.response.body', 'body': b''})

    async def _send_some(self, message: Message) -> None:
        # the server waits for the client to have taken what was sent before
        try:
            with anyio.fail_after(STALLED_S):
                await self._send(message)
        except TimeoutError:
            raise ClientGoneError(f'the client took nothing for {STALLED_S:.0f} s') from None

    def failed(self, error: Exception) -> Reply | None:
        """Give the answer that tells of a failure; None if only breaking off can tell."""
        if isinstance(error, StoppedError):
            return None
        known = as_known(error)
        if self._has_begun:
            log.warning('an export broke off: %s', known)
            return None
        return problem_reply(known)


def _texts(headers: Headers) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


async def _end(export: RunningExport) -> None:
    """Interrupt what runs, again if it has just begun its next query, and wait for its end."""
    async with anyio.create_task_group() as tasks:

        async def interrupt() -> None:
            while True:
                export.stop()
                await anyio.sleep(STOP_AGAIN_S)

        tasks.start_soon(interrupt)
        await to_thread.run_sync(export.close)
        tasks.cancel_scope.cancel()
