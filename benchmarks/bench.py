"""What measures work with: a loaded service, and the register of the measures."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import orjson

from benchmarks.figures import Figure
from benchmarks.load import (
    Answer,
    Generator,
    LoadError,
    MakeRequests,
    Plan,
    ask_each,
    get_request,
    post_request,
)
from benchmarks.loading import BUILD_S, wait_for_copy
from benchmarks.records import Source
from benchmarks.servers import TOKEN, Place, Server, serving

N_CONNECTIONS = 32  # where nothing else is said
TIMES_READY = 4  # in which connections are opened anew; by then each process has answered some


@dataclass(slots=True, kw_only=True)
class Bench:
    """A loaded service, its double without a store, and how often to measure."""

    place: Place
    sources: tuple[Source, ...]
    server: Server
    no_store: Server
    n_no_store: int  # records that the double serves
    generator: Generator
    stack: ExitStack  # what is started is stopped with it
    repetitions: int
    seconds: float
    totals: dict[str, int] = field(init=False)  # records of each resource, in the beginning
    n_posted: Counter[str] = field(default_factory=Counter)  # since then

    def __post_init__(self) -> None:
        self.totals = {source.resource: self.count(source) for source in self.sources}

    @property
    def source(self) -> Source:
        """The first resource's records: what is asked where one resource is enough."""
        return self.sources[0]

    @property
    def path(self) -> str:
        """Where the first resource is served."""
        return f'/api/v1/{self.source.resource}'

    @property
    def total(self) -> int:
        """How many records the first resource had in the beginning."""
        return self.totals[self.source.resource]

    def count(self, source: Source | None = None) -> int:
        """Ask how many records a resource has, the first one by default."""
        path = f'/api/v1/{(source or self.source).resource}?max_results=1'
        return int(orjson.loads(self.get(path).body)['_meta']['total'])

    def get(self, path: str, *, server: Server | None = None) -> Answer:
        """Ask for one address; anything but 200 ends the run."""
        (answer,) = ask_each((server or self.server).port, [get_request(path)])
        return checked(answer)

    def post(self, source: Source) -> str:
        """Post one more record, so that no answer is known any more; give its scan's MD5."""
        number = self.totals[source.resource] + self.n_posted[source.resource]
        self.n_posted[source.resource] += 1
        path = f'/api/v1/{source.resource}'
        request = post_request(path, source.posted(number), token=TOKEN)
        (answer,) = ask_each(self.server.port, [request])
        checked(answer, status=201)
        return source.md5sum(number)

    def rate(self, server: Server, requests: MakeRequests, **words: int) -> float:
        """Measure answers per second once."""
        given = {'n_connections': N_CONNECTIONS} | words
        plan = Plan(port=server.port, requests=requests, seconds=self.seconds, **given)
        return self.generator.run(plan).rate

    @contextmanager
    def served_otherwise(self, **settings: object) -> Iterator[Server]:
        """Run the service with other settings for the time of a block."""
        self.server.stop()
        with serving(self.place, settings=settings) as other:
            self._wait_for_copies(other)
            yield other
        self.server = self.stack.enter_context(serving(self.place))
        wait_for_copy(self.server, self.source)

    def _wait_for_copies(self, server: Server) -> None:
        """Wait until whichever process answers is ready: each has a copy of its own."""
        wait_for_copy(server, self.source)
        deadline = time.monotonic() + BUILD_S
        plan = Plan(
            port=server.port, requests=_readiness, n_connections=N_CONNECTIONS, seconds=0.5
        )
        n_ready = 0
        while n_ready < TIMES_READY:
            try:
                self.generator.run(plan)
                n_ready += 1
            except LoadError:
                if time.monotonic() > deadline:
                    raise
                n_ready = 0
                time.sleep(0.5)


def _readiness() -> list[bytes]:
    return [get_request('/readyz')]


Measure = Callable[[Bench], Iterator[Figure]]
MEASURES: dict[str, Measure] = {}


def measure(name: str) -> Callable[[Measure], Measure]:
    """Register a measure under its name on the command line; they run in order of appearance."""

    def register(function: Measure) -> Measure:
        if name in MEASURES:
            raise ValueError(f'two measures are called {name!r}')
        MEASURES[name] = function
        return function

    return register


def checked(answer: Answer, *, status: int = 200) -> Answer:
    """Refuse an answer with another status."""
    if answer.status != status:
        raise LoadError(f'status {answer.status}: {answer.body[:300]!r}')
    return answer
