"""How IQMs go together: Pearson's and Spearman's coefficients of every pair of some IQMs.

A pair is computed over the records that have both values. Memory is bounded: Pearson's
coefficients need one pass over the records, block by block (of few records, over what is in
memory already); Spearman's need one small integer a value, from which the ranks within any subset
follow by counting.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from mriqc_webapi.archive.statistics import pearson, spearman
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Floats, Sample
from mriqc_webapi.errors import QueryError

Method: TypeAlias = Literal['pearson', 'spearman', 'both']

MAX_IQMS: Final = 70
MAX_RANKS: Final = 128_000_000  # 512 MB
MAX_HELD: Final = 32_000_000  # values, 256 MB; of more, the columns are fetched twice
_ONE_AT_A_TIME: Final = threading.Lock()  # for the sake of memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation(Question):
    """Coefficients of every pair; of all the resource's IQMs by default."""

    iqms: tuple[str, ...] = ()
    method: Method = 'both'

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        if self.iqms:
            _check_number(self.iqms)
        if self.method not in {'pearson', 'spearman', 'both'}:
            raise QueryError("method is 'pearson', 'spearman' or 'both'")

    def answer(self, sample: Sample) -> Answer:
        """Fetch each column once to rank or centre it, then all of them block by block."""
        names = self.iqms or tuple(sample.measures())
        _check_number(names)
        n = sample.count()
        if self.method != 'pearson' and n * len(names) > MAX_RANKS:
            raise QueryError(
                f'{n} records are too many for the ranks of {len(names)} IQMs: ask for fewer, '
                'for a narrower view or filter, or for method=pearson'
            )
        with sample.holding(_ONE_AT_A_TIME):
            return self._correlated(sample, names, n)

    def _correlated(self, sample: Sample, names: tuple[str, ...], n: int) -> Answer:
        n_present = np.zeros(n, dtype=np.uint8)
        scales: list[pearson.Scale] = []
        held: list[Floats] | None = [] if n * len(names) <= MAX_HELD else None
        with spearman.Ranking() as ranking:
            for _, values in sample.columns(names, n):
                sample.check_time()
                if self.method != 'pearson':
                    ranking.add(values)
                if held is not None:
                    held.append(values)
                n_present += ~np.isnan(values)
                scales.append(pearson.Scale.of(values))
            ranks = ranking.ranks()
        body: Body = {'iqms': list(names), 'n': None, 'pearson': None, 'spearman': None}
        if ranks:
            n_pairs, found = spearman.coefficients(ranks, check=sample.check_time)
            body |= {'n': n_pairs.tolist(), 'spearman': _matrix(found)}
        if self.method != 'spearman':
            n_pairs, found = pearson.coefficients(sample, names, scales, held)
            body |= {'n': n_pairs.tolist(), 'pearson': _matrix(found)}
        n_used = int((n_present >= 2).sum())
        return Answer(n_used, n - n_used, body)


def _check_number(names: tuple[str, ...]) -> None:
    if not 2 <= len(names) <= MAX_IQMS or len(set(names)) < len(names):
        raise QueryError(f'name from 2 to {MAX_IQMS} IQMs, each once')


def _matrix(found: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(r) else r for r in row] for row in found.tolist()]
