"""A record as it is stored and served: its bytes are made once, before it is queued."""

import hashlib
import itertools
import json
import os
from email.utils import formatdate
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.submissions.submission import Note, Submission

# PostgreSQL indexes no value beyond 2,704 bytes and stores no NUL; real keys are 32 to 64 digits.
MAX_KEY_CHARS = 200
MAX_NAME_CHARS = 100
N_ID_DIGITS = 24

# With more bytes hashlib lets go of the interpreter lock; while another thread is busy, getting
# it back takes a hundred times as long as hashing a document.
_HASHED_AT_ONCE = 2047


class Sender(NamedTuple):
    """Who posted a record; never published."""

    token: str  # name
    network: str  # keyed hash of where from


class Record(NamedTuple):
    """One checked upload, ready to be stored; a tuple travels fast between processes."""

    id: str  # 24 lower-case hex digits
    has_given_id: bool  # chosen by the client or kept by an import, so it may be there already
    resource: str
    created_at: int  # seconds since 1970 (UTC)
    md5sum: str | None
    data_hash: str | None
    software: str
    version: str
    etag: str  # 40 hex digits
    doc: str  # the served JSON, pure ASCII, ending in `_id` … `_links`
    private: dict[str, Any]  # dotted path → value, never published
    notes: tuple[Note, ...]
    key_hash: str | None  # of the idempotency key
    digest: str | None  # of the submitted document; compared when the key comes again
    sender: Sender | None = None  # None: an import
    amends: str | None = None  # id of the rating that this one corrects


def make_record(
    submission: Submission,
    *,
    resource: Resource,
    now: int,
    key: str | None = None,
    sender: Sender | None = None,
) -> Record:
    """Give a submission its id, its tag, and the bytes that will be served.

    Parameters
    ----------
    now : int
        Seconds since 1970 (UTC); an import's own date outranks it.
    key : str, optional
        Idempotency key, already unique to who sends it.
    sender : Sender, optional
        Who may fetch the record's receipt.
    """
    body = ascii_json(submission.document)
    record_id = submission.id or new_id(now)
    etag = submission.etag or _sha1(f'{record_id}{body}')
    created_at = now if submission.created_at is None else submission.created_at
    date = http_date(created_at)
    comma = ',' if len(body) > 2 else ''
    return Record(
        id=record_id,
        has_given_id=submission.id is not None,
        resource=resource.name,
        created_at=created_at,
        md5sum=index_key(submission.md5sum),
        data_hash=index_key(submission.data_hash),
        software=column_text(submission.software),
        version=column_text(submission.version),
        etag=etag,
        doc=(
            f'{body[:-1]}{comma}"_id":"{record_id}","_created":"{date}","_updated":"{date}",'
            f'"_etag":"{etag}","_links":{{"self":{{"title":"{resource.title}",'
            f'"href":"{resource.name}/{record_id}"}}}}}}'
        ),
        private=submission.private,
        notes=submission.notes,
        key_hash=None if key is None else _sha256(key),
        digest=None if key is None else _digest(submission),
        sender=sender,
        amends=_amended(submission) if resource.kind == 'rating' else None,
    )


def ascii_json(value: Any) -> str:
    """Write compact JSON in pure ASCII; orjson's numbers, so ``92.0`` keeps its point."""
    try:
        raw = orjson.dumps(value)
    except TypeError:  # what orjson refuses: integers beyond 64 bits, lone surrogates
        return _slow_json(value)
    return raw.decode('ascii') if raw.isascii() else _slow_json(orjson.loads(raw))


def new_id(now: int) -> str:
    """Make an id in the layout of MongoDB's: time, a number of this process, a counter."""
    return f'{now & 0xFFFFFFFF:08x}{_process:s}{next(_counter) & 0xFFFFFF:06x}'


@lru_cache(maxsize=1024)
def http_date(at: int) -> str:
    """Write seconds since 1970 (UTC) as ``Thu, 24 Aug 2017 23:55:19 GMT``."""
    return formatdate(at, usegmt=True)


def index_key(text: str | None) -> str | None:
    """Give the text under which a hash is indexed: itself, or its own hash if long or odd."""
    if text is None or (len(text) <= MAX_KEY_CHARS and text.isprintable()):
        return text
    return 'sha256:' + _sha256(text)


def column_text(text: str, n_chars: int = MAX_NAME_CHARS) -> str:
    """Clip a text and replace what a text column of PostgreSQL cannot hold."""
    if len(text) > n_chars:
        text = text[: n_chars - 1] + '…'
    if text.isprintable():
        return text
    return text.replace('\0', '\ufffd').encode('utf-8', 'replace').decode()


def _amended(submission: Submission) -> str | None:
    amends = submission.document.get('amends')
    return amends if isinstance(amends, str) and len(amends) == N_ID_DIGITS else None


def _slow_json(value: Any) -> str:
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def _digest(submission: Submission) -> str:
    sent = [submission.resource, submission.document, submission.private]
    try:
        raw = orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raw = json.dumps(sent, sort_keys=True).encode()
    return _hex(hashlib.sha256(), raw)


def _sha1(text: str) -> str:
    return _hex(hashlib.sha1(usedforsecurity=False), text.encode('ascii'))


def _sha256(text: str) -> str:
    return _hex(hashlib.sha256(), text.encode('utf-8', 'surrogatepass'))


def _hex(hashed: 'hashlib._Hash', data: bytes) -> str:
    for start in range(0, len(data), _HASHED_AT_ONCE):
        hashed.update(data[start : start + _HASHED_AT_ONCE])
    return hashed.hexdigest()


def _start_ids() -> None:
    global _process, _counter  # noqa: PLW0603 - one generator per process, anew after a fork
    _process = os.urandom(5).hex()
    _counter = itertools.count(int.from_bytes(os.urandom(3), 'big'))


_process: str
_counter: 'itertools.count[int]'
_start_ids()
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_start_ids)
