"""Places in a listing or a feed as opaque texts, each good for the question it was given for."""

import base64
import binascii
import hashlib
from typing import Any

import orjson

from mriqc_webapi.errors import QueryError

CHECK_BYTES = 9
MAX_CHARS = 32_768


def write_cursor(values: list[Any], *, question: str, key: str) -> str:
    """Write a place.

    Parameters
    ----------
    values : list
        JSON values.
    question : str
        What the place belongs to; it is refused with any other.
    key : str
        The store's own name: no other store's cursors are taken, nor ones made by hand.
    """
    payload = orjson.dumps(values)
    raw = _check(payload, question, key) + payload
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


def read_cursor(text: str, *, question: str, key: str) -> list[Any]:
    """Read a place that `write_cursor` wrote.

    Raises
    ------
    QueryError
        It was not written for this question by this store.
    """
    raw = _decoded(text)
    payload = raw[CHECK_BYTES:]
    if not payload or raw[:CHECK_BYTES] != _check(payload, question, key):
        raise QueryError('this cursor does not belong to this question: begin without one')
    values: list[Any] = orjson.loads(payload)
    return values


def _decoded(text: str) -> bytes:
    if len(text) > MAX_CHARS or not text.isascii():
        return b''
    try:
        padded = text + '=' * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b'-_', validate=True)
    except binascii.Error:
        return b''


def _check(payload: bytes, question: str, key: str) -> bytes:
    told = orjson.dumps([question, key]) + payload
    return hashlib.blake2b(told, digest_size=CHECK_BYTES).digest()
