"""Which values some fields take, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mriqc_webapi.archive.columns import Column
from mriqc_webapi.archive.statistics.describe import named
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Sample
from mriqc_webapi.errors import QueryError

MAX_FACETS: Final = 30
MAX_VALUES: Final = 1_000
COMMON: Final = (
    'epoch',
    'vendor',
    'model',
    'field_strength',
    'provenance.software',
    'provenance.version',
    'bids_meta.task_id',
    'bids_meta.MRAcquisitionType',
    'bids_meta.PhaseEncodingDirection',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets(Question):
    """The `limit` most frequent values of each field; of the common fields by default."""

    fields: tuple[str, ...] = ()
    limit: int = 20

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        if len(self.fields) > MAX_FACETS:
            raise QueryError(f'at most {MAX_FACETS} fields')
        if not 1 <= self.limit <= MAX_VALUES:
            raise QueryError(f'limit must be from 1 to {MAX_VALUES}')

    def answer(self, sample: Sample) -> Answer:
        """Count the values of each field."""
        if self.fields:
            fields = [sample.field(name) for name in self.fields]
        else:
            fields = sample.known_fields(COMMON)
        facets = [self._facet(sample, field) for field in fields]
        return Answer(sample.count(), 0, {'facets': facets})

    def _facet(self, sample: Sample, field: Column) -> Body:
        rows = sample.rows(
            f'SELECT v, n, count(*) OVER (), sum(n) OVER () FROM ('  # noqa: S608 - names of columns
            f' SELECT {field.sql} AS v, count(*) AS n {sample.source}'
            f' AND {field.sql} IS NOT NULL GROUP BY v'
            f') ORDER BY n DESC, v LIMIT {self.limit}'
        )
        n_values, n_used = (int(rows[0][2]), int(rows[0][3])) if rows else (0, 0)
        return {
            'field': field.name,
            'n_used': n_used,
            'n_missing': sample.count() - n_used,
            'n_values': n_values,
            'values': [{'value': named(value), 'n': n} for value, n, *_ in rows],
            'other': {'n_values': n_values - len(rows), 'n': n_used - sum(r[1] for r in rows)},
        }
