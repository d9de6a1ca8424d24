"""Single records, pages, filters, uploads. What is compared is measured in turns."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial

from benchmarks.bench import N_CONNECTIONS, Bench, checked, measure
from benchmarks.disk import fdatasync_rate
from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import LoadError, MakeRequests, Plan, ask_each
from benchmarks.queries import (
    PAGE_SIZE,
    Question,
    Questions,
    item_requests,
    md5_requests,
    page_request,
    page_requests,
    post_requests,
)
from benchmarks.servers import Server

POST_CONNECTIONS = (1, 32, 128)
N_REQUESTS = 5_000  # prepared per measurement of reads, then over again
POSTS_PER_S = 9_000  # as many are prepared, so that hardly one comes twice
N_SINGLE = 101  # requests asked one by one
DISK_S = 0.7
PAGE_BYTES = 50_000  # no page of 50 records is smaller


@measure('item')
def measure_items(bench: Bench) -> Iterator[Figure]:
    """Fetch single records from all over the archive."""
    source = bench.source
    mine = partial(item_requests, source, source.n, N_REQUESTS)
    ceiling = partial(item_requests, source, bench.n_no_store, N_REQUESTS)
    yield _beside_ceiling(bench, 'item', (mine, ceiling), Target('≥', 0.5), min_body_bytes=500)


@measure('page')
def measure_pages(bench: Bench) -> Iterator[Figure]:
    """Fetch pages of 50 from all over the archive."""
    name = bench.source.resource
    mine = partial(page_requests, name, bench.total // PAGE_SIZE, N_REQUESTS)
    ceiling = partial(page_requests, name, bench.n_no_store // PAGE_SIZE, N_REQUESTS)
    words = {'min_body_bytes': PAGE_BYTES}
    yield _beside_ceiling(bench, 'page of 50', (mine, ceiling), Target('≥', 0.4), **words)


def _beside_ceiling(
    bench: Bench,
    what: str,
    requests: tuple[MakeRequests, MakeRequests],
    target: Target,
    **words: int,
) -> Figure:
    mine: list[float] = []
    ceiling: list[float] = []
    for _ in range(bench.repetitions):
        ceiling.append(bench.rate(bench.no_store, requests[1], **words))
        mine.append(bench.rate(bench.server, requests[0], **words))
    return Figure(
        what=f'{what}, connections: {N_CONNECTIONS}',
        unit='GET/s',
        sample=Sample(tuple(mine)),
        beside='no store',
        reference=Sample(tuple(ceiling)),
        target=target,
    )


@measure('last-page')
def measure_last_page(bench: Bench) -> Iterator[Figure]:
    """Fetch the last full page of 50 and the first, in turns."""
    last = bench.total // PAGE_SIZE
    requests = [page_request(bench.source.resource, page) for page in (1, last)] * N_SINGLE
    times = [checked(a).ms for a in ask_each(bench.server.port, requests)][2:]
    yield Figure(
        what='last page of 50',
        unit='ms',
        sample=Sample(tuple(times[1::2])),
        beside='first page',
        reference=Sample(tuple(times[0::2])),
        target=Target('≤', 2),
    )


@measure('md5')
def measure_md5(bench: Bench) -> Iterator[Figure]:
    """Look up all records of a scan."""
    requests = md5_requests(bench.source, N_SINGLE)
    times = [checked(a).ms for a in ask_each(bench.server.port, requests)]
    yield Figure(what='md5 look-up', unit='ms', sample=Sample(tuple(times)))
    make = partial(md5_requests, bench.source, N_REQUESTS)
    rates = [bench.rate(bench.server, make) for _ in range(bench.repetitions)]
    what = f'md5 look-up, connections: {N_CONNECTIONS}'
    yield Figure(what=what, unit='GET/s', sample=Sample(tuple(rates)))


@measure('filter')
def measure_filters(bench: Bench) -> Iterator[Figure]:
    """Filter by one IQM: exact total and a page from the middle."""
    questions = Questions(bench.source, bench.total).filters(bench.repetitions)
    yield from _asked(bench, 'filter', questions, Target('≤', 30))


@measure('sort')
def measure_sorts(bench: Bench) -> Iterator[Figure]:
    """Sort by one IQM: a page from the middle."""
    questions = Questions(bench.source, bench.total).sorts()
    yield from _asked(bench, 'sort', questions, Target('≤', 120))


def _asked(
    bench: Bench, what: str, questions: Iterable[Question], target: Target
) -> Iterator[Figure]:
    """Ask one by one; tell of all, and of the IQM that is slowest."""
    asked = list(questions)
    times: defaultdict[str, list[float]] = defaultdict(list)
    answers = ask_each(bench.server.port, [question.request for question in asked])
    for question, answer in zip(asked, answers, strict=True):
        question.check(answer)
        times[question.iqm].append(answer.ms)
    everything = Sample(tuple(ms for found in times.values() for ms in found))
    name = f'{what} by one of {len(times)} IQMs'
    yield Figure(what=name, unit='ms', sample=everything, target=target)
    samples = {iqm: Sample(tuple(found)) for iqm, found in times.items()}
    slowest = max(samples, key=lambda iqm: samples[iqm].median)
    name = f'{what} by the slowest: {slowest}'
    yield Figure(what=name, unit='ms', sample=samples[slowest], target=target)


@measure('post')
def measure_posts(bench: Bench) -> Iterator[Figure]:
    """Post records; a 201 means that the record is on the disk."""
    name = bench.source.resource
    before, n_posted = bench.count(), bench.n_posted[name]
    for n_connections in POST_CONNECTIONS:
        yield from _posts(bench, n_connections)
    n_stored = bench.count() - before
    n_answered = bench.n_posted[name] - n_posted
    if n_stored < n_answered:
        raise LoadError(f'{n_answered} records were answered 201, {n_stored} are there')


def _posts(bench: Bench, n_connections: int) -> Iterator[Figure]:
    disk: list[float] = []
    ceiling: list[float] = []
    mine: list[float] = []
    for _ in range(bench.repetitions):
        disk.append(fdatasync_rate(bench.place.data_dir, seconds=DISK_S))
        ceiling.append(_post(bench, bench.no_store, n_connections))
        mine.append(_post(bench, bench.server, n_connections))
    sample = Sample(tuple(mine))
    is_aimed_at = n_connections >= 32
    for beside, reference, least in (('fdatasync', disk, 0.8), ('no store', ceiling, 0.25)):
        yield Figure(
            what=f'POST, connections: {n_connections}',
            unit='/s',
            sample=sample,
            beside=beside,
            reference=Sample(tuple(reference)),
            target=Target('≥', least) if is_aimed_at else None,
        )


def _post(bench: Bench, server: Server, n_connections: int) -> float:
    n = int(POSTS_PER_S * bench.seconds)
    name = bench.source.resource
    make = partial(post_requests, bench.source, bench.total + bench.n_posted[name], n)
    plan = Plan(
        port=server.port,
        requests=make,
        n_connections=n_connections,
        seconds=bench.seconds,
        status=201,
    )
    load = bench.generator.run(plan)
    if server is bench.server:
        bench.n_posted[name] += load.n_answers
    return load.rate


@measure('memory')
def measure_memory(bench: Bench) -> Iterator[Figure]:
    """Look up how much memory the server holds, after everything above."""
    now = Sample((bench.server.memory_gb('VmRSS'),))
    yield Figure(what='memory, after all this', unit='GB', sample=now)
    highest = Sample((bench.server.memory_gb('VmHWM'),))
    yield Figure(what='memory, at its highest', unit='GB', sample=highest, target=Target('≤', 2.5))
