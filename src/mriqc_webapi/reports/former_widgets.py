"""Where the rating widgets of released MRIQC are in a report, so that they can be taken out.

The report is never parsed whole: it is looked at where a widget's own names stand.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

Span = tuple[int, int]

# an element of its own: the panel of NiReports (23.1 on), panel and button of 0.14 to 22
_BY_ID = (b'qcrating-menu', b'rating-menu', b'rating-toggler')
# what these are in: the switch of NiReports; the form of 0.9.11 to 0.13
_BY_PARTS = ((b'qcrating-toggler',), (b'ratingName', b'ratingComment', b'submitResAlert'))
_IN_SCRIPTS = (b'function read_form(', b'function toggle_rating(', b'function sendRating(')
_IN_STYLES = (b'slider-handle.png',)  # the slider of NiReports, drawn by another host
_OF_WIDGET = re.compile(rb'qcrating|btn-post|rating-toggler')
_MAX_STEPS_OUT = 16


def find_former_widgets(page: bytes) -> list[Span]:
    """Find what belongs to a released rating widget: spans of bytes, in order, none in another."""
    return _outermost(span for span in _candidates(page) if span is not None)


def _candidates(page: bytes) -> Iterator[Span | None]:
    for name in _BY_ID:
        if place := _tag_with_id(page, name):
            yield _element(page, place.start()) or _unclosed(page, place.start())
    for names in _BY_PARTS:
        tags = list(takewhile(bool, (_tag_with_id(page, name) for name in names)))
        starts = [tag.start() for tag in tags if tag]
        if len(starts) == len(names):
            yield _enclosing(page, min(starts), max(starts))
    for tag, marks in ((b'script', _IN_SCRIPTS), (b'style', _IN_STYLES)):
        for mark in marks:
            yield from _around(page, mark, tag)


def _tag_with_id(page: bytes, name: bytes) -> re.Match[bytes] | None:
    place = page.find(b'id="%s"' % name)
    start = page.rfind(b'<', 0, place) if place >= 0 else -1
    return re.compile(rb'<([a-z]+)\s[^<>]*>').match(page, start) if start >= 0 else None


def _element(page: bytes, start: int) -> Span | None:
    """Give the extent of the element that starts there; None if nothing ends it."""
    depth = 0
    for piece, name in _pieces(page, start):
        depth += -1 if name == b'/' else bool(name is not None)
        if depth == 0:
            return start, piece.end()
    return None


def _unclosed(page: bytes, start: int) -> Span | None:
    """Give the extent of a panel that nothing ends, as NiReports writes it: by its last script."""
    depth, end, depth_at_end = 0, 0, 0
    for piece, name in _pieces(page, start):
        depth += -1 if name == b'/' else bool(name is not None)
        if name is None and _OF_WIDGET.search(piece[0]):
            end, depth_at_end = piece.end(), depth
    closing = re.compile(rb'(?:\s*</div>){0,%d}' % depth_at_end).match(page, end)
    return (start, closing.end()) if end and closing else None


def _pieces(page: bytes, start: int) -> Iterator[tuple[re.Match[bytes], bytes | None]]:
    """Walk over the tags of one name, with ``/`` or nothing, and over scripts, with None."""
    name = re.compile(rb'<([a-z]+)').match(page, start)
    if name is None:
        return
    pattern = rb'<(/?)%s\b[^<>]*>|<script\b.*?</script\s*>|<!--.*?-->' % name[1]
    for piece in re.compile(pattern, re.DOTALL).finditer(page, start):
        yield piece, piece[1]


def _enclosing(page: bytes, first: int, last: int) -> Span | None:
    """Give the smallest ``form`` or ``div`` around both places."""
    start = first
    for _ in range(_MAX_STEPS_OUT):
        start = max(page.rfind(b'<div', 0, start), page.rfind(b'<form', 0, start))
        span = _element(page, start) if start >= 0 else None
        if span is None or span[1] > last:
            return span
    return None


def _around(page: bytes, mark: bytes, tag: bytes) -> Iterator[Span]:
    """Give every ``script`` or ``style`` that has the mark in it."""
    place = page.find(mark)
    while place >= 0:
        start = page.rfind(b'<' + tag, 0, place)
        end = page.find(b'</%s>' % tag, start)
        if start >= 0 and end > place:
            yield start, end + len(b'</%s>' % tag)
        place = page.find(mark, max(end, place + 1))


def _outermost(spans: Iterator[Span]) -> list[Span]:
    kept: list[Span] = []
    for start, end in sorted(set(spans), key=lambda s: (s[0], -s[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
