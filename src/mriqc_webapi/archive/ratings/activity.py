"""How much is rated, when, on which scale, and what raters see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from mriqc_webapi.archive.ratings.selection import Chosen
from mriqc_webapi.ratings.scales import GRADES

Period: TypeAlias = Literal['day', 'week', 'month', 'year']

MAX_ARTIFACTS: Final = 100  # the most frequent; a public form brings any text
_PEOPLE: Final = "count(DISTINCT nullif(rater, ''))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Counts of ratings, in all and by the period in which they came in."""

    per: Period = 'week'

    def prepare(self, chosen: Chosen) -> Callable[[], dict[str, Any]]:
        """Count; nothing is left to find out."""
        found = self._count(chosen)
        return lambda: found

    def _count(self, chosen: Chosen) -> dict[str, Any]:
        grades = dict(chosen.rows('SELECT grade, count(*) FROM held GROUP BY grade'))
        scales = chosen.rows('SELECT scale, count(*) FROM held GROUP BY scale ORDER BY scale')
        return totals(chosen) | {
            'per': self.per,
            'periods': self._periods(chosen),
            'scales': [{'scale': scale, 'n': n} for scale, n in scales],
            'grades': [{'grade': grade, 'n': grades.get(grade, 0)} for grade in GRADES],
            'artifacts': _artifacts(chosen),
            'time_s': _described(chosen, 'time_s'),
            'confidence': _described(chosen, 'confidence'),
        }

    def _periods(self, chosen: Chosen) -> list[dict[str, Any]]:
        start = f"strftime(date_trunc('{self.per}', _created), '%Y-%m-%d')"
        rows = chosen.rows(f"""
            SELECT {start} AS start, scale, count(*), count(DISTINCT scan), {_PEOPLE}
              FROM held GROUP BY GROUPING SETS ((start), (start, scale))
             ORDER BY start, scale NULLS FIRST
        """)  # noqa: S608 - our names
        found: list[dict[str, Any]] = []
        for at, scale, n, n_images, n_raters in rows:
            if scale is None:
                counts = {'n_ratings': n, 'n_images': n_images, 'n_raters': n_raters}
                found.append({'start': at, **counts, 'scales': {}})
            else:
                found[-1]['scales'][scale] = n
        return found


def totals(chosen: Chosen) -> dict[str, int]:
    """Count ratings, images and raters of a selection."""
    names = ('n_ratings', 'n_images', 'n_raters', 'n_anonymous', 'n_unlinked', 'n_unreadable')
    (row,) = chosen.rows(f"""
        SELECT count(*), count(DISTINCT scan), {_PEOPLE}, count(*) FILTER (rater = ''),
               count(*) FILTER (scan IS NULL), count(*) FILTER (grade IS NULL)
          FROM held
    """)  # noqa: S608 - our names
    return dict(zip(names, row, strict=True))


def _artifacts(chosen: Chosen) -> list[dict[str, Any]]:
    rows = chosen.rows(f"""
        SELECT artifact, count(*) AS n, count(DISTINCT scan)
          FROM (SELECT unnest(from_json(artifacts, '["VARCHAR"]')) AS artifact, scan FROM held)
         GROUP BY artifact ORDER BY n DESC, artifact LIMIT {MAX_ARTIFACTS}
    """)  # noqa: S608 - our names
    return [{'artifact': a, 'n': n, 'n_images': n_images} for a, n, n_images in rows]


def _described(chosen: Chosen, column: str) -> dict[str, Any]:
    (row,) = chosen.rows(
        f'SELECT count({column}), quantile_cont({column}, [0.25, 0.5, 0.75]) FROM held'  # noqa: S608 - our names
    )
    lower, median, upper = row[1] or (None, None, None)
    return {'n': row[0], 'p25': lower, 'median': median, 'p75': upper}
