"""What a record says of itself besides its IQMs, member by member."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mriqc_webapi.iqm.definitions import Resource

MAX_TEXT: Final = 2_000  # characters of one value; more is in the JSON


@dataclass(frozen=True, slots=True)
class Fact:
    """One member of a record."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FactGroup:
    """The members under one heading."""

    title: str
    facts: tuple[Fact, ...]


_TITLES: Final = {'bids_meta': 'Acquisition', 'provenance': 'Provenance'}
_IQMS: Final = 'Image quality metrics'
_REST: Final = 'More'


def fact_groups(
    resource: Resource, document: Mapping[str, Any], *, without: Container[str] = ()
) -> tuple[FactGroup, ...]:
    """Lay a record out: acquisition, provenance, and what else it holds."""
    found: dict[str, list[Fact]] = {title: [] for title in (_IQMS, *_TITLES.values(), _REST)}
    for name, value in _members(document):
        if name in without:
            continue
        field = resource.field_for(name)
        is_iqm = field is not None and field.role == 'iqm'
        first, _, below = name.partition('.')
        title = _IQMS if is_iqm else _TITLES.get(first, _REST)
        shown = below if first in _TITLES and below else name
        found[title].append(Fact(shown, as_text(value), field.meaning if field else ''))
    return tuple(FactGroup(title, tuple(facts)) for title, facts in found.items() if facts)


def as_text(value: Any) -> str:
    """Write a value in one line: texts as they are, the rest as JSON."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= MAX_TEXT else f'{text[:MAX_TEXT]}…'


def _members(node: Mapping[str, Any], prefix: str = '') -> Iterator[tuple[str, Any]]:
    """List the members that are no objects, by dotted name; the service's own are left out."""
    for key, value in node.items():
        if not prefix and key.startswith('_'):
            continue
        if isinstance(value, dict) and value:
            yield from _members(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value
