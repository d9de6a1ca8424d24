"""Names with dots become nested objects, as in Eve; and values become what JSON can hold."""

from math import isfinite
from typing import Any

from mriqc_webapi.errors import InvalidDocumentError
from mriqc_webapi.submissions.findings import kind_name, wrong_type
from mriqc_webapi.submissions.parse import INT64
from mriqc_webapi.submissions.privacy import holds_address


class DottedNameError(Exception):
    """A name with dots was met: the document has to be nested first. Never leaves the check."""


def is_dotted(name: str) -> bool:
    """Tell whether a name stands for a path; an e-mail address does not."""
    return '.' in name and not holds_address(name)


def nest(value: Any, path: str = '') -> Any:
    """Split names with dots into nested objects, at any depth.

    ``{'a.b': 1, 'a': {'c': 2}}`` gives ``{'a': {'b': 1, 'c': 2}}``. Of a path that comes twice
    the last one counts.

    Raises
    ------
    InvalidDocumentError
        One path would have to be an object and something else.
    """
    if isinstance(value, list):
        return [nest(element, f'{path}{i}.') for i, element in enumerate(value)]
    if not isinstance(value, dict):
        return value
    nested: dict[str, Any] = {}
    for name, member in value.items():
        segments = name.split('.') if is_dotted(name) else [name]
        _put(nested, segments, nest(member, f'{path}{name}.'), path)
    return nested


def _put(nested: dict[str, Any], segments: list[str], member: Any, path: str) -> None:
    *parents, name = segments
    for parent in parents:
        nested = nested.setdefault(parent, {})
        path += f'{parent}.'
        if not isinstance(nested, dict):
            raise _conflict(path)
    there = nested.get(name)
    if isinstance(there, dict) and isinstance(member, dict):
        for inner, value in member.items():
            _put(there, [inner], value, f'{path}{name}.')
    elif isinstance(there, dict) or (isinstance(member, dict) and name in nested):
        raise _conflict(f'{path}{name}.')
    else:
        nested[name] = member


def _conflict(path: str) -> InvalidDocumentError:
    issues: Any = wrong_type('object')
    for name in reversed(path.removesuffix('.').split('.')):
        issues = {name: issues}
    return InvalidDocumentError(issues)


def as_storable(value: Any, lost: list[str]) -> Any:
    """Copy a JSON value with ``null`` for what is no finite number.

    Parameters
    ----------
    lost
        Takes what each such value was: ``NaN``, ``Infinity``, ``-Infinity``.

    Raises
    ------
    DottedNameError
        A name in the value has dots.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if any('.' in name and is_dotted(name) for name in value):
            raise DottedNameError
        return {name: as_storable(member, lost) for name, member in value.items()}
    if isinstance(value, list):
        return [as_storable(element, lost) for element in value]
    if isinstance(value, float) and not isfinite(value):
        lost.append(kind_name(value))
        return None
    if isinstance(value, int) and not -INT64 <= value < INT64:
        return as_storable(_as_double(value), lost)
    return value


def _as_double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return float('inf') if number > 0 else float('-inf')
