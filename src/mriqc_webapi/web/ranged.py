"""Files, whole or by ranges (RFC 9110, 14): of releases, exports and labels."""

import os
import re
from typing import Any, Final

import anyio
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from mriqc_webapi.errors import RangeError
from mriqc_webapi.web.api_v2.schemas import Problem
from mriqc_webapi.web.heads import is_head
from mriqc_webapi.web.messages import send_reply
from mriqc_webapi.web.problems import problem_reply

RANGE_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    206: {'description': 'The ranges that were asked for.'},
    416: {'model': Problem, 'description': 'All ranges lie beyond the end of the file.'},
}
MAX_DIGITS: Final = 18  # no file is longer
_RANGES: Final = re.compile(r'bytes=(.*)', re.ASCII | re.IGNORECASE)
_RANGE: Final = re.compile(rf'(\d{{0,{MAX_DIGITS}}})-(\d{{0,{MAX_DIGITS}}})', re.ASCII)


class RangedFile(FileResponse):
    """A file, by ranges if the client wants, in steps that suit large ones."""

    chunk_size = 2**20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is asked for; a Range that means nothing is ignored."""
        if self.stat_result is None:
            self.stat_result = await anyio.to_thread.run_sync(os.stat, self.path)
            self.set_stat_headers(self.stat_result)
        headers = dict(scope['headers'])
        wanted = self._wanted(headers)
        if wanted is not None:
            size = self.stat_result.st_size
            inside = [span for span in wanted if _is_inside(span, size)]
            if not inside:
                await self._refuse(send, size)
                return
            headers[b'range'] = b'bytes=' + ','.join(inside).encode()
        else:
            headers.pop(b'range', None)
        method = 'HEAD' if is_head(scope) else scope['method']
        changed = {**scope, 'method': method, 'headers': list(headers.items())}
        await super().__call__(changed, receive, send)

    def _wanted(self, headers: dict[bytes, bytes]) -> list[str] | None:
        """Read the ranges; None for the whole file."""
        condition = headers.get(b'if-range', b'').decode('latin-1')
        if condition and condition not in {self.headers['etag'], self.headers['last-modified']}:
            return None
        return parse_ranges(headers.get(b'range', b'').decode('latin-1'))

    async def _refuse(self, send: Send, size: int) -> None:
        reply = problem_reply(RangeError(f'the file ends after {size} bytes', size=size))
        kept = [(k, v) for k, v in self.raw_headers if k.startswith(b'access-control-')]
        reply.headers.extend(kept)
        await send_reply(send, reply)


def parse_ranges(header: str) -> list[str] | None:
    """Read ``bytes=0-3,-8`` as ``['0-3', '-8']``; None if it is no list of ranges of bytes."""
    found = _RANGES.fullmatch(header.strip())
    spans = [span.strip() for span in found[1].split(',') if span.strip()] if found else []
    return spans if spans and all(map(_is_range, spans)) else None


def _is_range(span: str) -> bool:
    found = _RANGE.fullmatch(span)
    if found is None or span == '-':
        return False
    first, last = found.groups()
    return not (first and last) or int(first) <= int(last)


def _is_inside(span: str, size: int) -> bool:
    first, _, last = span.partition('-')
    return int(first) < size if first else int(last) > 0 and size > 0
