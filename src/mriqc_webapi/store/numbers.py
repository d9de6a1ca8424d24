"""Numbers that are dense and given out in the order of commits, on both databases."""

import time
from collections.abc import Mapping

from sqlalchemy import Connection

from mriqc_webapi.store.statement import Statement

SEQ = 'seq'

# Held to the end of the transaction: whoever commits first has numbered first.
_LOCK = Statement("SELECT value FROM counter WHERE name = 'seq' FOR UPDATE")

_ROW = '(:name{0}, :n{0})'
_TAKE = """
    INSERT INTO counter (name, value) VALUES {}
    ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value
    RETURNING name, value
"""
_statements: dict[int, Statement] = {}
_CLOCK = Statement(
    'INSERT INTO clock (minute, seq) VALUES (:minute, :seq) ON CONFLICT (minute) DO NOTHING'
)


def lock(tx: Connection) -> None:
    """Make this transaction the only one that numbers; SQLite's BEGIN IMMEDIATE has done so."""
    if tx.dialect.name == 'postgresql':
        _LOCK(tx)


def take(tx: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Take *n* numbers from each counter and give the first of each; needs `lock`.

    The first number of all changes that is taken in a minute is noted with that minute.
    """
    given = {f'name{i}': name for i, name in enumerate(wanted)}
    sizes = {f'n{i}': n for i, n in enumerate(wanted.values())}
    last = dict(map(tuple, _statement(len(wanted))(tx, **given, **sizes)))
    first = {name: last[name] - n + 1 for name, n in wanted.items()}
    if SEQ in first:
        _CLOCK(tx, minute=int(time.time()) // 60, seq=first[SEQ])
    return first


def ordinal_of(resource: str) -> str:
    """Name the counter of a resource's records, withdrawn ones included."""
    return f'ordinal:{resource}'


def withdrawn_of(resource: str) -> str:
    """Name the counter of a resource's withdrawn records."""
    return f'withdrawn:{resource}'


def _statement(n: int) -> Statement:
    if n not in _statements:
        _statements[n] = Statement(_TAKE.format(', '.join(_ROW.format(i) for i in range(n))))
    return _statements[n]
