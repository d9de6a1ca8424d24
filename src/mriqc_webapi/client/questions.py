"""Questions as the service reads them: filters as text, options as query parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

import orjson

from mriqc_webapi.errors import QueryError

Where: TypeAlias = str | Mapping[str, Any] | None
Names: TypeAlias = str | Iterable[str]
View: TypeAlias = Literal['raw', 'scan', 'canonical', 'canonical+quarantined']
TableFormat: TypeAlias = Literal['parquet', 'arrow', 'csv', 'tsv', 'ndjson']
Options: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableQuestion:
    """Which records are wanted as a table, and which of their fields."""

    resource: str
    where: str = ''
    view: str = 'raw'
    fields: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """The question as query parameters; what is left to the service is left out."""
        told = {'where': self.where, 'fields': ','.join(self.fields)}
        if self.view != 'raw':
            told['view'] = self.view
        return {name: value for name, value in told.items() if value}


def table_question(resource: str, where: Where, view: str, fields: Names) -> TableQuestion:
    """Make a question for a table."""
    return TableQuestion(
        resource=resource, where=filter_text(where), view=view, fields=names(fields)
    )


def filter_text(where: Where) -> str:
    """Write a filter: a text stays as it is, a mapping becomes JSON, dates become texts.

    Raises
    ------
    QueryError
        It holds what JSON cannot tell.
    """
    if where is None or isinstance(where, str):
        return where or ''
    try:
        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATETIME
        return orjson.dumps(where, default=_plain, option=options).decode()
    except TypeError as error:
        raise QueryError(f'the filter cannot be written as JSON: {error}') from None


def names(given: Names) -> tuple[str, ...]:
    """Read names: one text with commas, or several texts."""
    parts = given.split(',') if isinstance(given, str) else given
    return tuple(part.strip() for part in parts if part.strip())


def given(**options: Any) -> Options:
    """Keep the options that were given; the others are the service's to choose."""
    return {name: value for name, value in options.items() if value is not None}


def query(options: Mapping[str, Any]) -> str:
    """Write options as the query of an address, with its question mark."""
    pairs = [(name, _text(value)) for name, value in options.items()]
    return f'?{urlencode(pairs)}' if pairs else ''


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return filter_text(value)
    if isinstance(value, Iterable):
        return ','.join(map(_text, value))
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f'{value!r} is no text, number, truth value or date')
