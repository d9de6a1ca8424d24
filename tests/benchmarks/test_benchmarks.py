"""The tools of the benchmarks count right; how fast anything is, no test asserts."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import orjson
import pytest
import zstandard
from benchmarks.figures import Figure, Sample, Target, table
from benchmarks.load import LoadError, Plan, ask_each, get_request, run_plan
from benchmarks.queries import PAGE_SIZE, Questions
from benchmarks.records import Source, first_record, scan_number, write_served

from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.check import Checker

N = 400


@pytest.fixture(scope='module', params=['T1w', 'T2w', 'bold'])
def source(request: pytest.FixtureRequest) -> Source:
    return Source(request.param, N)


def test_as_many_records_are_written_as_asked_for_each_with_an_id_of_its_own(source, tmp_path):
    path = tmp_path / 'records.ndjson.zst'
    write_served(source, path)
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    ids = [json.loads(line)['_id'] for line in text.splitlines()]
    assert len(set(ids)) == N
    assert ids == [source.id(i) for i in range(N)]


def test_every_record_passes_the_checks_of_its_resource(source):
    check = Checker(load_catalogue(None)[source.resource], limits=Limits())
    for i in range(N):
        assert check(json.loads(source.posted(i))).md5sum == source.md5sum(i)


@pytest.mark.parametrize('repeats', [0.25, 0.67])
def test_the_share_of_records_of_known_scans_is_as_asked_for(repeats):
    source = Source('T1w', 10_000, repeats)
    n_scans = len(Counter(map(source.md5sum, range(source.n))))
    assert n_scans == pytest.approx(10_000 * (1 - repeats), abs=1)


def test_dates_run_from_2017_to_2026():
    source = Source('T1w', N)
    years = [json.loads(source.served(i))['_created'][12:16] for i in range(N)]
    assert years == sorted(years)
    assert set(years) == {str(year) for year in range(2017, 2027)}


def test_repeats_are_equal_nearly_equal_or_different():
    source = Source('bold', 4_000, 0.67)
    spreads = {
        number: abs(orjson.loads(source.posted(i))['fd_mean'] / before - 1)
        for i in range(source.n)
        if (number := first_record(scan_number(i, 0.67), 0.67)) != i
        and (before := orjson.loads(source.posted(number))['fd_mean'])
    }
    kinds = Counter('near' if 0 < s < 1e-7 else 'other' if s else 'same' for s in spreads.values())
    shares = {kind: n / len(spreads) for kind, n in kinds.items()}
    assert shares == {
        'same': pytest.approx(0.45, abs=0.1),
        'near': pytest.approx(0.15, abs=0.1),
        'other': pytest.approx(0.40, abs=0.1),
    }


@pytest.mark.parametrize('repeats', [0.25, 0.67])
def test_the_first_record_of_a_scan_is_the_first(repeats):
    firsts: dict[int, int] = {}
    for i in range(5_000):
        firsts.setdefault(scan_number(i, repeats), i)
    assert {scan: first_record(scan, repeats) for scan in firsts} == firsts


def test_filters_ask_about_many_iqms_and_never_the_same_twice():
    asked = list(Questions(Source('T1w', 20_000), total=20_000).filters(3))
    assert len({question.request for question in asked}) == len(asked)
    assert len({question.iqm for question in asked}) >= 20


def test_a_filters_guessed_total_is_near_the_true_one():
    source = Source('T1w', 4_000)
    question = next(Questions(source, total=source.n).filters(1))
    records = [json.loads(source.posted(i)) for i in range(source.n)]
    limit = float(question.request.split(b'lt%22%3A')[1].split(b'%7D')[0])
    true = sum(record[question.iqm] < limit for record in records)
    assert abs(true - question.total) <= question.tolerance
    assert question.total > 2 * PAGE_SIZE


def test_the_load_generator_counts_what_the_server_answered():
    with answering(b'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello') as (port, n_answered):
        load = run_plan(plan(port, n_connections=4))
    assert 0 < load.n_answers <= n_answered()
    assert n_answered() - load.n_answers <= 4  # asked before the end, answered after it
    assert 0 < load.p50_ms <= load.p99_ms


def test_another_status_than_expected_ends_a_measurement():
    reply = b'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nfull'
    with answering(reply) as (port, _), pytest.raises(LoadError, match=r'503.*full'):
        run_plan(plan(port, n_connections=2))


def test_a_body_that_is_too_small_ends_a_measurement():
    reply = b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]'
    with answering(reply) as (port, _), pytest.raises(LoadError, match='2 bytes'):
        run_plan(plan(port, n_connections=1, min_body_bytes=100))


def test_a_server_that_hangs_up_ends_a_measurement():
    with answering(b'') as (port, _), pytest.raises(LoadError, match='hung up'):
        run_plan(plan(port, n_connections=1))


def test_an_answer_in_many_pieces_is_one_answer():
    body = b'x' * 3_000_000
    reply = b'HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n' + body
    with answering(reply) as (port, _):
        answers = list(ask_each(port, [get_request('/')] * 3))
        load = run_plan(plan(port, n_connections=2, min_body_bytes=len(body)))
    assert [(a.status, a.body == body) for a in answers] == [(200, True)] * 3
    assert load.n_answers > 2


def test_a_ratio_is_taken_pair_by_pair():
    mine, its = Sample((1.0, 4.0, 9.0)), Sample((2.0, 4.0, 3.0))
    figure = Figure(
        what='POST', unit='/s', sample=mine, beside='disk', reference=its, target=Target('≥', 0.8)
    )
    assert figure.ratio == Sample((0.5, 1.0, 3.0))
    assert figure.is_reached


def test_the_table_says_what_was_missed():
    figure = Figure(what='filter', unit='ms', sample=Sample((31.0,)), target=Target('≤', 30))
    cells = [cell.strip() for cell in table([figure]).splitlines()[-1].split('|')]
    assert cells[1:-1] == ['filter', '31.0 ms', '1', '', '', '≤ 30.0 ms', 'NO']


def plan(port: int, **words: int) -> Plan:
    requests = partial(list, [get_request('/a'), get_request('/b')])
    return Plan(port=port, requests=requests, seconds=0.2, **words)


@contextmanager
def answering(reply: bytes) -> Iterator[tuple[int, 'partial[int]']]:
    """Serve one fixed answer to every request (or hang up, if it is empty)."""
    loop = asyncio.new_event_loop()
    answered: list[None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b'\r\n\r\n') and reply:
                answered.append(None)
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(serve, '127.0.0.1', 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], partial(len, answered)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()
