"""Statistics over HTTP. Before each question a record is posted, so that no answer is known."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

import orjson

from benchmarks.bench import Bench, measure
from benchmarks.figures import Figure, Sample, Target
from benchmarks.load import LoadError
from benchmarks.queries import Questions
from benchmarks.records import Source

Parameters = Mapping[str, str]
Ask = Callable[[Source, str], Parameters]  # the parameters of a question about an IQM

N_CORRELATED = 20
TWO_FILTERS = orjson.dumps(
    {'bids_meta.MagneticFieldStrength': {'$gt': 2}, '_created': {'$gte': '2019-01-01'}}
).decode()
MIN_USED = 0.05  # of a resource's records; a question that so few answer would flatter
OTHERS: Mapping[str, Ask] = {
    'facets': lambda source, iqm: {},
    'protocols': lambda source, iqm: {},
    'coverage': lambda source, iqm: {},
    'outliers': lambda source, iqm: {'iqm': iqm, 'by': 'vendor,field_strength'},
    'duplicates': lambda source, iqm: {'iqm': iqm},
}


@measure('distribution')
def measure_distributions(bench: Bench) -> Iterator[Figure]:
    """Ask for a histogram with percentiles under two filters, and what of it is catching up."""
    for source in bench.sources:
        yield _caught_up(bench, source)
        yield _asked(
            bench,
            source,
            'distribution',
            lambda _, iqm: {'iqm': iqm, 'where': TWO_FILTERS},
            what='histogram under two filters',
            target=Target('≤', 60),
        )


@measure('grouped')
def measure_grouped(bench: Bench) -> Iterator[Figure]:
    """Ask for histograms by vendor and field strength."""
    for source in bench.sources:
        yield _asked(
            bench,
            source,
            'distribution',
            lambda _, iqm: {'iqm': iqm, 'by': 'vendor,field_strength'},
            what='histograms by vendor × field strength',
            target=Target('≤', 100),
        )


@measure('growth')
def measure_growth(bench: Bench) -> Iterator[Figure]:
    """Ask for the growth per month: of the canonical records, and of all."""
    for source in bench.sources:
        for view, target in (('canonical', Target('≤', 40)), ('raw', None)):
            yield _asked(
                bench,
                source,
                'growth',
                _same({'view': view}),
                what=f'growth, {view}',
                target=target,
            )


@measure('correlation')
def measure_correlation(bench: Bench) -> Iterator[Figure]:
    """Ask how twenty IQMs go together."""
    for source in bench.sources:
        iqms = ','.join(list(Questions(source, source.n).iqms)[:N_CORRELATED])
        for method, limit_ms in (('both', 700), ('pearson', None)):
            yield _asked(
                bench,
                source,
                'correlation',
                _same({'iqms': iqms, 'method': method}),
                what=f'correlation of {N_CORRELATED}, {method}',
                target=Target('≤', limit_ms) if limit_ms else None,
            )


@measure('summary')
def measure_summary(bench: Bench) -> Iterator[Figure]:
    """Ask for the summary of all IQMs, and again while nothing has changed."""
    for source in bench.sources:
        yield _asked(
            bench, source, 'summary', _same({}), what='summary', target=Target('≤', 3_000)
        )
        again = [_ask(bench, source, 'summary', {})[0] for _ in range(bench.repetitions)]
        yield Figure(
            what=f'summary of {source.resource}, nothing changed',
            unit='ms',
            sample=Sample(tuple(again)),
            target=Target('≤', 5),
        )


@measure('relation')
def measure_relations(bench: Bench) -> Iterator[Figure]:
    """Ask for a grid of two IQMs."""
    for source in bench.sources:
        yield _asked(
            bench, source, 'relation', lambda _, iqm: {'x': iqm, 'y': 'efc'}, what='relation'
        )


@measure('others')
def measure_others(bench: Bench) -> Iterator[Figure]:
    """Ask everything else once."""
    for source in bench.sources:
        for name, parameters in OTHERS.items():
            yield _asked(bench, source, name, parameters, what=name)


def _same(parameters: Parameters) -> Ask:
    return lambda _source, _iqm: parameters


def _asked(
    bench: Bench,
    source: Source,
    route: str,
    parameters: Ask,
    *,
    what: str,
    target: Target | None = None,
) -> Figure:
    """Ask about another IQM each time, each time after a change."""
    iqms = [iqm for iqm in Questions(source, source.n).iqms if iqm != 'efc']
    times = []
    for i in range(bench.repetitions):
        bench.post(source)
        ms, answer = _ask(bench, source, route, parameters(source, iqms[i % len(iqms)]))
        n_used = answer.get('n_used', answer.get('n_records'))
        if n_used < MIN_USED * source.n:
            raise LoadError(f'{route} was answered from {n_used} of {source.n} records')
        times.append(ms)
    return Figure(
        what=f'{what} of {source.resource}', unit='ms', sample=Sample(tuple(times)), target=target
    )


def _ask(
    bench: Bench, source: Source, route: str, parameters: Parameters
) -> tuple[float, dict[str, int]]:
    query = f'?{urlencode(parameters)}' if parameters else ''
    answer = bench.get(f'/api/v2/{source.resource}/{route}{query}')
    found: dict[str, int] = orjson.loads(answer.body)
    return answer.ms, found


def _caught_up(bench: Bench, source: Source) -> Figure:
    """Ask after each change for nothing but a copy that knows it: so much is catching up."""
    times = []
    for _ in range(bench.repetitions):
        bench.post(source)
        times.append(bench.get('/readyz').ms)
    what = f'copying one new record of {source.resource}, before any of the answers below'
    return Figure(what=what, unit='ms', sample=Sample(tuple(times)))
