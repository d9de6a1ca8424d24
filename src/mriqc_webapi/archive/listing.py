"""Stretches of a listing that goes on where the last one ended, whatever comes in meanwhile.

A place in a sorted listing is what the last record was sorted by, and its number. So records
that are withdrawn do not move the others, and those that come in are beyond the listing's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from mriqc_webapi.archive.chosen import Derived
from mriqc_webapi.archive.columns import quoted
from mriqc_webapi.archive.compile import predicate
from mriqc_webapi.archive.predicates import Parameters
from mriqc_webapi.archive.reading import Reading
from mriqc_webapi.archive.sorting import Term, terms
from mriqc_webapi.archive.views import View, view_predicate
from mriqc_webapi.query.expression import Expression, SortKey

MAX_TEXT: Final = 100  # characters of a text that the order looks at, so that places stay short
NOTHING: Final = Derived()

Key: TypeAlias = float | int | str | bool | None
After: TypeAlias = tuple[Key, ...]  # one value per term, then the number of the record


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which records are listed, and how."""

    where: Expression
    sort: tuple[SortKey, ...]
    view: View
    until: int  # number of the last change that existed when the listing began
    derived: Derived = NOTHING


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some records of a listing."""

    seqs: list[int]
    after: After | None  # where to go on from; None: that was all
    derived: dict[str, tuple[Any, ...]]  # by id: values of the derived columns asked for


def stretch(reading: Reading, listing: Listing, *, after: After | None, limit: int) -> Stretch:
    """Number the next records of a listing; `after` is where the last stretch ended."""
    parameters = Parameters()
    keys = terms(listing.sort, reading.target, parameters)
    names = [f'k{i}' for i in range(len(keys))]
    ordered = [f'{_short(k)} AS {n}' for k, n in zip(keys, names, strict=True)]
    selected = ', '.join(['seq', *ordered, quoted('_id'), *listing.derived.sql])
    beyond = 'TRUE' if after is None else _beyond(keys, names, after, parameters)
    order = [f'{n} {k.direction}' for k, n in zip(keys, names, strict=True)]
    sql = (
        f'SELECT * FROM (SELECT {selected} FROM {reading.layout.table}'  # noqa: S608 - bound values
        f' WHERE {_holds(reading, listing, parameters)}) WHERE {beyond}'
        f' ORDER BY {", ".join([*order, "seq"])} LIMIT {limit + 1}'
    )
    rows = reading.cursor.execute(sql, parameters.of(sql)).fetchall()
    found, n_keys = rows[:limit], 1 + len(keys)
    return Stretch(
        [row[0] for row in found],
        _place(found[-1][:n_keys]) if len(rows) > limit else None,
        {row[n_keys]: row[n_keys + 1 :] for row in found} if listing.derived else {},
    )


def count(reading: Reading, listing: Listing) -> int:
    """Count the records that a listing has in all."""
    parameters = Parameters()
    holds = _holds(reading, listing, parameters)
    sql = f'SELECT count(*) FROM {reading.layout.table} WHERE {holds}'  # noqa: S608 - bound values
    ((n,),) = reading.cursor.execute(sql, parameters.of(sql)).fetchall()
    return int(n)


def _holds(reading: Reading, listing: Listing, parameters: Parameters) -> str:
    where = predicate(listing.where, reading.target, parameters)
    view = view_predicate(listing.view, reading.layout)
    return f'({where}) AND {view} AND seq <= {int(listing.until)}'


def _short(term: Term) -> str:
    return f'left({term.sql}, {MAX_TEXT})' if term.kind == 'text' else term.sql


def _place(row: Sequence[Any]) -> After:
    keys = [k.isoformat() if isinstance(k, datetime) else k for k in row[1:]]
    return (*keys, row[0])


def _beyond(
    keys: Sequence[Term], names: Sequence[str], after: After, parameters: Parameters
) -> str:
    """Write that a row comes after a place: a first term beyond, or all equal and then so on."""
    *values, seq = after
    holds = f'seq > {parameters.add(seq)}'
    for key, name, value in reversed(list(zip(keys, names, values, strict=True))):
        given = parameters.add(value) + ('::TIMESTAMP' if key.kind == 'date' else '')
        further = ' OR '.join(_further(name, given, value is None, descending=key.descending))
        holds = f'(({further}) OR ({name} IS NOT DISTINCT FROM {given} AND {holds}))'
    return holds


def _further(name: str, given: str, is_null: bool, *, descending: bool) -> Iterator[str]:
    """Write that a value comes after another one; NULL is lowest."""
    if not descending:
        yield f'{name} IS NOT NULL' if is_null else f'{name} > {given}'
    elif is_null:
        yield 'FALSE'
    else:
        yield f'{name} < {given}'
        yield f'{name} IS NULL'
