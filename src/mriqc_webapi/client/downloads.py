"""Files downloaded whole: what a broken connection left is gone on with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import orjson

from mriqc_webapi.client.answers import describe, refusal
from mriqc_webapi.client.patience import Patience, ask_until_answered
from mriqc_webapi.client.steps import Ask, LostError, Steps
from mriqc_webapi.errors import UnreachableError

Heard = Callable[[int, int | None], None]  # bytes that are there, bytes in all

SLOW_S: Final = 660.0  # a service may take ten minutes before the first byte


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What is to be downloaded, and where to."""

    url: str
    out: Path
    headers: Mapping[str, str]
    known_tag: str = ''  # what is there already: not sent again if it is the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """How a download ended."""

    is_new: bool  # whether there is a file; else what is there already is the same
    headers: Mapping[str, str]

    @property
    def tag(self) -> str:
        """The content's name."""
        return self.headers.get('etag', '')

    @property
    def data_version(self) -> int | None:
        """Number of the last change that is in, if the service says."""
        return version_in(self.headers)


def version_in(headers: Mapping[str, str]) -> int | None:
    """Read the data version that an answer states."""
    text = headers.get('x-data-version', '')
    return int(text) if text.isdecimal() else None


def download(wanted: Download, patience: Patience, heard: Heard) -> Steps[Downloaded]:
    """Download a file; it bears its name only when it is whole.

    What has come of it lies beside it as ``NAME.part``, and is gone on with if the service still
    has the same content.

    Raises
    ------
    UnreachableError
        The connection broke again and again without bringing anything more.
    WebApiError
        What the service says.
    """
    part = _Part(wanted.out, heard)
    with contextlib.closing(part):
        while True:
            reply = yield from ask_until_answered(
                lambda: _ask(wanted, part), patience, measure=lambda: part.n_bytes
            )
            if reply.status == 304:
                return Downloaded(is_new=False, headers=reply.headers)
            if reply.status == 416:  # what is there is not the beginning of it
                part.discard()
                continue
            if reply.status not in {200, 206}:
                raise refusal(reply, _ask(wanted, part))
            if part.is_whole:
                part.finish()
                return Downloaded(is_new=True, headers=reply.headers)
            raise UnreachableError(f'{describe(_ask(wanted, part))}: the answer was cut off')


def _ask(wanted: Download, part: _Part) -> Ask:
    headers = dict(wanted.headers)
    if part.can_go_on:
        headers |= {'Range': f'bytes={part.n_bytes}-', 'If-Range': part.tag}
    elif wanted.known_tag:
        headers['If-None-Match'] = wanted.known_tag
    return Ask(url=wanted.url, headers=headers, sink=part, timeout_s=SLOW_S)


class _Part:
    """A file that is not whole yet, and a note on what it is the beginning of."""

    def __init__(self, out: Path, heard: Heard) -> None:
        self._out = out
        self._path = out.with_name(f'{out.name}.part')
        self._note = out.with_name(f'{out.name}.part.json')
        self._heard = heard
        self._file: IO[bytes] | None = None
        self._total: int | None = None
        self.tag = ''
        self.n_bytes = 0
        self._look()

    @property
    def can_go_on(self) -> bool:
        """Whether the rest of the same content can be asked for."""
        return self.n_bytes > 0 and bool(self.tag) and not self.tag.startswith('W/')

    @property
    def is_whole(self) -> bool:
        """Whether all is there, as far as anybody knows how much that is."""
        return self._total is None or self.n_bytes == self._total

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Go on, or begin anew."""
        self.close()
        if status == 200:
            self.n_bytes = 0
        self.tag = headers.get('etag', '')
        self._total = _total(status, headers)
        self._file = self._path.open('r+b' if self.n_bytes else 'wb')
        self._file.truncate(self.n_bytes)
        self._file.seek(self.n_bytes)
        # last: killed before, nothing may be taken for the beginning of other content
        self._note.write_bytes(orjson.dumps({'tag': self.tag, 'total': self._total}))

    def write(self, content: bytes) -> None:
        """Take the next part."""
        if self._file is None:
            raise LostError('an answer without a beginning', has_begun=False)
        self._file.write(content)
        self.n_bytes += len(content)
        self._heard(self.n_bytes, self._total)

    def finish(self) -> None:
        """Give the whole file its name."""
        self.close()
        self._path.replace(self._out)
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Begin anew."""
        self.close()
        self.n_bytes, self.tag = 0, ''
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def close(self) -> None:
        """Let what has come reach the disk."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _look(self) -> None:
        """See what an earlier download has left."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = orjson.loads(self._note.read_bytes())
            self.n_bytes = self._path.stat().st_size
            self.tag, self._total = str(told['tag']), told['total']
        if not self.can_go_on or self.n_bytes == self._total:
            self.discard()


def _total(status: int, headers: Mapping[str, str]) -> int | None:
    """Read how long the whole file is; None if the answer does not say."""
    if status == 206:
        _, _, total = headers.get('content-range', '').rpartition('/')
        return int(total) if total.isdecimal() else None
    length = headers.get('content-length', '')
    is_plain = headers.get('content-encoding', 'identity') == 'identity'
    return int(length) if length.isdecimal() and is_plain else None
