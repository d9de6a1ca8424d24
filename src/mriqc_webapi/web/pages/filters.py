"""The filters of a page: fields to choose values of, put together with a filter of one's own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from mriqc_webapi.errors import QueryError
from mriqc_webapi.figures.registry import Put
from mriqc_webapi.iqm.definitions import Resource

MISSING: Final = '∅'  # the choice of records that do not say
MAX_VALUES: Final = 60  # of one field that are offered; the filter of one's own takes any


@dataclass(frozen=True, slots=True)
class Filter:
    """A field of which a value can be chosen."""

    key: str  # name of the parameter
    field: str
    label: str
    is_number: bool = False
    is_derived: bool = False

    def value_of(self, text: str) -> str | float | None:
        """Read a chosen value.

        Raises
        ------
        QueryError
            It is no number, and should be.
        """
        if text == MISSING:
            return None
        if not self.is_number:
            return text
        try:
            return float(text)
        except ValueError:
            raise QueryError(f'{self.label} {text!r} is no number') from None


FILTERS: Final = (
    Filter('vendor', 'vendor', 'Vendor', is_derived=True),
    Filter('model', 'model', 'Scanner model', is_derived=True),
    Filter(
        'field_strength', 'field_strength', 'Field strength (T)', is_number=True, is_derived=True
    ),
    Filter('epoch', 'epoch', 'Era of the software', is_derived=True),
    Filter('version', 'provenance.version', 'Software version'),
    Filter('task', 'bids_meta.task_id', 'Task'),
)


@dataclass(frozen=True, slots=True)
class Option:
    """One value to choose."""

    value: str
    label: str
    n: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A field with the values that occur under the other filters."""

    key: str
    label: str
    options: tuple[Option, ...]
    n_more: int  # values that are not offered


@dataclass(frozen=True, slots=True)
class Choice:
    """Everything that narrows a page's records."""

    values: Mapping[str, str]  # by the key of a filter
    since: str = ''
    until: str = ''
    where: str = ''

    def without(self, key: str) -> 'Choice':
        """The same, but any value of one filter."""
        rest = {k: v for k, v in self.values.items() if k != key}
        return Choice(rest, self.since, self.until, self.where)

    def expression(self) -> str:
        """Write the choice in the filter language of the API; '' for everything.

        Raises
        ------
        QueryError
            A value or a date cannot be read. What `where` says is not read here.
        """
        tests = list(self._tests())
        own = self.where.strip()
        if not tests:
            return own
        if own and not own.startswith('{'):
            return ' and '.join([*map(_python, tests), f'({own})'])
        parts = [{path: value if op == '==' else {_WORDS[op]: value}} for path, op, value in tests]
        if not own:
            return json.dumps(parts[0] if len(parts) == 1 else {'$and': parts})
        return f'{{"$and": [{json.dumps(parts)[1:-1]}, {own}]}}'

    def _tests(self) -> Iterator[tuple[str, str, Any]]:
        for known in FILTERS:
            text = self.values.get(known.key, '')
            if text:
                yield known.field, '==', known.value_of(text)
        for text, op in ((self.since, '>='), (self.until, '<')):
            if text:
                yield '_created', op, _day(text)


_WORDS: Final = {'>=': '$gte', '<': '$lt'}


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise QueryError(f'{text!r} is no date such as 2024-01-31') from None


def _python(test: tuple[str, str, Any]) -> str:
    path, op, value = test
    if path == '_created':
        day = date.fromisoformat(value)
        return f'{path} {op} datetime({day.year}, {day.month}, {day.day})'
    return f'{path} {op} {"None" if value is None else json.dumps(value)}'


def known_filters(resource: Resource) -> list[Filter]:
    """List the filters that a resource's records can be narrowed by."""
    is_measured = resource.kind == 'iqm'
    return [f for f in FILTERS if (is_measured if f.is_derived else f.field in resource.by_name)]


def find_facets(
    put: Put, resource: Resource, choice: Choice, view: str
) -> tuple[int, list[Facet]]:
    """Count the records that are chosen, and the values that each filter could have instead."""
    filters = known_filters(resource)
    open_ = [f for f in filters if not choice.values.get(f.key)]
    asked = {'view': view, 'limit': str(MAX_VALUES)}
    told = put('facets', resource.name, fields=_names(open_), where=choice.expression(), **asked)
    found = dict(zip((f.key for f in open_), told['facets'], strict=False))
    for known in filters:
        if known not in open_:
            where = choice.without(known.key).expression()
            own = put('facets', resource.name, fields=known.field, where=where, **asked)
            found[known.key] = own['facets'][0]
    facets = [_facet(f, found[f.key], choice.values.get(f.key, '')) for f in filters]
    return told['n_used'], facets


def _names(filters: Sequence[Filter]) -> str:
    return ','.join(f.field for f in filters) or 'epoch'  # an empty list would mean all


def _facet(known: Filter, told: Mapping[str, Any], chosen: str) -> Facet:
    options = [
        Option(value, value, row['n'], value == chosen)
        for row in told['values']
        for value in [_text(row['value'])]
    ]
    if told['n_missing']:
        options.append(Option(MISSING, 'not told', told['n_missing'], chosen == MISSING))
    if chosen and not any(option.is_chosen for option in options):
        label = 'not told' if chosen == MISSING else chosen
        options.insert(0, Option(chosen, label, 0, is_chosen=True))
    return Facet(known.key, known.label, tuple(options), told['other']['n_values'])


def _text(value: Any) -> str:
    return f'{value:g}' if isinstance(value, float) else str(value)
