"""How much of a resource repeats, what the policy makes of it, and what that does to IQMs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.statistics.question import Answer, Body, Question
from mriqc_webapi.archive.statistics.sample import Floats, Row, Sample
from mriqc_webapi.errors import QueryError

SIZES: Final = (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)  # lower bounds
MAX_EXAMPLES: Final = 20
REASONS: Final = {
    'missing': 'a value of a metric vector is missing',
    'geometry': 'sizes or spacings differ',
    'diameter': 'metrics differ by more than the policy allows',
}

_CANONICAL: Final = "group_state = 'canonical'"
_QUARANTINED: Final = "group_state = 'quarantined'"
_REASON: Final = """
    CASE WHEN count(_vector) < count(*) THEN 'missing'
         WHEN min(_geometry) <> max(_geometry) THEN 'geometry' ELSE 'diameter' END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates(Question):
    """Groups of repeated records: how many, how large, which are quarantined; and their weight."""

    iqms: tuple[str, ...] = ()  # whose bias is told; all by default
    n_examples: int = 5

    def answer(self, sample: Sample) -> Answer:
        """Count groups, show some, and compare the raw view with the canonical one."""
        if not sample.layout.has_views:
            raise QueryError(f'{sample.resource.name} holds no measures of images')
        n, n_scans, n_canonical, n_quarantined = sample.rows(
            f'SELECT count(*), count(DISTINCT _scan), count(*) FILTER ({_CANONICAL}),'
            f' count(*) FILTER ({_QUARANTINED}) {sample.source}'
        )[0]
        sizes = _sizes(sample)
        body = {
            'n_records': n,
            'n_scans': n_scans,
            'n_repeats': n - n_scans,
            'n_groups': sum(size['n_groups'] for size in sizes),
            'n_canonical': n_canonical,
            'sizes': sizes,
            'quarantined': {'n_records': n_quarantined, **_quarantined(sample, self.n_examples)},
            'bias': [_bias(name, *pair) for name, *pair in _pairs(sample, self.iqms, n)],
        }
        return Answer(n, 0, body)


def _sizes(sample: Sample) -> list[Body]:
    """Count groups by size, ascending; what the filter leaves of a group counts as all of it."""
    rows = sample.rows(f"""
        SELECT n_group, count(DISTINCT _group), count(*),
               count(DISTINCT _group) FILTER ({_QUARANTINED})
          {sample.source} GROUP BY n_group
    """)
    found = []
    for low, following in zip(SIZES, (*SIZES[1:], None), strict=True):
        some = [row[1:] for row in rows if low <= row[0] and (not following or row[0] < following)]
        if some:
            counts = map(sum, zip(*some, strict=True))
            names = ('n_groups', 'n_records', 'n_quarantined_groups')
            last = following and following - 1
            found.append({'from': low, 'to': last, **dict(zip(names, counts, strict=True))})
    return found


def _quarantined(sample: Sample, n_examples: int) -> Body:
    grouped = f'{sample.source} AND {_QUARANTINED} GROUP BY _group'
    rows = sample.rows(
        f'SELECT reason, count(*) FROM (SELECT {_REASON} AS reason {grouped}) GROUP BY reason'  # noqa: S608 - quoted
    )
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    return {
        'n_groups': sum(counts.values()),
        'reasons': [
            {'reason': reason, 'meaning': meaning, 'n_groups': counts.get(reason, 0)}
            for reason, meaning in REASONS.items()
        ],
        'examples': _examples(sample, grouped, n_examples),
    }


def _examples(sample: Sample, grouped: str, n_examples: int) -> list[Body]:
    """Show the largest quarantined groups."""
    compared = comparison_of(sample.layout)
    told = {
        'md5sum': compared.md5sum,
        'software': compared.software,
        'version': compared.version,
        **{column.name: column for column in compared.settings},
    }
    named = ', '.join(f'any_value({c.sql})' if c else 'NULL' for c in told.values())
    rows = sample.rows(f"""
        SELECT {_REASON}, any_value(n_group), any_value(diameter), min(_created), max(_created),
               min(_id), {named}
          {grouped} ORDER BY any_value(n_group) DESC, min(_id) LIMIT {int(n_examples)}
    """)
    names = ('reason', 'n_group', 'diameter', 'first_at', 'last_at', 'id', *told)
    return [dict(zip(names, map(_shown, row), strict=True)) for row in rows]


def _shown(value: Any) -> Any:
    return value.strftime('%Y-%m-%dT%H:%M:%SZ') if isinstance(value, datetime) else value


def _pairs(sample: Sample, iqms: tuple[str, ...], n: int) -> list[tuple[str, Row, Row]]:
    """Give median and number of values of each IQM, raw and canonical."""
    names = list(iqms) or sample.measures()
    (is_canonical,) = sample.arrays(f'SELECT coalesce({_CANONICAL}, FALSE) {sample.source}')
    chosen = is_canonical.astype(np.bool_)
    found = []
    for name, values in sample.columns(names, n):
        sample.check_time()
        found.append((name, _middle(values), _middle(values[chosen])))
    return found


def _middle(values: Floats) -> Row:
    held = values[~np.isnan(values)]
    return (float(np.median(held)) if len(held) else None, len(held))


def _bias(name: str, raw: Row, canonical: Row) -> Body:
    before, after = raw[0], canonical[0]
    change = (after - before) / abs(before) if before and after is not None else None
    return {
        'iqm': name,
        'raw': dict(zip(('median', 'n'), raw, strict=True)),
        'canonical': dict(zip(('median', 'n'), canonical, strict=True)),
        'relative_change': change,  # of the median, from raw to canonical
    }
