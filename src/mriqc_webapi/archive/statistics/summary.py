"""Every IQM of a resource at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mriqc_webapi.archive.statistics import describe
from mriqc_webapi.archive.statistics.distribution import described
from mriqc_webapi.archive.statistics.groups import sorted_values
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Floats, Sample


@dataclass(frozen=True, slots=True)
class Summary(Question):
    """Number of values, extremes, percentiles and moments of each IQM."""

    def answer(self, sample: Sample) -> Answer:
        """Fetch a few columns at a time, so that memory stays bounded."""
        names, n = sample.measures(), sample.count()
        is_used = np.zeros(n, dtype=bool)
        found: list[Body] = []
        for name, values in sample.columns(names, n):
            sample.check_time()
            is_used |= ~np.isnan(values)
            found.append({'iqm': name, **_told(values)})
        n_used = int(is_used.sum())
        return Answer(n_used, n - n_used, {'iqms': found})


def _told(values: Floats) -> Body:
    ordered = sorted_values(values)
    _, mad = describe.median_and_mad(ordered)
    return {
        'n_used': len(ordered),
        'n_missing': len(values) - len(ordered),
        **described(ordered, describe.PERCENTILES),
        'mad': mad,
    }
