"""One entry of a catalogue file becomes one field, or a family of them.

``{word}`` in an entry's name makes a family: it stands for each key of ``each.word``, else of the
file's ``[words.word]``, and in the meaning for that key's words. Upper-case ``{N}`` and ``{NN}``
stay: they are the number of a shell.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, get_args

from mriqc_webapi.iqm.catalogue_file import CatalogueFile
from mriqc_webapi.iqm.definitions import (
    SHELL_PLACEHOLDERS,
    Better,
    Disclosure,
    FieldDefinition,
    FieldType,
    Role,
)
from mriqc_webapi.iqm.units import is_ucum

ATTRIBUTES: dict[str, type] = {
    'type': str,
    'role': str,
    'unit': str,
    'required': bool,
    'better': str,
    'meaning': str,
    'source': str,
    'private': bool,
    'assigned': bool,
    'disclosure': str,
}
CHOICES = {
    'type': get_args(FieldType),
    'role': get_args(Role),
    'better': get_args(Better),
    'disclosure': get_args(Disclosure),
}
NUMBERS = {'float', 'integer'}
MAX_SEGMENT_CHARS = 64

Words = dict[str, dict[str, Any]]  # placeholder → key → its words, or a table with attributes too

_WORD = re.compile(r'\{([a-z]\w*)\}')
_SEGMENT = re.compile(rf'(?=.{{1,{MAX_SEGMENT_CHARS}}}$)[A-Za-z][A-Za-z0-9_]*', re.ASCII)


def expand(
    file: CatalogueFile, name: str, *, prefix: str, role: Role, words: Words
) -> Iterator[FieldDefinition]:
    """Make the fields of the entry ``[fields.name]``.

    Raises
    ------
    CatalogueError
        An attribute is unknown, missing, or has a value that it cannot have.
    """
    own = file.table('fields', name)
    each = file.table('fields', name, 'each')
    own.pop('each', None)
    check_attributes(file, own, 'fields', name)
    placeholders = dict.fromkeys(_WORD.findall(name))
    for unused in each.keys() - placeholders:
        raise file.error(f'the name has no {{{unused}}}', 'fields', name, 'each', unused)
    options = [_options(file, name, p, each=each, words=words) for p in placeholders]
    common = {'role': role} | _defaults(file, own) | own
    for picks in product(*options):
        chosen = dict(zip(placeholders, picks, strict=True))
        special = [attributes for _, _, attributes in picks]
        yield _define(file, name, prefix, _merge(common, *special), chosen)


def check_attributes(file: CatalogueFile, entry: dict[str, Any], *where: str) -> None:
    """Refuse attributes that no field has, and values that are of the wrong kind."""
    for key, value in entry.items():
        kind = ATTRIBUTES.get(key)
        if kind is None:
            known = ', '.join(ATTRIBUTES)
            raise file.error(f'unknown key {key!r}; a field has: {known}', *where, key)
        if not isinstance(value, kind):
            wanted = 'true or false' if kind is bool else 'a text'
            raise file.error(f'{key!r} must be {wanted}, not {value!r}', *where, key)
        if key in CHOICES and value not in CHOICES[key]:
            wanted = ', '.join(CHOICES[key])
            raise file.error(f'{key!r} must be one of {wanted}, not {value!r}', *where, key)
        if key == 'unit' and value and not is_ucum(str(value)):
            raise file.error(f'{value!r} is no UCUM code', *where, key)


Option = tuple[str, str, dict[str, Any]]  # key, words, attributes


def _options(
    file: CatalogueFile, name: str, placeholder: str, *, each: dict[str, Any], words: Words
) -> list[Option]:
    where = ('fields', name, 'each', placeholder)
    table = each.get(placeholder) or words.get(placeholder)
    if not isinstance(table, dict):
        raise file.error(
            f'{{{placeholder}}} stands for nothing: give each.{placeholder} or '
            f'[words.{placeholder}]',
            *where,
        )
    return [_option(file, key, value, where) for key, value in table.items()]


def _option(file: CatalogueFile, key: str, value: Any, where: tuple[str, ...]) -> Option:
    attributes = dict(value) if isinstance(value, dict) else {'words': value}
    words = attributes.pop('words', None)
    if not isinstance(words, str) or not words:
        raise file.error(f'{key!r} needs words for the meaning', *where, key)
    check_attributes(file, attributes, *where, key)
    return key, words, attributes


def _defaults(file: CatalogueFile, own: dict[str, Any]) -> dict[str, Any]:
    defaults = file.table('defaults')
    check_attributes(file, defaults, 'defaults')
    if own.get('type', defaults.get('type')) not in NUMBERS:
        defaults.pop('unit', None)  # a default unit is that of the numbers
    return defaults


def _merge(*tables: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for table in tables:
        merged |= table
    return merged


def _define(
    file: CatalogueFile,
    name: str,
    prefix: str,
    attributes: dict[str, Any],
    chosen: dict[str, Option],
) -> FieldDefinition:
    where = ('fields', name)
    for needed in ('type', 'meaning'):
        if not attributes.get(needed):
            raise file.error(f'{name!r} has no {needed}', *where)
    _check_unit(file, name, attributes)
    full = prefix + _WORD.sub(lambda m: chosen[m[1]][0], name)
    per_shell = any(p in full for p in SHELL_PLACEHOLDERS)
    if not all(_SEGMENT.fullmatch(s) for s in _with_shell_number(full).split('.')):
        raise file.error(
            f'{full!r} is no name: letters, digits and _, a letter first, '
            f'at most {MAX_SEGMENT_CHARS} characters between two dots',
            *where,
        )
    try:
        meaning = _WORD.sub(lambda m: chosen[m[1]][1], attributes.pop('meaning'))
    except KeyError as error:
        raise file.error(f'the name has no {{{error.args[0]}}}', *where, 'meaning') from None
    meaning = meaning[0].upper() + meaning[1:]
    return FieldDefinition(name=full, meaning=meaning, per_shell=per_shell, **attributes)


def _check_unit(file: CatalogueFile, name: str, attributes: dict[str, Any]) -> None:
    is_number = attributes['type'] in NUMBERS
    unit = attributes.get('unit', '')
    if unit and not is_number:
        raise file.error(
            f'a field of type {attributes["type"]} has no unit', 'fields', name, 'unit'
        )
    if is_number and not unit and attributes['role'] == 'iqm':
        raise file.error(f'{name!r} has no unit; that of a ratio is 1', 'fields', name)


def _with_shell_number(name: str) -> str:
    for placeholder in SHELL_PLACEHOLDERS:
        name = name.replace(placeholder, '00')
    return name
