"""Exports that are read part by part can be stopped, and say so when time is up."""

import threading
import time

import pyarrow as pa
import pytest

from mriqc_webapi.archive import export as exports
from mriqc_webapi.archive.export import FORMATS, Wanted
from mriqc_webapi.archive.running import RunningExport, StoppedError
from mriqc_webapi.errors import NotFoundError, QueryTimeoutError, WebApiError
from tests.archive.conftest import LARGE_CJV, in_the_end, put, seqs_of

ENDLESS = 'FROM "T1w" WHERE (SELECT count(*) FROM range(1000000000000)) > 0'


@pytest.fixture
def begin(archive, local_store):
    """Give a function that begins an export of some records; all are closed after the test."""
    put(local_store, *({'cjv': n / 10} for n in range(10)))
    seqs_of(archive)
    begun: list[RunningExport] = []

    def make(format='csv', *, timeout_s=60.0, **given):
        wanted = Wanted(**{'resource': 'T1w', 'format': format, **given})
        begun.append(RunningExport(archive, wanted, question=repr(given), timeout_s=timeout_s))
        return begun[-1].open()

    yield make
    for export in begun:
        export.close()


def content_of(export):
    """Read it all; of Arrow the table, since bits that stand for nothing may differ."""
    parts = []
    while (part := export.read()) is not None:
        parts.append(part)
    content = b''.join(parts)
    is_arrow = content.startswith(b'\xff\xff\xff\xff')
    return pa.ipc.open_stream(content).read_all() if is_arrow else content


@pytest.mark.parametrize('format', FORMATS)
def test_the_same_question_gives_the_same_content_under_the_same_tag(begin, format):
    one, other = begin(format), begin(format)
    assert one.tag == other.tag
    assert content_of(one) == content_of(other)


@pytest.mark.parametrize('format', FORMATS)
def test_another_record_gives_another_tag(begin, local_store, format):
    before = begin(format).tag
    put(local_store, {'cjv': 1.0})
    assert begin(format).tag != before


@pytest.mark.parametrize('format', FORMATS)
def test_another_question_gives_another_tag(begin, format):
    assert begin(format).tag != begin(format, where=LARGE_CJV).tag


@pytest.mark.parametrize('format', FORMATS)
def test_what_is_taken_in_meanwhile_is_left_out(begin, local_store, format):
    export, other = begin(format), begin(format)
    put(local_store, {'cjv': 1.0})
    assert content_of(export) == content_of(other)


def test_a_query_that_runs_is_stopped(begin, monkeypatch):
    monkeypatch.setattr(exports, '_source', lambda *_: ENDLESS)
    export = begin()
    ended = threading.Event()

    def read():
        with pytest.raises(WebApiError):
            export.read()
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.3)
    assert not ended.is_set()
    export.stop()
    assert ended.wait(5)
    thread.join()


@pytest.mark.parametrize('format', FORMATS)
def test_a_stopped_export_gives_nothing_more(begin, format):
    export = begin(format)
    export.read()
    export.stop()
    with pytest.raises(StoppedError):
        export.read()


def test_a_query_without_end_is_stopped_by_its_time_limit(begin, monkeypatch):
    monkeypatch.setattr(exports, '_source', lambda *_: ENDLESS)
    export = begin(timeout_s=1)
    with pytest.raises(QueryTimeoutError):
        export.read()


@pytest.mark.parametrize('format', FORMATS)
def test_an_export_that_is_read_too_slowly_ends(begin, format):
    export = begin(format, timeout_s=1)  # to begin takes some of it
    time.sleep(1)
    with pytest.raises(QueryTimeoutError):
        content_of(export)


def test_an_unknown_resource_is_told_at_the_beginning(begin, archive):
    with pytest.raises(NotFoundError):
        in_the_end(lambda: begin(resource='T3w'))


def test_whole_ndjson_needs_no_copy(begin, archive, monkeypatch):
    monkeypatch.setattr(archive, 'reading', None)
    assert len(content_of(begin('ndjson')).splitlines()) == 10


def test_an_export_can_be_closed_at_any_time(begin):
    export = begin('parquet')
    export.read()
    export.close()
    export.close()
