"""Recognise the filters that name records, by id or by the scan's MD5: the store answers those."""

import re
from dataclasses import dataclass
from typing import Literal

from mriqc_webapi.query.expression import And, Equal, Expression, In, ObjectId, Or, Path, Value

_ID_PATH: Path = ('_id',)
_MD5 = re.compile(r'[0-9a-f]{32}')


@dataclass(frozen=True, slots=True)
class Lookup:
    """The records whose id, or whose scan's MD5, is one of ``values``; no values: no records."""

    field: Literal['id', 'md5']
    values: tuple[str, ...]  # each once, in the order of the filter


def find_lookup(expression: Expression, md5_path: Path | None) -> Lookup | None:
    """Recognise a filter on ``_id`` alone, or on the MD5 alone, by equality.

    Parameters
    ----------
    expression : Expression
        The whole filter.
    md5_path : Path or None
        Where the resource keeps its scan's MD5, if it does.

    Returns
    -------
    Lookup or None
        None unless the look-up finds exactly what the filter means. So an MD5 counts only if it
        is 32 lower-case hex digits: what is stored as another text ('unspecified') or not at
        all (null) is not in the index.
    """
    test = _equality(expression)
    if test is None:
        return None
    path, values = test
    if path == _ID_PATH:
        ids = [value.hex for value in values if isinstance(value, ObjectId)]  # no id, no match
        return Lookup('id', tuple(dict.fromkeys(ids)))
    if path == md5_path and all(isinstance(v, str) and _MD5.fullmatch(v) for v in values):
        return Lookup('md5', tuple(dict.fromkeys(values)))
    return None


def _equality(expression: Expression) -> tuple[Path, tuple[Value, ...]] | None:
    match expression:
        case Equal(path, value):
            return path, (value,)
        case In(path, values):
            return path, values
        case And((part,)):
            return _equality(part)
        case Or(parts) if parts:
            return _joined(parts)
    return None


def _joined(parts: tuple[Expression, ...]) -> tuple[Path, tuple[Value, ...]] | None:
    tests = [_equality(part) for part in parts]
    if any(test is None for test in tests):
        return None
    found = [test for test in tests if test is not None]
    if len({path for path, _ in found}) > 1:
        return None
    return found[0][0], tuple(value for _, values in found for value in values)
