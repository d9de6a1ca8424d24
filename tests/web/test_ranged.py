"""What a Range header may say, and what it does to a file."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from mriqc_webapi.web.heads import answer_head
from mriqc_webapi.web.ranged import RangedFile, parse_ranges

CONTENT = bytes(range(100))


@pytest.mark.parametrize(
    ('header', 'ranges'),
    [
        ('bytes=0-3', ['0-3']),
        ('BYTES = 0-3', None),
        ('Bytes=0-', ['0-']),
        ('bytes=0-3, -8,', ['0-3', '-8']),
        ('bytes=5-2', None),
        ('bytes=5-2,0-3', None),
        ('bytes=-', None),
        ('bytes=', None),
        ('bytes=a-b', None),
        ('bytes=٣-٤', None),
        ('bytes=0-3-5', None),
        ('bytes=+1-3', None),
        ('lines=0-3', None),
        ('garbage', None),
        ('', None),
        ('bytes=' + '9' * 5000 + '-', None),
    ],
)
def test_only_a_list_of_ranges_of_bytes_is_one(header: str, ranges: list[str] | None) -> None:
    assert parse_ranges(header) == ranges


def as_sent(file: RangedFile, *asgi: Any) -> Any:
    return file(*asgi)


def as_head(file: RangedFile, scope: Any, *rest: Any) -> Any:
    return answer_head(file, {**scope, 'method': 'HEAD'}, *rest)


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    """Ask for a file of 100 bytes; gives status, headers and body."""
    path = tmp_path / 'file'
    path.write_bytes(CONTENT)

    def answer(asked: Any = as_sent, **headers: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            await asyncio.sleep(60)

        named = [(k.replace('_', '-').lower().encode(), v.encode()) for k, v in headers.items()]
        scope = {'type': 'http', 'method': 'GET', 'headers': named}
        file = RangedFile(path, headers={'ETag': '"tag"'})
        asyncio.run(asked(file, scope, receive, send))
        told = {k.decode(): v.decode() for k, v in sent[0]['headers']}
        return sent[0]['status'], told, b''.join(m['body'] for m in sent[1:])

    return answer


@pytest.mark.parametrize('header', ['garbage', 'bytes=5-2', 'bytes=a-', 'lines=0-3'])
def test_a_range_that_means_nothing_is_ignored(ask: Any, header: str) -> None:
    status, headers, body = ask(Range=header)
    assert (status, headers['content-length'], body) == (200, '100', CONTENT)


def test_of_several_ranges_those_within_the_file_are_sent(ask: Any) -> None:
    status, headers, body = ask(Range='bytes=200-300,10-19')
    assert (status, headers['content-range'], body) == (206, 'bytes 10-19/100', CONTENT[10:20])


@pytest.mark.parametrize('header', ['bytes=100-', 'bytes=-0', 'bytes=100-200,300-'])
def test_a_range_beyond_the_end_is_a_problem_that_tells_the_size(ask: Any, header: str) -> None:
    status, headers, body = ask(Range=header)
    assert (status, headers['content-range']) == (416, 'bytes */100')
    assert headers['content-type'] == 'application/problem+json'
    assert orjson.loads(body)['code'] == 'range-not-satisfiable'


def test_a_range_of_another_version_is_not_even_looked_at(ask: Any) -> None:
    assert ask(Range='bytes=100-', If_Range='"other"')[0] == 200
    assert ask(Range='bytes=100-', If_Range='"tag"')[0] == 416
    assert ask(Range='bytes=0-9', If_Range='"tag"')[2] == CONTENT[:10]


def test_head_of_a_range_tells_of_the_whole_file(ask: Any) -> None:
    status, headers, body = ask(asked=as_head, Range='bytes=0-3')
    assert (status, headers['content-length'], body) == (200, '100', b'')
