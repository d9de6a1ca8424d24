"""BSON's types, as ``$type`` names them: by alias or by code."""

from typing import Any

from mriqc_webapi.query.expression import TypeName

# https://www.mongodb.com/docs/manual/reference/bson-types/
_CODES = {
    'double': 1,
    'string': 2,
    'object': 3,
    'array': 4,
    'binData': 5,
    'undefined': 6,
    'objectId': 7,
    'bool': 8,
    'date': 9,
    'null': 10,
    'regex': 11,
    'dbPointer': 12,
    'javascript': 13,
    'symbol': 14,
    'javascriptWithScope': 15,
    'int': 16,
    'timestamp': 17,
    'long': 18,
    'decimal': 19,
    'minKey': -1,
    'maxKey': 127,
}
_STORED: tuple[TypeName, ...] = (  # the others are known, but no record can hold them
    'double',
    'int',
    'long',
    'string',
    'bool',
    'date',
    'objectId',
    'null',
    'array',
    'object',
)
_BY_ALIAS: dict[str, frozenset[TypeName]] = dict.fromkeys(_CODES, frozenset())
_BY_ALIAS |= {name: frozenset({name}) for name in _STORED}
_BY_ALIAS['number'] = frozenset({'double', 'int', 'long'})
_BY_CODE: dict[float, frozenset[TypeName]] = {
    code: _BY_ALIAS[alias] for alias, code in _CODES.items()
}

NULL = _BY_ALIAS['null']
OBJECT = _BY_ALIAS['object']


def types_named(name: Any) -> frozenset[TypeName] | None:
    """Give the types that an alias or a code (2 or 2.0) stands for; None if it stands for none."""
    if isinstance(name, str):
        return _BY_ALIAS.get(name)
    if isinstance(name, int | float) and not isinstance(name, bool):
        return _BY_CODE.get(name)
    return None
