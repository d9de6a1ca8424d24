"""Takes out of the drift ledger what it may show of a record that is withdrawn."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from mriqc_webapi.store.drift import REST
from mriqc_webapi.store.record import column_text
from mriqc_webapi.store.statement import Statement

MAX_FIELD_CHARS = 200  # as `drift` clips them

_FORGET_FIELDS = Statement(
    """
    DELETE FROM drift
     WHERE resource = :resource AND software = :software AND version = :version
       AND n = 1 AND kind = 'unknown' AND field IN :fields
    """,
    lists=['fields'],
)
_FORGET_EXAMPLES = Statement(
    """
    UPDATE drift SET example = ''
     WHERE resource = :resource AND software = :software AND version = :version
       AND example <> '' AND (field = :rest OR field IN :fields)
    """,
    lists=['fields'],
)


def forget_record(
    tx: Connection,
    *,
    resource: str,
    software: str,
    version: str,
    document: Mapping[str, Any],
) -> None:
    """Drop values, and names that no other record had; the ledger's sums stay.

    Whose value an example is was not noted, so those of all fields that the record has go; the
    next upload that deviates gives a new one.
    """
    fields = [column_text(path, MAX_FIELD_CHARS) for path in _paths(document)]
    where = {'resource': resource, 'software': software, 'version': version, 'fields': fields}
    _FORGET_FIELDS(tx, **where)
    _FORGET_EXAMPLES(tx, **where, rest=REST)


def _paths(document: Mapping[str, Any], prefix: str = '') -> Iterator[str]:
    for name, value in document.items():
        path = f'{prefix}{name}'
        yield path
        if isinstance(value, dict):
            yield from _paths(value, f'{path}.')
