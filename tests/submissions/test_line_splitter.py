"""NDJSON streams, cut into lines wherever the chunks break."""

from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.errors import LimitError
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import LineSplitter


def split(*chunks: bytes, longest: int = 100) -> list[bytes | str]:
    splitter = LineSplitter(Limits(max_document_bytes=longest))
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    lines += splitter.finish()
    return ['too long' if isinstance(line, LimitError) else line for line in lines]


def test_lines_may_break_anywhere_between_chunks():
    assert split(b'{"a"', b':1}\n{"b":', b'2}', b'\n') == [b'{"a":1}', b'{"b":2}']


def test_a_missing_last_line_end_is_fine():
    assert split(b'1\n2') == [b'1', b'2']


def test_line_ends_of_windows_are_fine():
    assert split(b'1\r', b'\n2\r\n') == [b'1', b'2']


def test_blank_lines_are_skipped():
    assert split(b'\n1\n\n  \r\n2\n\n') == [b'1', b'2']


def test_an_overlong_line_is_told_in_its_place_and_the_stream_goes_on():
    assert split(b'1\n' + b'x' * 11 + b'\n2\n', longest=10) == [b'1', 'too long', b'2']


def test_an_overlong_line_is_never_held():
    splitter = LineSplitter(Limits(max_document_bytes=10))
    for _ in range(100):
        assert list(splitter.feed(b'x' * 9)) == []
        assert len(splitter._pending) <= 10
    assert len(list(splitter.finish())) == 1


def test_a_line_as_long_as_the_limit_is_taken():
    assert split(b'x' * 10, b'\n', longest=10) == [b'x' * 10]


@given(st.lists(st.binary(max_size=8)), st.integers(1, 7))
def test_the_lines_do_not_depend_on_the_chunks(pieces, step):
    body = b''.join(pieces)
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    assert split(*chunks) == split(body)
