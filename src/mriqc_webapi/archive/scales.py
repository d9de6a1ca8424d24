"""The scales of a policy, taken from the records of an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mriqc_webapi.archive.columns import Column
from mriqc_webapi.archive.comparison import comparison_of
from mriqc_webapi.archive.reading import Reading

_AT_ONCE: Final = 8  # metrics; their values are all in memory
_QUARTILES: Final = '[0.25, 0.75]'


def corpus_scales(reading: Reading) -> dict[str, float | None]:
    """Measure how each metric of a resource spreads over its distinct complete vectors.

    Returns
    -------
    dict of str to float or None
        The interquartile range in the IQM's own unit; where that is 0, that of the values that
        are not 0; None where that is 0 too. Nothing at all without a complete vector.
    """
    metrics = comparison_of(reading.layout).metrics
    found: dict[str, float | None] = {}
    for start in range(0, len(metrics), _AT_ONCE):
        some = metrics[start : start + _AT_ONCE]
        found |= _scales(reading, some)
    return found


def count_vectors(reading: Reading) -> int:
    """Count the distinct complete vectors that scales are measured over."""
    sql = f'SELECT count(DISTINCT _vector) FROM {reading.layout.table}'  # noqa: S608 - quoted
    ((n,),) = reading.cursor.execute(sql).fetchall()
    return int(n)


def _scales(reading: Reading, metrics: tuple[Column, ...]) -> dict[str, float | None]:
    table = reading.layout.table
    one_each = f'SELECT min(rowid) FROM {table} WHERE _vector IS NOT NULL GROUP BY _vector'  # noqa: S608 - quoted
    asked = ', '.join(q for metric in metrics for q in _quartiles(metric))
    sql = f'SELECT {asked} FROM {table} WHERE rowid IN ({one_each})'  # noqa: S608 - quoted
    (row,) = reading.cursor.execute(sql).fetchall()
    spreads = [None if q is None else q[1] - q[0] for q in row]
    return {
        metric.name: whole or nonzero or None
        for metric, whole, nonzero in zip(metrics, spreads[::2], spreads[1::2], strict=True)
        if whole is not None
    }


def _quartiles(metric: Column) -> Iterator[str]:
    value = f'{metric.sql}::DOUBLE'
    yield f'quantile_cont({value}, {_QUARTILES})'
    yield f'quantile_cont({value}, {_QUARTILES}) FILTER ({metric.sql} <> 0)'
