"""From a request's bytes to JSON values: tolerant of what clients really send."""

import json
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mriqc_webapi.errors import BrokenBodyError, LimitError
from mriqc_webapi.settings import Limits

INT64 = 2**63  # what databases and most languages hold: -INT64 <= n < INT64

_NAME = re.compile(r'\bname="([^"]*)"|\bname=([^\s;"]+)', re.IGNORECASE)
_FILE = re.compile(r'\bfilename\*?=', re.IGNORECASE)


def parse_json(body: bytes, limits: Limits) -> Any:
    """Parse one JSON text.

    Beyond the standard, a byte order mark and the tokens ``NaN``, ``Infinity`` and
    ``-Infinity`` are taken, since Python writes them. A number beyond double range is infinite,
    an integer beyond 64 bits is a double. Of a name that comes twice the last one counts.

    Raises
    ------
    BrokenBodyError
        No JSON, or no UTF-8; the message says where.
    LimitError
        Larger or deeper than anything that could be accepted.
    """
    if len(body) > limits.max_body_bytes:
        raise LimitError(f'the body is larger than {limits.max_body_bytes} bytes')
    # before parsing: a megabyte of brackets becomes a hundred of objects
    most = limits.max_body_values
    if len(body) > most and sum(map(body.count, (b',', b'[', b'{'))) > most:
        raise LimitError(f'the body holds more than {limits.max_body_values} values')
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = _decode(body)
    if not text.strip():
        raise BrokenBodyError('the body is empty')
    try:
        value = json.loads(text, parse_int=_parse_integer)
        if '\\u' in text:  # only an escape can smuggle half a character in
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise LimitError(f'nested deeper than {limits.max_depth} levels') from None
    except UnicodeEncodeError as error:
        half = f'\\u{ord(error.object[error.start]):04x}'
        raise BrokenBodyError(f'a text holds {half}, half of a surrogate pair') from None
    except ValueError as error:
        raise BrokenBodyError(f'broken JSON: {error}') from None
    return value


def _decode(body: bytes) -> str:
    try:
        return body.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise BrokenBodyError(f'the body is not UTF-8 at byte {error.start}') from None


def _parse_integer(digits: str) -> int | float:
    number = int(digits) if len(digits) <= 20 else float(digits)
    return number if -INT64 <= number < INT64 else float(number)


def parse_form(body: bytes, content_type: str, limits: Limits) -> dict[str, Any]:
    """Parse an HTML form, URL-encoded or multipart; every value is a text.

    The checker casts the texts and nests dotted names. Of a name that comes twice the first
    one counts, as in Eve.

    Raises
    ------
    BrokenBodyError
        No form, an empty one, a file upload, or no UTF-8.
    LimitError
        The body is too large, or has too many fields.
    """
    if len(body) > limits.max_body_bytes:
        raise LimitError(f'the body is larger than {limits.max_body_bytes} bytes')
    header = Message()
    header['content-type'] = content_type
    if header.get_content_type() == 'multipart/form-data':
        pairs = list(_multipart_pairs(body, header.get_boundary() or '', limits))
    else:
        pairs = _urlencoded_pairs(body, limits)
    if not pairs:
        raise BrokenBodyError('No form-urlencoded data supplied')
    return dict(reversed(pairs))


def _urlencoded_pairs(body: bytes, limits: Limits) -> list[tuple[str, str]]:
    if body.count(b'&') >= limits.max_keys:
        raise LimitError(f'more than {limits.max_keys} form fields')
    try:
        return parse_qsl(_decode(body), keep_blank_values=True, errors='strict')
    except UnicodeDecodeError:
        raise BrokenBodyError('a form field is not UTF-8') from None


def _multipart_pairs(body: bytes, boundary: str, limits: Limits) -> Iterator[tuple[str, str]]:
    if not boundary:
        raise BrokenBodyError('the multipart form names no boundary')
    dashes = b'\r\n--' + boundary.encode('latin-1', 'replace')
    _, *parts = (b'\r\n' + body).split(dashes, limits.max_keys + 2)
    if len(parts) > limits.max_keys + 1:
        raise LimitError(f'more than {limits.max_keys} form fields')
    for part in parts:
        if part.startswith(b'--'):  # the closing boundary; what follows is nobody's
            return
        yield _multipart_pair(part)
    raise BrokenBodyError('the multipart form is cut off: its closing boundary is missing')


def _multipart_pair(part: bytes) -> tuple[str, str]:
    head, _, value = part.partition(b'\r\n\r\n')
    headers = _decode(head)
    if _FILE.search(headers):
        raise BrokenBodyError('the form uploads a file; only plain fields are taken')
    name = _NAME.search(headers)
    if name is None:
        raise BrokenBodyError('a part of the multipart form has no name')
    return name[1] if name[1] is not None else name[2], _decode(value)


class LineSplitter:
    """Cuts a stream of bytes into the lines of an NDJSON upload.

    Blank lines are skipped, ``\\r\\n`` and a missing last line end are fine. A line beyond the
    limit comes as a :class:`LimitError` in its place, and the stream goes on behind it; at most
    one line is ever held.
    """

    def __init__(self, limits: Limits) -> None:
        self._max_bytes = limits.max_document_bytes
        self._pending = bytearray()
        self._too_long = False

    def feed(self, chunk: bytes) -> Iterator[bytes | LimitError]:
        """Yield the lines that ``chunk`` completes."""
        *ends, rest = chunk.split(b'\n')
        for end in ends:
            self._hold(end)
            yield from self.finish()
        self._hold(rest)

    def finish(self) -> Iterator[bytes | LimitError]:
        """Yield the line that the end of the stream, or of a line, completes."""
        line, self._pending = bytes(self._pending).strip(b' \t\r'), bytearray()
        too_long, self._too_long = self._too_long, False
        if too_long:
            yield LimitError(f'the line is longer than {self._max_bytes} bytes')
        elif line:
            yield line

    def _hold(self, piece: bytes) -> None:
        self._too_long |= len(self._pending) + len(piece) > self._max_bytes
        if self._too_long:
            self._pending.clear()
        else:
            self._pending += piece
