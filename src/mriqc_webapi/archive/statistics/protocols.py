"""Families of acquisition parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mriqc_webapi.archive.columns import Column
from mriqc_webapi.archive.statistics.describe import named
from mriqc_webapi.archive.statistics.question import Answer, Question
from mriqc_webapi.archive.statistics.sample import Sample
from mriqc_webapi.errors import QueryError

MAX_FIELDS: Final = 20
MAX_PROTOCOLS: Final = 1_000
# decimals to which a parameter is rounded, so that what operators chose is not told apart by how
# software wrote it; None: as it is
PARAMETERS: Final[dict[str, int | None]] = {
    'vendor': None,
    'model': None,
    'field_strength': None,
    'bids_meta.RepetitionTime': 2,  # s
    'bids_meta.EchoTime': 4,  # s
    'bids_meta.InversionTime': 2,  # s
    'bids_meta.FlipAngle': 0,  # degrees
    'bids_meta.MultibandAccelerationFactor': None,
    'spacing_x': 1,  # mm
    'spacing_y': 1,
    'spacing_z': 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocols(Question):
    """The most frequent combinations of some fields; of `PARAMETERS` by default."""

    fields: tuple[str, ...] = ()
    limit: int = 50

    def __post_init__(self) -> None:
        """Check what is not about the resource."""
        if len(self.fields) > MAX_FIELDS or len(set(self.fields)) < len(self.fields):
            raise QueryError(f'at most {MAX_FIELDS} fields, each once')
        if not 1 <= self.limit <= MAX_PROTOCOLS:
            raise QueryError(f'limit must be from 1 to {MAX_PROTOCOLS}')

    def answer(self, sample: Sample) -> Answer:
        """Count the combinations; records that tell none of the fields are missing."""
        fields = self._fields(sample)
        keys = [f'{_rounded(field)} AS k{i}' for i, field in enumerate(fields)]
        order = ', '.join(f'k{i} NULLS LAST' for i in range(len(fields)))
        tells = ' OR '.join(f'{field.sql} IS NOT NULL' for field in fields)
        rows = sample.rows(
            f'SELECT *, count(*) OVER (), sum(n) OVER () FROM ('  # noqa: S608 - names of columns
            f' SELECT {", ".join(keys)}, count(*) AS n {sample.source} AND ({tells}) GROUP BY ALL'
            f') ORDER BY n DESC, {order} LIMIT {self.limit}'
        )
        n_protocols, n_used = (int(rows[0][-2]), int(rows[0][-1])) if rows else (0, 0)
        names = [field.name for field in fields]
        told = [
            {'protocol': dict(zip(names, map(named, key), strict=True)), 'n': n}
            for *key, n, _, _ in rows
        ]
        body = {
            'fields': [{'field': name, 'decimals': PARAMETERS.get(name)} for name in names],
            'n_protocols': n_protocols,
            'protocols': told,
            'other': {
                'n_protocols': n_protocols - len(told),
                'n': n_used - sum(row[-3] for row in rows),
            },
        }
        return Answer(n_used, sample.count() - n_used, body)

    def _fields(self, sample: Sample) -> list[Column]:
        if self.fields:
            return [sample.field(name) for name in self.fields]
        fields = sample.known_fields(PARAMETERS)
        if not fields:
            raise QueryError(f'{sample.resource.name} has no acquisition parameters: name fields')
        return fields


def _rounded(field: Column) -> str:
    decimals = PARAMETERS.get(field.name)
    is_whole = field.type != 'float' or decimals is None
    return field.sql if is_whole else f'round({field.sql}, {decimals})'
