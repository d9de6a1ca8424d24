"""Catalogue files put together: a resource's own fields and those of the groups it includes.

Names of fields differ in more than case, as the columns that they become do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from mriqc_webapi.iqm.catalogue_file import CatalogueFile
from mriqc_webapi.iqm.definitions import FieldDefinition, Kind, Resource, Role
from mriqc_webapi.iqm.families import Words, check_attributes, expand
from mriqc_webapi.iqm.references import Reference

RESERVED_FIELDS = {  # columns that the service adds to each table
    'seq',
    'data_hash',
    'residual',
    'diameter',
    'epoch',
    'field_strength',
    'group_state',
    'in_scan',
    'model',
    'n_group',
    'vendor',
}
RESERVED_RESOURCES = {  # what else stands at that place of an address
    'dictionary',
    'drift',
    'epochs',
    'growth',
    'labels',
    'policy',
    'rating_counts',
    'ratings',
    'receipts',
    'records',
    'releases',
    'scanners',
    'scans',
}

_SECTIONS = {'resource', 'group', 'words', 'defaults', 'fields', 'override'}
_KEYS: dict[str, dict[str, type]] = {
    'resource': {
        'name': str,
        'title': str,
        'kind': str,
        'meaning': str,
        'modality': str,
        'include': list,
        'md5_field': str,
        'software_field': str,
        'version_field': str,
    },
    'group': {
        'name': str,
        'prefix': str,  # the fields stand in an object of this name
        'role': str,
        'required': bool,  # whether that object is
        'meaning': str,
        'include': list,
    },
}
_NEEDED = {'resource': ('name', 'kind', 'meaning'), 'group': ('name',)}
_CHOICES: dict[str, tuple[str, ...]] = {'kind': get_args(Kind), 'role': get_args(Role)}
_KINDS = {str: 'a text', bool: 'true or false', list: 'a list of texts'}
_IDENTITY = {  # where a resource keeps these, unless it says otherwise
    'md5_field': 'provenance.md5sum',
    'software_field': 'provenance.software',
    'version_field': 'provenance.version',
}
_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]{0,63}', re.ASCII)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A field, and the entry that declares it."""

    definition: FieldDefinition
    file: CatalogueFile
    entry: tuple[str, ...]


def check_sections(file: CatalogueFile) -> None:
    """Refuse a file that is not one resource or one group, well-formed by itself.

    Raises
    ------
    CatalogueError
        With the line of what is wrong.
    """
    for section in file.data:
        if section not in _SECTIONS:
            raise file.error(f'unknown key {section!r}; expected {_join(_SECTIONS)}', section)
        file.table(section)
    if ('resource' in file.data) == ('group' in file.data):
        raise file.error('a file holds one [resource] or one [group]', 'group')
    section = _section(file)
    _check_head(file, section)
    if section == 'group' and 'override' in file.data:
        raise file.error('only a resource overrides fields', 'override')
    if section == 'group' and 'fields' in file.data and 'role' not in file.table('group'):
        raise file.error('a group with fields has a role', 'group')
    if 'prefix' in file.table(section) and not file.table(section).get('meaning'):
        raise file.error('a group with a prefix has a meaning: that of the object', 'group')


def build_resource(
    file: CatalogueFile,
    *,
    groups: Mapping[str, CatalogueFile],
    references: Mapping[str, Reference],
) -> Resource:
    """Put a resource together from its file and the groups it includes.

    Raises
    ------
    CatalogueError
        An entry is wrong, two clash, or something is named that is not there.
    """
    head = file.table('resource')
    name = head['name']
    if name.lower() in RESERVED_RESOURCES:
        raise file.error(f'{name!r} is an address of the service itself', 'resource', 'name')
    placed = _overridden(file, list(_all_fields(file, groups)))
    _check_fields(placed, references)
    fields = tuple(p.definition for p in placed)
    return Resource(
        name=name,
        title=head.get('title', name),
        kind=head['kind'],
        meaning=head['meaning'],
        fields=fields,
        modality=head.get('modality'),
        **_identity(file, {f.name for f in fields}),
    )


def check_group(
    file: CatalogueFile,
    *,
    groups: Mapping[str, CatalogueFile],
    references: Mapping[str, Reference],
) -> None:
    """Refuse a group with a wrong entry, be it included by some resource or not.

    Raises
    ------
    CatalogueError
        With the line of what is wrong.
    """
    family = {group.name: group for group in [file, *_included(file, groups)]}
    placed = [p for group in family.values() for p in _of_group(group, groups)]
    _check_fields(placed, references)


def _section(file: CatalogueFile) -> str:
    return 'resource' if 'resource' in file.data else 'group'


def _check_head(file: CatalogueFile, section: str) -> None:
    head, keys = file.table(section), _KEYS[section]
    for key, value in head.items():
        if key not in keys:
            raise file.error(f'unknown key {key!r}; expected {_join(keys)}', section, key)
        if not _is_a(value, keys[key]):
            raise file.error(f'{key!r} must be {_KINDS[keys[key]]}', section, key)
        if key in _CHOICES and value not in _CHOICES[key]:
            raise file.error(f'{key!r} must be one of {_join(_CHOICES[key])}', section, key)
    for key in _NEEDED[section]:
        if not head.get(key):
            raise file.error(f'the {section} has no {key}', section)
    for key in ('name', 'prefix'):
        if key in head and not _NAME.fullmatch(head[key]):
            raise file.error(
                f'{head[key]!r} is no name: letters, digits and _, a letter first, '
                'at most 64 characters',
                section,
                key,
            )


def _is_a(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    return isinstance(value, kind)


def _all_fields(file: CatalogueFile, groups: Mapping[str, CatalogueFile]) -> Iterator[_Placed]:
    role = cast('Role', file.table('resource')['kind'])
    yield from _own_fields(file, groups, role=role)
    for group in _included(file, groups):
        yield from _of_group(group, groups)


def _of_group(file: CatalogueFile, groups: Mapping[str, CatalogueFile]) -> Iterator[_Placed]:
    head = file.table('group')
    role, prefix = head.get('role', 'metadata'), head.get('prefix', '')
    if prefix:
        container = FieldDefinition(
            name=prefix,
            type='object',
            role=role,
            required=head.get('required', False),
            meaning=head['meaning'],
        )
        yield _Placed(container, file, ('group', 'prefix'))
    yield from _own_fields(file, groups, role=role, prefix=prefix and prefix + '.')


def _own_fields(
    file: CatalogueFile, groups: Mapping[str, CatalogueFile], *, role: Role, prefix: str = ''
) -> Iterator[_Placed]:
    words = _words(file, groups)
    for entry in file.table('fields'):
        for definition in expand(file, entry, prefix=prefix, role=role, words=words):
            yield _Placed(definition, file, ('fields', entry))


def _included(
    file: CatalogueFile, groups: Mapping[str, CatalogueFile], seen: set[str] | None = None
) -> Iterator[CatalogueFile]:
    """Find the groups that a file includes, themselves or through another; each comes once."""
    seen = set() if seen is None else seen
    section = _section(file)
    for name in file.table(section).get('include', []):
        if name not in groups:
            known = _join(sorted(groups))
            raise file.error(f'no group {name!r}; there is {known}', section, 'include')
        if name not in seen:
            seen.add(name)
            yield groups[name]
            yield from _included(groups[name], groups, seen)


def _words(file: CatalogueFile, groups: Mapping[str, CatalogueFile]) -> Words:
    words: Words = {}
    for source in [*_included(file, groups), file]:
        words |= {key: source.table('words', key) for key in source.table('words')}
    return words


def _overridden(file: CatalogueFile, placed: list[_Placed]) -> list[_Placed]:
    changes = {name: file.table('override', name) for name in file.table('override')}
    names = {p.definition.name for p in placed}
    for name, attributes in changes.items():
        check_attributes(file, attributes, 'override', name)
        if name not in names:
            raise file.error(f'no field {name!r} to override', 'override', name)
    return [
        replace(p, definition=replace(p.definition, **changes.get(p.definition.name, {})))
        for p in placed
    ]


def _check_fields(placed: list[_Placed], references: Mapping[str, Reference]) -> None:
    objects = {p.definition.name for p in placed if p.definition.type == 'object'}
    first: dict[str, _Placed] = {}
    for p in placed:
        name, source = p.definition.name, p.definition.source
        parent, dot, _ = name.rpartition('.')
        other = first.setdefault(name.lower(), p)
        if other is not p:
            raise p.file.error(_clash(name, other), *p.entry)
        if name.lower() in RESERVED_FIELDS:
            raise p.file.error(f'{name!r} is a column that the service itself adds', *p.entry)
        if dot and parent not in objects:
            raise p.file.error(f'{name!r} stands in no object: declare {parent!r}', *p.entry)
        if source and source not in references:
            raise p.file.error(f'no reference {source!r} in a .bib file', *p.entry, 'source')


def _clash(name: str, other: _Placed) -> str:
    declared = other.definition.name
    spelling = '' if declared == name else f' as {declared!r}, and case does not tell names apart'
    return f'{name!r} is declared twice, first in {other.file.name}{spelling}'


def _identity(file: CatalogueFile, names: set[str]) -> dict[str, Any]:
    head = file.table('resource')
    for key in _IDENTITY:
        if key in head and head[key] not in names:
            raise file.error(f'no field {head[key]!r}', 'resource', key)
    usual = {key: name if name in names else None for key, name in _IDENTITY.items()}
    return {key: head.get(key, name) for key, name in usual.items()}


def _join(names: Any) -> str:
    return ', '.join(sorted(names))
