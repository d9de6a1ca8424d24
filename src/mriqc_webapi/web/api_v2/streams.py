"""NDJSON uploads of any length: read, checked and committed as they come."""

from collections.abc import AsyncIterator
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Any

from anyio import to_thread
from starlette.types import Receive

from mriqc_webapi.errors import BusyError, ClientGoneError, SubmissionError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import LineSplitter, parse_json
from mriqc_webapi.web.api_v2.results import Intake, refused
from mriqc_webapi.web.messages import ascii_json

BATCH_LINES = 200
BATCH_BYTES = 2**20
SPOOL_BYTES = 4 * 2**20  # results wait in memory up to here, then in a file
READ_BYTES = 2**16


async def take_in_stream(intake: Intake, receive: Receive, limits: Limits) -> AsyncIterator[bytes]:
    """Take in a whole stream, then return its results, one JSON object a line.

    Results wait until the stream has ended: most clients read only after they have sent
    everything, and an answer that nobody reads would stop the upload. What goes wrong on the way
    stands in the results too: what was committed before stays told.
    """
    spool = SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - closed by its reader
    n_lines = 0
    try:
        async for batch in _batches(intake, receive, limits):
            await _take_in(intake, batch, spool)
            n_lines = batch[-1][0] + 1
    except ClientGoneError:
        spool.close()
        raise
    except SubmissionError as error:
        spool.write(ascii_json(refused(n_lines, error)) + b'\n')
    except BaseException:
        spool.close()
        raise
    return _read(spool)


async def _batches(
    intake: Intake, receive: Receive, limits: Limits
) -> AsyncIterator[list[tuple[int, Any]]]:
    """Read numbered documents, some at a time: few lines, and few bytes."""
    splitter = LineSplitter(limits)
    waiting: list[tuple[int, Any]] = []
    n_lines, n_bytes, more = 0, 0, True
    while more:
        chunk, more = await intake.service.bodies.read_part(receive)
        lines = splitter.feed(chunk) if more else chain(splitter.feed(chunk), splitter.finish())
        for line in lines:
            waiting.append((n_lines, _parse(line, limits)))
            n_lines += 1
            n_bytes += len(line) if isinstance(line, bytes) else 0
            if len(waiting) == BATCH_LINES or n_bytes >= BATCH_BYTES:
                yield waiting
                waiting, n_bytes = [], 0
    if waiting:
        yield waiting


def _parse(line: bytes | SubmissionError, limits: Limits) -> Any:
    if isinstance(line, SubmissionError):
        return line
    try:
        return parse_json(line, limits)
    except SubmissionError as error:
        return error


async def _take_in(
    intake: Intake, batch: list[tuple[int, Any]], spool: SpooledTemporaryFile[bytes]
) -> None:
    try:
        results = await intake.take_in(batch)
    except BusyError as error:
        results = [refused(i, error) for i, _ in batch]
    for result in results:
        spool.write(ascii_json(result) + b'\n')


async def _read(spool: SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    with spool:
        spool.seek(0)
        while chunk := await to_thread.run_sync(spool.read, READ_BYTES):
            yield chunk
