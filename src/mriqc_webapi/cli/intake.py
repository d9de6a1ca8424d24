"""From the lines of a file to checked records, a chunk at a time."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mriqc_webapi.errors import InvalidDocumentError, SubmissionError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.store.raters import with_pseudonym
from mriqc_webapi.store.record import Record, make_record
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.submissions.sources import (
    LineParser,
    RawLine,
    SourceFile,
    SourceLine,
    SourceReader,
    read_source,
)
from mriqc_webapi.submissions.submission import Submission

CHUNK_LINES = 2_000  # judged at once
_CHUNK_BYTES = 32 * 2**20  # so that memory stays bounded whatever the lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some lines of one file, and how far it is read with them."""

    source: SourceFile
    lines: list[RawLine]
    position: int  # bytes of the file on disk

    @property
    def last_line_no(self) -> int:
        """The number of the last line."""
        return self.lines[-1].line_no


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line that cannot be taken, and why."""

    file: Path
    line_no: int
    reason: str
    text: bytes

    def as_json(self) -> bytes:
        """Write it as one line of a file of refused lines."""
        text = self.text.decode('utf-8', 'backslashreplace').rstrip('\n')
        said = {'file': str(self.file), 'line': self.line_no, 'reason': self.reason, 'text': text}
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A chunk after judging."""

    records: list[Record]
    refusals: list[Refusal]
    n_noted: int  # of the records
    n_lines: int
    last_line_no: int
    position: int


class Judge:
    """Checks lines against the catalogue, as the service checks uploads."""

    def __init__(self, catalogue: Catalogue, limits: Limits, salt: str = '') -> None:
        self._catalogue = catalogue
        self._salt = salt  # of raters' pseudonyms
        self._limits = limits
        self._checkers = {n: Checker(r, limits=limits) for n, r in catalogue.resources.items()}

    def judge(self, line: SourceLine) -> Submission | Refusal:
        """Give the submission that a line holds, or say why it is refused."""
        if line.error:
            return refusal(line, line.error)
        try:
            check = self._checkers[line.resource]
            return check(line.document, keep_identity=line.keeps_identity)
        except InvalidDocumentError as error:
            return refusal(line, describe_issues(error.issues))
        except SubmissionError as error:
            return refusal(line, str(error))

    def verdicts(
        self, files: Iterable[Path], *, resource: str | None
    ) -> Iterator[tuple[SourceLine, Submission | Refusal]]:
        """Judge every line of some files."""
        for file in files:
            for line in read_source(
                file, catalogue=self._catalogue, limits=self._limits, resource=resource
            ):
                yield line, self.judge(line)

    def batch(self, chunk: Chunk) -> Batch:
        """Make the records of a chunk."""
        parse = LineParser(chunk.source, self._catalogue, self._limits)
        now = int(time.time())
        records, refusals, n_noted = [], [], 0
        for raw in chunk.lines:
            line = parse(raw)
            verdict = self.judge(line)
            if isinstance(verdict, Refusal):
                refusals.append(verdict)
                continue
            records.append(self._record(line, verdict, now))
            n_noted += bool(verdict.notes)
        return Batch(
            records=records,
            refusals=refusals,
            n_noted=n_noted,
            n_lines=len(chunk.lines),
            last_line_no=chunk.last_line_no,
            position=chunk.position,
        )

    def _record(self, line: SourceLine, submission: Submission, now: int) -> Record:
        has_id = submission.id is not None
        key = None if has_id else f'import:{content_hash(line.resource, line.document)}'
        resource = self._catalogue[line.resource]
        named = with_pseudonym(submission, resource=resource, salt=self._salt)
        return make_record(named, resource=resource, now=now, key=key)


def refusal(line: SourceLine, reason: str) -> Refusal:
    """Refuse a line."""
    return Refusal(file=line.file, line_no=line.line_no, reason=reason, text=line.text)


def content_hash(resource: str, document: dict[str, Any]) -> str:
    """Hash what a line without an id says, so that the same line comes in once."""
    try:
        text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # integers beyond 64 bits, lone surrogates
        text = repr(sorted(document.items())).encode('utf-8', 'backslashreplace')
    return hashlib.sha256(resource.encode() + b'\n' + text).hexdigest()


def describe_issues(issues: dict[str, Any]) -> str:
    """Put a tree of issues into one line: ``provenance.md5sum: required field; …``."""
    return '; '.join(f'{path}: {issue}' for path, issue in _leaves(issues, ''))


def _leaves(issues: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(issues, dict):
        for key, below in issues.items():
            yield from _leaves(below, f'{path}.{key}' if path else str(key))
    elif isinstance(issues, list):
        for issue in issues:
            yield from _leaves(issue, path)
    else:
        yield path, str(issues)


def read_chunks(reader: SourceReader, *, after_line: int = 0) -> Iterator[Chunk]:
    """Cut an open file into chunks, leaving out the lines up to ``after_line``."""
    lines: list[RawLine] = []
    n_bytes = 0
    for raw in reader:
        if raw.line_no <= after_line:
            continue
        lines.append(raw)
        n_bytes += len(raw.text)
        if len(lines) >= CHUNK_LINES or n_bytes >= _CHUNK_BYTES:
            yield Chunk(source=reader.source, lines=lines, position=reader.position)
            lines, n_bytes = [], 0
    if lines:
        yield Chunk(source=reader.source, lines=lines, position=reader.position)
