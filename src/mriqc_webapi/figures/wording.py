"""The words of figures: titles, units, counts, names of groups."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.iqm.units import in_words

Answer: TypeAlias = Mapping[str, Any]  # what /api/v2 answers, as JSON holds it

NOBODY_SAYS: Final = 'not told'  # the group of records that lack the field
OTHERS: Final = 'others'
MAX_CHARS: Final = 40  # of one label: names of scanners come from anyone
VIEWS: Final = {
    'raw': 'all records',
    'scan': 'one record per image',
    'canonical': 'one record per image and method',
    'canonical+quarantined': 'one record per image and method, and repeats that disagree',
}


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return what the package knows of IQMs."""
    return load_catalogue()


def unit_of(resource: str, name: str) -> str:
    """Return a field's unit in words; '' for a ratio, or a field that no catalogue knows."""
    known = catalogue()
    found = known[resource].field_for(name) if resource in known else None
    return in_words(found.unit) if found else ''


def axis_title(resource: str, name: str) -> str:
    """Name a field and its unit: ``fd_mean (mm)``."""
    unit = unit_of(resource, name)
    return f'{name} ({unit})' if unit else name


def count(n: int, noun: str = 'record') -> str:
    """Write a number of things: ``1,234 records``."""
    return f'{n:,} {noun}' + ('' if n == 1 else 's')


def short(text: object, most: int = MAX_CHARS) -> str:
    """Write a label in at most so many characters, on one line."""
    line = ' '.join(str(text).split())
    return line if len(line) <= most else f'{line[: most - 1]}…'


def group_name(group: Mapping[str, Any]) -> str:
    """Name a group by its values: ``Siemens, 3``."""
    values = (NOBODY_SAYS if v is None else _value(v) for v in group.values())
    return short(', '.join(values))


def _value(value: object) -> str:
    return f'{value:g}' if isinstance(value, float) else str(value)


def number(value: float | None) -> str:
    """Write a number with three significant digits; a dash for none."""
    if value is None:
        return '–'
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def grounds(answer: Answer) -> str:
    """Say what a figure rests on: how many records of which view, and of which state."""
    parts = [count(answer['n_used'])]
    if answer.get('n_missing'):
        parts.append(f'{answer["n_missing"]:,} more lack it')
    parts.append(f'{answer["view"]} view')
    return f'{", ".join(parts)}; data version {answer["data_version"]:,}'


def share(part: float, whole: float) -> str:
    """Write a share: ``1.4 %``."""
    return f'{100 * part / whole:.2g} %' if whole else '0 %'
