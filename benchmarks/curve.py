"""How costs grow with the number of records."""

from collections.abc import Mapping, Sequence
from math import log

from benchmarks.figures import Figure, layout_table, number_text

TIMES = frozenset({'ms', 's'})


def curve_table(found: Mapping[int, Sequence[Figure]]) -> str:
    """Lay out each figure at each size, with the exponent of its cost's growth.

    The cost of a rate of records is the time that all of them take; of another rate, that of
    one answer.
    """
    sizes = sorted(found)
    rows = [('what', 'unit', *(f'{n:,}' for n in sizes), 'grows as N^')]
    at = {n: {(f.what, f.beside): f for f in found[n]} for n in sizes}
    for key, last in at[sizes[-1]].items():
        medians = {n: at[n][key].sample.median for n in sizes if key in at[n]}
        exponent = growth_exponent({n: _cost(last.unit, n, m) for n, m in medians.items()})
        cells = [number_text(medians[n]) if n in medians else '' for n in sizes]
        told = '' if exponent is None else f'{exponent:.2f}'
        if not (last.beside and any(row[0] == last.what for row in rows)):
            rows.append((last.what, last.unit, *cells, told))
    return layout_table(rows)


def growth_exponent(costs: Mapping[int, float | None]) -> float | None:
    """Fit ``cost = a·N^b`` by least squares on logarithms; give *b*.

    None for fewer than two sizes, or where a cost is none or not positive.
    """
    points = [(log(n), log(c)) for n, c in costs.items() if c is not None and c > 0]
    if len(points) < 2 or len(points) < len(costs):
        return None
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else None


def _cost(unit: str, n: int, value: float) -> float | None:
    if unit in TIMES:
        return value
    if unit.endswith('/s'):
        return (n if unit == 'records/s' else 1) / value
    return None
