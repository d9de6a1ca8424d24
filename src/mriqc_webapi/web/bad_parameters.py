"""What is wrong with parameters, in words that help whoever wrote them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel

_PLACES: Final = ('query', 'path', 'header')
_MAX_TOLD: Final = 5  # each names all that there is
_MAX_CHARS: Final = 100  # of a name or a value that is quoted
_WORDS: Final = {  # by what pydantic calls them; what it tells along fills them
    'missing': 'is missing',
    'bool_parsing': 'takes true or false',
    'int_parsing': 'takes an integer',
    'int_from_float': 'takes an integer',
    'int_parsing_size': 'takes a smaller integer',
    'float_parsing': 'takes a number',
    'finite_number': 'takes a finite number',
    'greater_than': 'takes more than {gt}',
    'greater_than_equal': 'takes at least {ge}',
    'less_than': 'takes less than {lt}',
    'less_than_equal': 'takes at most {le}',
    'literal_error': 'takes {expected}',
    'enum': 'takes {expected}',
    'string_too_short': 'takes at least {min_length} character(s)',
    'string_too_long': 'takes at most {max_length} characters',
}


def describe(errors: Sequence[Mapping[str, Any]], known: Sequence[str]) -> str:
    """Describe what pydantic found.

    Parameters
    ----------
    known : list of str
        The parameters that the address takes.
    """
    told = [_describe(error, known) for error in errors[:_MAX_TOLD]]
    n_more = len(errors) - len(told)
    return '; '.join([*told, f'and {n_more} more'] if n_more else told)


def known_parameters(request: Request) -> list[str]:
    """Name the query parameters that an address takes."""
    dependant = getattr(request.scope.get('route'), 'dependant', None)
    found: list[str] = []
    for field in dependant.query_params if dependant is not None else ():
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [f.alias or name for name, f in kind.model_fields.items()]
        else:
            found.append(field.alias)
    return found


def _describe(error: Mapping[str, Any], known: Sequence[str]) -> str:
    place = [str(part) for part in error['loc']]
    name = '.'.join(place[1:] if place[0] in _PLACES else place)[:_MAX_CHARS]
    if error['type'] == 'extra_forbidden':
        return f'{name!r} is no parameter here; there are {", ".join(known) or "none"}'
    words = _WORDS.get(error['type'])
    if words is None:
        return f'{name}: {error["msg"].removeprefix("Value error, ")}'
    given = error.get('input')
    told = f', not {given[:_MAX_CHARS]!r}' if isinstance(given, str) and given else ''
    return f'{name} {words.format(**error.get("ctx", {}))}{told}'
