"""Percentiles of many IQMs at once: from them a reader places values of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.archive.statistics import describe
from mriqc_webapi.archive.statistics.groups import sorted_values
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Sample
from mriqc_webapi.errors import QueryError

MAX_PERCENTILES: Final = 201
MAX_IQMS: Final = 100
# closer at both ends, where what is unusual lies
TABULATED: Final = (
    *(0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5),
    *map(float, range(3, 98)),
    *(97.5, 98.0, 98.5, 99.0, 99.25, 99.5, 99.75, 99.9, 100.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles(Question):
    """The same percentiles of each IQM, of all that the resource has by default."""

    iqms: tuple[str, ...] = ()
    percentiles: tuple[float, ...] = TABULATED

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        check_percentiles(self.percentiles)
        if len(self.iqms) > MAX_IQMS:
            raise QueryError(f'at most {MAX_IQMS} IQMs at once, not {len(self.iqms)}')

    def answer(self, sample: Sample) -> Answer:
        """Fetch a few columns at a time, so that memory stays bounded."""
        names, n = self.iqms or sample.measures(), sample.count()
        is_used = np.zeros(n, dtype=bool)
        found: list[Body] = []
        for name, values in sample.columns(names, n):
            sample.check_time()
            is_used |= ~np.isnan(values)
            ordered = sorted_values(values)
            found.append(
                {
                    'iqm': name,
                    'n_used': len(ordered),
                    'n_missing': n - len(ordered),
                    'values': describe.percentiles(ordered, self.percentiles),
                }
            )
        n_used = int(is_used.sum())
        body = {'percentiles': list(self.percentiles), 'iqms': found}
        return Answer(n_used, n - n_used, body)


def check_percentiles(wanted: Sequence[float], *, most: int = MAX_PERCENTILES) -> None:
    """Raise QueryError for too many, none, or what is no percentile."""
    if not 1 <= len(wanted) <= most:
        raise QueryError(f'from 1 to {most} percentiles')
    if not all(0 <= p <= 100 for p in wanted):
        raise QueryError('percentiles are numbers from 0 to 100')
