"""Changes to a file that carry what they replaced, so that they can be taken back to the byte.

A splice is new text between two comments. The first comment holds what was there before, packed;
one of them holds the digest of the whole page as it was.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from mriqc_webapi.errors import DamagedReportError

_MAX_REPLACED_BYTES = 16 << 20  # what one splice may unpack to
_CLOSING = b'<!--/mriqc-webapi:rating-->'
_SPLICE = re.compile(
    rb'<!--mriqc-webapi:rating(?: page=(?P<digest>[0-9a-f]{64}))?(?: was=(?P<was>[\w+/=]*))?-->'
    rb'.*?<!--/mriqc-webapi:rating-->',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Splice:
    """New text for a stretch of a page."""

    start: int
    end: int
    text: bytes = b''


@dataclass(frozen=True, slots=True)
class Original:
    """A page without its splices."""

    page: bytes
    n_splices: int
    is_exact: bool  # nothing else was changed since


def spliced(page: bytes, splices: Sequence[Splice]) -> bytes:
    """Put splices, in order and apart from each other, into a page that has none."""
    digest = hashlib.sha256(page).hexdigest().encode()
    parts, place = [], 0
    for i, splice in enumerate(splices):
        was = base64.b64encode(zlib.compress(page[splice.start : splice.end], 9))
        marks = b' page=' + digest if i == len(splices) - 1 else b''
        if splice.end > splice.start:
            marks += b' was=' + was
        parts += [page[place : splice.start], b'<!--mriqc-webapi:rating', marks, b'-->']
        parts += [splice.text, _CLOSING]
        place = splice.end
    return b''.join([*parts, page[place:]])


def original(page: bytes) -> Original:
    """Take all splices out of a page.

    Raises
    ------
    DamagedReportError
        What a splice holds cannot be unpacked.
    """
    found = list(_SPLICE.finditer(page))
    parts, place = [], 0
    for splice in found:
        parts += [page[place : splice.start()], _unpacked(splice['was'] or b'')]
        place = splice.end()
    restored = b''.join([*parts, page[place:]]) if found else page
    digests = {splice['digest'].decode() for splice in found if splice['digest']}
    is_exact = not found or digests == {hashlib.sha256(restored).hexdigest()}
    return Original(restored, len(found), is_exact)


def _unpacked(was: bytes) -> bytes:
    if not was:
        return b''
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(base64.b64decode(was, validate=True), _MAX_REPLACED_BYTES)
    except (zlib.error, binascii.Error) as error:
        raise DamagedReportError(f'what the widget replaced cannot be read: {error}') from None
    if not unpacker.eof:
        raise DamagedReportError('what the widget replaced is broken off, or far too long')
    return found
