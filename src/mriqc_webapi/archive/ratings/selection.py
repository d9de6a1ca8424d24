"""Which ratings a question is about, as SQL over one consistent view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pyarrow as pa

from mriqc_webapi.archive.columns import quoted
from mriqc_webapi.archive.compile import predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.query.expression import And, Expression
from mriqc_webapi.ratings.rating import Rating

RESOURCE: Final = 'rating'
EVERYTHING: Final = And(())

# the members of a rating in the order of its fields; a correction that stands amends nothing here
_MEMBERS: Final = """
    _id, epoch(_created)::BIGINT, scan, modality, software, version, report, scale,
    coalesce(rating, ''), score, grade, label, artifacts, confidence, time_s, '', rater, session,
    defaced
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The ratings that match all that is given; by default those that stand."""

    where: Expression = EVERYTHING
    md5sum: str = ''
    modality: str = ''  # of the image: as the rating says, else as its records do
    scale: str = ''
    grade: str = ''
    artifact: str = ''
    rater: str | None = None  # '': the anonymous
    session: str = ''
    is_linked: bool | None = None  # to an image
    is_standing: bool | None = True
    since: int | None = None  # UTC, s
    until: int | None = None  # UTC, s; excluded


class Chosen:
    """Some ratings of one view of the archive.

    Parameters
    ----------
    readings : mapping of str to Reading
        By resource; records of images tell the modality of ratings that do not.
    """

    def __init__(self, readings: Mapping[str, Reading], selection: Selection) -> None:
        self.parameters = Parameters()
        self.reading = readings[RESOURCE]
        self._readings = readings
        self._selection = selection
        self._held = self._write()

    @property
    def version(self) -> int:
        """Number of the last change that the view knows of."""
        return self.reading.version

    @property
    def state(self) -> tuple[int, ...]:
        """What every answer depends on: the last changes of all resources."""
        return tuple(reading.changed for reading in self._readings.values())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask about the table ``held``, which has the ratings' columns."""
        text = f'{self._held} {sql}'
        cursor = self.reading.cursor
        found: list[tuple[Any, ...]] = cursor.execute(text, self.parameters.of(text)).fetchall()
        return found

    def table(self, sql: str) -> pa.Table:
        """Ask for an Arrow table."""
        text = f'{self._held} {sql}'
        cursor = self.reading.cursor
        return cursor.sql(text, params=self.parameters.of(text)).to_arrow_table()

    def ratings(self, also: str = 'TRUE') -> list[Rating]:
        """Fetch ratings as values, without their comments, in the order of insertion."""
        rows = self.rows(f'SELECT {_MEMBERS} FROM held WHERE {also} ORDER BY seq')  # noqa: S608 - our names
        return [_rating(row) for row in rows]

    def _write(self) -> str:
        sent = quoted('modality')
        source = f'SELECT * EXCLUDE (residual) FROM {self.reading.layout.table}'  # noqa: S608 - quoted
        modality = f'SELECT r.* REPLACE (coalesce(r.{sent}, k.known) AS {sent})'
        return (
            f'WITH sent AS ({source} WHERE {self._conditions()}), known AS ({self._modalities()}),'
            f' held AS (FROM ({modality} FROM sent AS r LEFT JOIN known AS k ON k.image = r.scan)'
            f' WHERE {self._on_modality()})'
        )

    def _modalities(self) -> str:
        """Write which modality the records of each rated image say it has."""
        parts = [
            f'SELECT {quoted(definition.md5_field)} AS image, {self._bound(definition.modality)}'  # noqa: S608 - quoted
            f' AS known FROM {reading.layout.table}'
            for reading in self._readings.values()
            if (definition := reading.layout.definition).modality and definition.md5_field
        ]
        every = ' UNION ALL '.join(parts or ['SELECT NULL AS image, NULL AS known'])
        return (
            f'SELECT image, min(known) AS known FROM ({every})'  # noqa: S608 - quoted
            ' WHERE image IN (SELECT scan FROM sent WHERE modality IS NULL) GROUP BY image'
        )

    def _conditions(self) -> str:
        asked = self._selection
        equal = {
            'scan': asked.md5sum.lower(),
            'scale': asked.scale,
            'grade': asked.grade,
            'session': asked.session,
        }
        parts = [f'{quoted(n)} = {self._bound(value)}' for n, value in equal.items() if value]
        if asked.where != EVERYTHING:
            parts.append(f'({predicate(asked.where, self.reading.target, self.parameters)})')
        if asked.rater is not None:
            parts.append(f'rater = {self._bound(asked.rater)}')
        if asked.artifact:
            listed = orjson.dumps(asked.artifact).decode()
            parts.append(f'contains(artifacts, {self._bound(listed)})')
        if asked.is_linked is not None:
            parts.append(f'(scan IS NOT NULL) = {asked.is_linked}')
        if asked.is_standing is not None:
            parts.append(f'is_standing = {asked.is_standing}')
        if asked.since is not None:
            parts.append(f'epoch(_created) >= {int(asked.since)}')
        if asked.until is not None:
            parts.append(f'epoch(_created) < {int(asked.until)}')
        return ' AND '.join(parts) or 'TRUE'

    def _on_modality(self) -> str:
        asked = self._selection.modality
        return f'modality = {self._bound(asked)}' if asked else 'TRUE'

    def _bound(self, value: object) -> str:
        return self.parameters.add(value)


def _rating(row: tuple[Any, ...]) -> Rating:
    names = Rating.__slots__
    members = dict(zip(names, (*row, None), strict=True))
    members['artifacts'] = tuple(orjson.loads(row[12])) if row[12] else ()
    return Rating(**members)
