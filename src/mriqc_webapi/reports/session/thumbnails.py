"""The picture that stands for a report on the contact sheet."""

import base64
import binascii
import html
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.reports.folder import read_within

MIN_BYTES = 2_000  # what is smaller is an icon
SVG = 'image/svg+xml'

_REFERENCE = re.compile(
    rb'<(?:img|object|embed|iframe)\b[^>]*?\b(?:src|data)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')',
    re.IGNORECASE,
)
_INLINE = re.compile(rb'<svg\b', re.IGNORECASE)
_INLINE_END = re.compile(rb'</svg\s*>', re.IGNORECASE)
_PICTURES = ('.svg', '.png', '.jpg', '.jpeg', '.gif', '.webp')
# the brain at full size before air, noise and plots, which look alike for all scans
_LIKED = ('zoomed', 'mosaic', 'stdev', 'mean', 'background')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes, as an image element may show them."""

    data: bytes
    media_type: str


def find_picture(folder: Path, report: str) -> Picture:
    """Find the picture that tells most of a report: a mosaic, else its first picture.

    Raises
    ------
    NotFoundError
        The report shows no picture of its own.
    """
    page = read_within(folder, report)
    for address in sorted(_addresses(page), key=_rank):
        picture = _read(folder, report, address)
        if picture is not None and len(picture.data) >= MIN_BYTES:
            return picture
    inline = _inline_svg(page)
    if inline is None:
        raise NotFoundError(f'{report} shows no picture')
    return Picture(inline, SVG)


def _addresses(page: bytes) -> list[str]:
    found = (m[1] or m[2] or b'' for m in _REFERENCE.finditer(page))
    return [html.unescape(address.decode('utf-8', 'replace')) for address in found]


def _rank(address: str) -> int:
    """Rank an address by what its name promises; ties stay in the page's order."""
    name = '' if address.startswith('data:') else address.lower()
    return next((i for i, word in enumerate(_LIKED) if word in name), len(_LIKED))


def _read(folder: Path, report: str, address: str) -> Picture | None:
    if address.startswith('data:'):
        return _from_data(address)
    parts = urlsplit(address)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path.lower().endswith(_PICTURES):
        return None
    name = _joined(report, path)
    media_type = mimetypes.guess_type(path)[0] or SVG
    try:
        return None if name is None else Picture(read_within(folder, name), media_type)
    except NotFoundError:
        return None


def _joined(report: str, path: str) -> str | None:
    """Follow a relative path from a report on; None where it leaves the folder."""
    parts = report.split('/')[:-1]
    for part in path.split('/'):
        if part == '..':
            if not parts:
                return None
            parts.pop()
        elif part not in {'', '.'}:
            parts.append(part)
    return '/'.join(parts)


def _from_data(address: str) -> Picture | None:
    head, _, body = address.partition(',')
    media_type, *words = head.removeprefix('data:').split(';')
    if not media_type.startswith('image/'):
        return None
    try:
        data = base64.b64decode(body) if 'base64' in words else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        return None
    return Picture(data, media_type)


def _inline_svg(page: bytes) -> bytes | None:
    """Cut out the first large picture that is drawn in the page itself."""
    for start in _INLINE.finditer(page):
        end = _INLINE_END.search(page, start.end())
        if end is not None and end.end() - start.start() >= MIN_BYTES:
            return _standalone(page[start.start() : end.end()])
    return None


def _standalone(svg: bytes) -> bytes:
    """Declare what an SVG within HTML may leave out."""
    head = svg[: svg.find(b'>')]
    missing = b''
    if b'xmlns=' not in head:
        missing += b' xmlns="http://www.w3.org/2000/svg"'
    if b'xmlns:xlink' not in head:
        missing += b' xmlns:xlink="http://www.w3.org/1999/xlink"'
    return b'<svg' + missing + svg[4:]
