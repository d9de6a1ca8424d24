"""NDJSON uploads of any length: read, checked and committed as they come."""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Any

from anyio import to_thread
from starlette.types import Receive

from mriqc_webapi.errors import SubmissionError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import LineSplitter, parse_json
from mriqc_webapi.web.api_v2.results import Intake
from mriqc_webapi.web.messages import ascii_json, read_chunk

BATCH_LINES = 200
SPOOL_BYTES = 4 * 2**20  # results wait in memory up to here, then in a file
READ_BYTES = 2**16


async def take_in_stream(intake: Intake, receive: Receive, limits: Limits) -> AsyncIterator[bytes]:
    """Take in a whole stream, then return its results, one JSON object a line.

    Results wait until the stream has ended: most clients read only after they have sent
    everything, and an answer that nobody reads would stop the upload.
    """
    spool = SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - closed by its reader
    splitter = LineSplitter(limits)
    waiting: list[tuple[int, Any]] = []
    n_lines, more = 0, True
    while more:
        chunk, more = await read_chunk(receive, limits)
        lines = splitter.feed(chunk) if more else [*splitter.feed(chunk), *splitter.finish()]
        for line in lines:
            waiting.append((n_lines, _parse(line, limits)))
            n_lines += 1
            if len(waiting) == BATCH_LINES:
                await _take_in(intake, waiting, spool)
    await _take_in(intake, waiting, spool)
    return _read(spool)


def _parse(line: bytes | SubmissionError, limits: Limits) -> Any:
    if isinstance(line, SubmissionError):
        return line
    try:
        return parse_json(line, limits)
    except SubmissionError as error:
        return error


async def _take_in(
    intake: Intake, waiting: list[tuple[int, Any]], spool: SpooledTemporaryFile[bytes]
) -> None:
    for result in await intake.take_in(waiting):
        spool.write(ascii_json(result) + b'\n')
    waiting.clear()


async def _read(spool: SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    with spool:
        spool.seek(0)
        while chunk := await to_thread.run_sync(spool.read, READ_BYTES):
            yield chunk
