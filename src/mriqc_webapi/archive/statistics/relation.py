"""How two IQMs go together: the density of records over a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.archive.statistics import describe
from mriqc_webapi.archive.statistics.describe import Bounds
from mriqc_webapi.archive.statistics.distribution import bounds_of, check_range
from mriqc_webapi.archive.statistics.question import Answer, Question
from mriqc_webapi.archive.statistics.sample import Floats, Sample
from mriqc_webapi.errors import QueryError

MAX_BINS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Question):
    """Numbers of records per cell of a grid over two IQMs; those with both count."""

    x: str
    y: str
    bins: int = 50
    x_range: Bounds = None
    y_range: Bounds = None

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        if not 1 <= self.bins <= MAX_BINS:
            raise QueryError(f'bins must be from 1 to {MAX_BINS}')
        check_range(self.x_range)
        check_range(self.y_range)

    def answer(self, sample: Sample) -> Answer:
        """Place every record in its cell."""
        x, y = sample.values(self.x, self.y)
        is_used = ~(np.isnan(x) | np.isnan(y))
        n = len(x)
        x, y = x[is_used], y[is_used]
        x_edges, x_cells = _placed(x, self.bins, self.x_range)
        y_edges, y_cells = _placed(y, self.bins, self.y_range)
        shape = max(len(x_edges) - 1, 0), max(len(y_edges) - 1, 0)
        inside = (x_cells >= 0) & (y_cells >= 0)
        cells = x_cells[inside] * shape[1] + y_cells[inside]
        counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        body = {
            'x': self.x,
            'y': self.y,
            'x_edges': x_edges.tolist(),
            'y_edges': y_edges.tolist(),
            'counts': counts.tolist(),
            'n_outside': len(x) - len(cells),
        }
        return Answer(len(x), n - len(x), body)


def _placed(values: Floats, n_bins: int, wanted: Bounds) -> tuple[Floats, np.ndarray]:
    """Make edges, and number the bin of each value; −1 for values outside."""
    bounds = bounds_of(values, wanted)
    if bounds is None and len(values):
        bounds = float(values.min()), float(values.max())
    if bounds is None:
        return np.empty(0), np.empty(0, dtype=np.intp)
    edges = describe.even_edges(bounds, n_bins)
    cells = np.searchsorted(edges, values, 'right') - 1
    cells[values == edges[-1]] = len(edges) - 2
    cells[values > edges[-1]] = -1
    return edges, cells
