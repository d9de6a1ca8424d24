"""What one process does to another, and a slow question to a light one."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from time import perf_counter, sleep
from urllib.parse import quote

import orjson

from benchmarks.bench import Bench, checked, measure
from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import PATIENCE_S, LoadError, MakeRequests, ask_each, get_request
from benchmarks.loading import wait_for_copy
from benchmarks.queries import PAGE_SIZE, Questions, item_requests, page_requests
from benchmarks.servers import Server, serving

N_LAGS = 50
LOOK_AGAIN_S = 0.005
LIMIT_S = 2.0  # the service's limit for one query, while a slow one is asked
N_TERMS = 1_200  # of the slow one's filter
LIGHT_EVERY_S = 0.01
N_READS = 2_000  # prepared per measurement


@measure('lag')
def measure_lag(bench: Bench) -> Iterator[Figure]:
    """Post to one process, and ask a filter of another until it finds the record."""
    with serving(bench.place) as other:
        wait_for_copy(other, bench.source)
        lags = [_lag(bench, other) for _ in range(N_LAGS)]
    seen = Sample(tuple(lags))
    what = 'until another process finds a record'
    yield Figure(what=what, unit='ms', sample=seen, target=Target('≤', 200))
    longest = Sample((max(lags),))
    yield Figure(what=f'{what}, longest', unit='ms', sample=longest, target=Target('≤', 200))


def _lag(bench: Bench, other: Server) -> float:
    # two conditions, so that the store's index does not answer instead of the copy
    where = {'provenance.md5sum': bench.post(bench.source), 'efc': {'$exists': True}}
    started = perf_counter()
    path = f'{bench.path}?max_results=1&where={quote(orjson.dumps(where).decode())}'
    while not orjson.loads(bench.get(path, server=other).body)['_meta']['total']:
        if perf_counter() > started + PATIENCE_S:
            raise LoadError('another process never finds a record')
        sleep(LOOK_AGAIN_S)
    return (perf_counter() - started) * 1000


@measure('workers')
def measure_workers(bench: Bench) -> Iterator[Figure]:
    """Read with one serving process and with two."""
    name, source = bench.source.resource, bench.source
    filters = [q.request for q in Questions(source, bench.total).filters(N_READS // 24)]
    reads = {
        'item': partial(item_requests, source, source.n, N_READS),
        'page of 50': partial(page_requests, name, bench.total // PAGE_SIZE, N_READS),
        'filter': partial(list, filters),
    }
    alone = {what: _rates(bench, bench.server, make) for what, make in reads.items()}
    with bench.served_otherwise(workers=2) as pair:
        for what, make in reads.items():
            yield Figure(
                what=f'{what}, two processes',
                unit='GET/s',
                sample=_rates(bench, pair, make),
                beside='one',
                reference=alone[what],
            )


@dataclass
class _SlowQuestion:
    """Asks one slow question after the other in a thread, for the time of a block."""

    server: Server
    request: bytes
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> '_SlowQuestion':
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            (answer,) = ask_each(self.server.port, [self.request])
            self.statuses.append(answer.status)


@measure('stopped')
def measure_stopped(bench: Bench) -> Iterator[Figure]:
    """Ask for single records: alone, and beside a question that is stopped at its limit."""
    with bench.served_otherwise(query_timeout_s=LIMIT_S) as server:
        alone = _light_times(bench, server)
        with _SlowQuestion(server, slow_request(bench.path)) as slow:
            beside = _light_times(bench, server)
    for name, of in (('median', median), ('95th percentile', _p95), ('longest', max)):
        yield Figure(
            what=f'item beside a slow query, {name}',
            unit='ms',
            sample=Sample((of(beside),)),
            beside='alone',
            reference=Sample((of(alone),)),
        )
    n_stopped = Sample((float(slow.statuses.count(503)),))
    yield Figure(what=f'queries stopped after {LIMIT_S:g} s', unit='', sample=n_stopped)


def slow_request(path: str) -> bytes:
    """Ask for what no index and no column helps to find: a thousand looks into each record."""
    terms = [{'bids_meta.SAR': i} for i in range(N_TERMS)]  # of no column: see records.SIDECAR
    where = orjson.dumps({'$or': terms}).decode()
    return get_request(f'{path}?max_results=1&where={quote(where)}')


def _light_times(bench: Bench, server: Server) -> list[float]:
    requests = item_requests(bench.source, bench.source.n, int(2 * LIMIT_S / LIGHT_EVERY_S))
    times = []
    for request in requests:
        (answer,) = ask_each(server.port, [request])
        times.append(checked(answer).ms)
        sleep(LIGHT_EVERY_S)
    return times


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def _rates(bench: Bench, server: Server, make: MakeRequests) -> Sample:
    return Sample(tuple(bench.rate(server, make) for _ in range(bench.repetitions)))
