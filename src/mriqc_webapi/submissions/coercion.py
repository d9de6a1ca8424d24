"""What becomes of a value that is not of its field's type: Eve's casts, without its losses."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mriqc_webapi.iqm.definitions import FieldType
from mriqc_webapi.submissions.parse import INT64
from mriqc_webapi.submissions.submission import NoteKind

_BOOLEANS: dict[int | str, bool] = {
    'true': True,
    '1': True,
    'false': False,
    '0': False,
    1: True,
    0: False,
}


@dataclass(frozen=True, slots=True)
class Cast:
    """A value as it will be stored."""

    value: Any
    deviation: NoteKind | None = None
    fits: bool = True  # False: not of the type, and no cast makes it so


def cast(value: Any, expected: FieldType) -> Cast:
    """Cast a value to its field's type where nothing is lost by it."""
    if value is None:
        return Cast(None, 'null')
    return _CASTS[expected](value)


def number_as_text(value: float) -> str:
    """Write a rating as the widget does: ``3``, ``2.55``."""
    return str(int(value)) if value == int(value) and abs(value) < INT64 else repr(value)


def _cast_float(value: Any) -> Cast:
    if not isinstance(value, int | float | str):
        return Cast(value, 'type', fits=False)
    try:
        number = float(value)
    except ValueError:
        return Cast(value, 'type', fits=False)
    except OverflowError:  # an integer of more than 308 digits
        return Cast(None, 'not-finite')
    if not isfinite(number):
        return Cast(None, 'not-finite')
    return Cast(number, None if type(value) in {int, float} else 'type')


def _cast_integer(value: Any) -> Cast:
    if isinstance(value, float):
        return _cast_fraction(value)
    if not isinstance(value, int | str):
        return Cast(value, 'type', fits=False)
    try:
        number = int(value)
    except ValueError:
        return Cast(value, 'type', fits=False)
    if not -INT64 <= number < INT64:
        double = _cast_float(number)
        return Cast(double.value, double.deviation or 'type')
    return Cast(number, None if type(value) is int else 'type')


def _cast_fraction(value: float) -> Cast:
    if not isfinite(value):
        return Cast(None, 'not-finite')
    if not value.is_integer():
        return Cast(value, 'fraction')
    return Cast(int(value)) if -INT64 <= value < INT64 else Cast(value, 'type')


def _cast_boolean(value: Any) -> Cast:
    if isinstance(value, bool):
        return Cast(value)
    word = value.lower() if isinstance(value, str) else value
    found = _BOOLEANS.get(word) if isinstance(word, int | str) else None
    return Cast(value, 'type', fits=False) if found is None else Cast(found, 'type')


def _cast_string(value: Any) -> Cast:
    return Cast(value) if isinstance(value, str) else Cast(value, 'type', fits=False)


def _cast_object(value: Any) -> Cast:
    return Cast(value) if isinstance(value, dict) else Cast(value, 'type', fits=False)


def _cast_list(value: Any) -> Cast:
    return Cast(value) if isinstance(value, list) else Cast(value, 'type', fits=False)


_CASTS: dict[FieldType, Callable[[Any], Cast]] = {
    'float': _cast_float,
    'integer': _cast_integer,
    'boolean': _cast_boolean,
    'string': _cast_string,
    'object': _cast_object,
    'list': _cast_list,
}
