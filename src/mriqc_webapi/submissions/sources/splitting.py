"""A file, compressed or not, cut into one text per submission. Memory stays bounded."""

import gzip
import io
import json
import re
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Self

import zstandard

from mriqc_webapi.submissions.sources.group_tables import names_of_columns
from mriqc_webapi.submissions.sources.naming import DELIMITERS, plain_name

MAX_LINE_BYTES = 16 * 2**20  # beyond this a line is no submission, and is not kept in memory
_READ_BYTES = 2**20
_BOM = b'\xef\xbb\xbf'
_BETWEEN = re.compile(r'[\s,\[\]]*')  # what may stand between the values of an array or a stream

Layout = Literal['lines', 'values', 'table']


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """What all lines of one file share."""

    path: Path
    resource: str | None  # None: each line tells by its own modality
    columns: tuple[str, ...] = ()  # of a table
    delimiter: str = '\t'  # the same


class RawLine(NamedTuple):
    """The text of one submission, not looked at yet."""

    line_no: int  # counted from 1; in a JSON array the number of the element
    text: bytes
    error: str = ''  # why the file cannot be read here, or beyond here


class SourceReader:
    """One open file: its layout and header once entered, then its lines.

    NDJSON is one document a line. JSON that spreads over lines (arrays, indented documents) is
    read value by value. A table's first line names its columns; its cells hold no line breaks.
    """

    def __init__(self, path: Path, *, resource: str | None = None) -> None:
        self.source = SourceFile(path=path, resource=resource)
        self.layout: Layout = 'lines'

    def __enter__(self) -> Self:
        self._raw = io.FileIO(self.source.path)
        self._stream = _decompressed(self._raw, self.source.path)
        with suppress(*_DAMAGES):  # told by the first line instead
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._raw.close()

    @property
    def _nothing(self) -> bytes | None:
        """What a line without content consists of; spreadsheets end in rows of empty cells."""
        return b', \r\n' if self.source.delimiter == ',' else None

    @property
    def position(self) -> int:
        """How many bytes of the file, as it lies on disk, are read."""
        return self._raw.tell() if self._raw.seekable() else 0

    def _begin(self) -> None:
        head = self._stream.peek(len(_BOM))
        if head.startswith(_BOM):
            self._stream.read(len(_BOM))
        delimiter = DELIMITERS.get(plain_name(self.source.path)[-4:])
        if delimiter is not None:
            self.layout = 'table'
            header = self._stream.readline(MAX_LINE_BYTES)
            columns = names_of_columns(header, delimiter)
            self.source = replace(self.source, columns=columns, delimiter=delimiter)
        elif _spreads_over_lines(self._stream.peek(_READ_BYTES)):
            self.layout = 'values'

    def __iter__(self) -> Iterator[RawLine]:
        line_no = 1 if self.layout == 'table' else 0
        texts = _values(self._stream) if self.layout == 'values' else _lines(self._stream)
        try:
            for text, error in texts:
                line_no += 1
                if error or text.strip(self._nothing):
                    yield RawLine(line_no=line_no, text=text, error=error)
        except _DAMAGES as damage:
            reason = f'the file is damaged from here: {damage}'
            yield RawLine(line_no=line_no + 1, text=b'', error=reason)


def _spreads_over_lines(head: bytes) -> bool:
    lines = [line.strip() for line in head.lstrip().split(b'\n', 2)]
    first, second = lines[0], lines[1] if len(lines) > 1 else b''
    if first.startswith(b'['):
        return True
    whole = first.endswith(b'}') or len(lines) == 1
    return first.startswith(b'{') and not whole and not second.startswith(b'{')


def _lines(stream: io.BufferedReader) -> Iterator[tuple[bytes, str]]:
    while line := stream.readline(MAX_LINE_BYTES):
        error = ''
        if len(line) == MAX_LINE_BYTES and not line.endswith(b'\n'):
            error = f'longer than {MAX_LINE_BYTES} bytes'
            line = line[:1000]
            while (rest := stream.readline(_READ_BYTES)) and not rest.endswith(b'\n'):
                pass
        yield line, error


def _values(stream: io.BufferedReader) -> Iterator[tuple[bytes, str]]:
    decode = getincrementaldecoder('utf-8')(errors='surrogateescape').decode
    find_end = json.JSONDecoder().raw_decode
    text, start, wanted, at_end = '', 0, _READ_BYTES, False
    n_open = 0  # arrays around the values
    while True:
        gap = text[start : _after(text, start)]
        n_open += gap.count('[') - gap.count(']')
        start += len(gap)
        with suppress(ValueError, RecursionError):  # not complete, or no JSON, or hostile
            _, end = find_end(text, start)
            yield _encoded(text[start:end]), ''
            start, wanted = end, _READ_BYTES
            continue
        rest = len(text) - start
        if at_end or rest > MAX_LINE_BYTES:
            if rest or n_open:
                reason = 'the array does not end' if not rest else 'not JSON from here on'
                yield _encoded(text[start : start + 1000]), f'{reason}; nothing more was read'
            return
        more = stream.read(wanted)
        at_end, wanted = not more, wanted * 2
        text, start = text[start:] + decode(more, at_end), 0


def _after(text: str, start: int) -> int:
    gap = _BETWEEN.match(text, start)
    return gap.end() if gap else start


def _encoded(text: str) -> bytes:
    return text.encode('utf-8', 'surrogateescape')


_DAMAGES = (EOFError, OSError, ValueError, zlib.error, zstandard.ZstdError)


def _decompressed(raw: io.FileIO, path: Path) -> io.BufferedReader:
    match path.suffix:
        case '.gz':
            return io.BufferedReader(gzip.GzipFile(fileobj=raw), _READ_BYTES)
        case '.zst':
            return io.BufferedReader(_ZstdFile(raw), _READ_BYTES)
        case _:
            return io.BufferedReader(raw, _READ_BYTES)


class _ZstdFile(io.RawIOBase):
    """Frames one after the other; unlike zstandard's own reader it tells of a missing end."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = b''

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # io promises a writable buffer
        while not self._ready and self._fill():
            pass
        n = min(len(view), len(self._ready))
        view[:n], self._ready = self._ready[:n], self._ready[n:]
        return n

    def _fill(self) -> bool:
        data = self._frame.unused_data if self._frame.eof else b''
        if self._frame.eof:
            self._frame, self._begun = zstandard.ZstdDecompressor().decompressobj(), False
        data = data or self._raw.read(_READ_BYTES // 8)
        if not data:
            if self._begun:
                raise EOFError('the compressed data end early')
            return False
        self._begun = True
        self._ready = self._frame.decompress(data)
        return True
