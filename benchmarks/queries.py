"""Questions whose answers no cache can know: every one has its own IQM, threshold or page."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from urllib.parse import quote

import orjson

from benchmarks.load import Answer, LoadError, get_request, post_request
from benchmarks.records import Source, scramble
from benchmarks.servers import TOKEN

PAGE_SIZE = 50
N_SAMPLED = 1_000  # records looked at to know how IQMs are distributed
MAX_IQMS = 24
TOLERANCE = 0.08  # of a total guessed from so many; about five standard errors


@dataclass(frozen=True, slots=True)
class Question:
    """A request about one IQM and what its answer must hold."""

    iqm: str
    request: bytes
    total: int
    tolerance: int

    def check(self, answer: Answer) -> None:
        """Refuse an answer that cannot be right."""
        if answer.status == 200:
            found = orjson.loads(answer.body)
            is_near = abs(found['_meta']['total'] - self.total) <= self.tolerance
            if is_near and len(found['_items']) == PAGE_SIZE:
                return
        raise LoadError(
            f'{self.request!r} expected about {self.total} records, got {answer.status}'
            f' {answer.body[:200]!r} … {answer.body[-200:]!r}'
        )


@dataclass(frozen=True)
class Questions:
    """Filters and sorts on the IQMs of one resource."""

    source: Source
    total: int  # records of the resource in the store

    @cached_property
    def iqms(self) -> dict[str, list[float]]:
        """IQMs that are hardly the same in two scans, and a sorted sample of each."""
        sample = [orjson.loads(self.source.posted(i)) for i in self._sampled]
        found: dict[str, list[float]] = {}
        for name in sample[0]:
            values = sorted(v for r in sample if isinstance(v := r.get(name), float))
            if len(set(values)) > 0.4 * len(sample):  # repeats are equal
                found[name] = values
        step = max(1, len(found) // MAX_IQMS)
        return dict(list(found.items())[::step][:MAX_IQMS])

    @property
    def _sampled(self) -> range:
        return range(self.source.n)[:: -(-self.source.n // N_SAMPLED)]

    def filters(self, n_each: int) -> Iterator[Question]:
        """Ask for the records on one side of a threshold: their number and a middle page."""
        numbers = count()
        for _ in range(n_each):
            for iqm, values in self.iqms.items():
                yield self._filter(iqm, values, next(numbers))

    def sorts(self) -> Iterator[Question]:
        """Ask for a page from about the middle of all records, sorted by each IQM both ways."""
        n_pages = self.total // PAGE_SIZE
        for i, iqm in enumerate([*self.iqms, *(f'-{name}' for name in self.iqms)]):
            page = 1 + (n_pages // 2 + i) % n_pages
            request = page_request(self.source.resource, page, f'sort={iqm}')
            yield Question(iqm.lstrip('-'), request, self.total, 0)

    def _filter(self, iqm: str, values: Sequence[float], number: int) -> Question:
        share = 0.1 + 0.8 * scramble(number) / 2**64
        threshold = values[int(len(values) * share)] * (1 + 1e-6 * number)
        n_below = bisect_left(values, threshold)
        is_above = number % 2
        n_found = len(values) - n_below if is_above else n_below
        total = self.total * n_found // len(self._sampled)  # nulls too: no threshold finds them
        where = orjson.dumps({iqm: {'$gt' if is_above else '$lt': threshold}}).decode()
        page = max(1, total // PAGE_SIZE // 2)
        request = page_request(self.source.resource, page, f'where={quote(where)}')
        return Question(iqm, request, total, int(self.total * TOLERANCE))


def page_request(resource: str, page: int, question: str = '') -> bytes:
    """Ask for a page of 50."""
    more = f'&{question}' if question else ''
    return get_request(f'/api/v1/{resource}?max_results={PAGE_SIZE}&page={page}{more}')


# What follows runs in the load generator's process, before its clock starts.


def item_requests(source: Source, n_ids: int, n: int) -> list[bytes]:
    """Ask for records among the first ``n_ids``, in no order."""
    ids = (source.id(scramble(i) % n_ids) for i in range(n))
    return [get_request(f'/api/v1/{source.resource}/{id}') for id in ids]


def page_requests(resource: str, n_pages: int, n: int) -> list[bytes]:
    """Ask for pages anywhere in a resource."""
    return [page_request(resource, 1 + scramble(i) % n_pages) for i in range(n)]


def md5_requests(source: Source, n: int) -> list[bytes]:
    """Ask for all records of a scan."""
    requests = []
    for i in range(n):
        where = f'{{"provenance.md5sum":"{source.md5sum(scramble(i) % source.n)}"}}'
        requests.append(get_request(f'/api/v1/{source.resource}?where={quote(where)}'))
    return requests


def post_requests(source: Source, start: int, n: int) -> list[bytes]:
    """Post records from number ``start`` on."""
    path = f'/api/v1/{source.resource}'
    return [post_request(path, source.posted(i), token=TOKEN) for i in range(start, start + n)]
