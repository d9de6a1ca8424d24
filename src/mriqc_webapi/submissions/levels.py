"""A resource's fields laid out as its documents are nested, so that checking only looks up."""

from dataclasses import dataclass, field
from typing import Any

from mriqc_webapi.iqm.definitions import FieldDefinition, FieldType, Resource

_STRICT = frozenset({'iqm', 'telemetry'})  # roles whose values are of their type, or refused

# Numbers for `session_id`, `run_id` and the like are kept; Eve's clients rely on the refusal here
_TEXT_ONLY = frozenset({'bids_meta.task_id'})

# Without these a record of an image is none, whatever its IQMs say; other metadata may be absent
_IDENTITY = frozenset({'bids_meta.modality', 'bids_meta.subject_id'})

# Eve demanded the task and lost the records of sidecars without it: noted now, not refused
_EXPECTED = frozenset({'bids_meta.TaskName'})

_CLASSES: dict[FieldType, type] = {'float': float, 'integer': int, 'string': str, 'boolean': bool}


@dataclass(slots=True)
class Level:
    """One object of a resource's documents: the document itself, ``bids_meta``, …

    Names are those of its members; only ``path`` is dotted.
    """

    path: str  # '' or with a final dot, 'provenance.settings.'
    depth: int = 1  # how many objects its members stand in
    kinds: dict[str, Any] = field(default_factory=dict)  # class of what needs no second look
    fields: dict[str, FieldDefinition] = field(default_factory=dict)
    objects: dict[str, 'Level'] = field(default_factory=dict)  # members that have a level too
    must: set[str] = field(default_factory=set)  # refused without
    should: set[str] = field(default_factory=set)  # noted without
    strict: set[str] = field(default_factory=set)  # refused if of another type
    never_null: set[str] = field(default_factory=set)
    is_open: bool = False  # Eve lets anything be added here

    def remember(self, name: str, definition: FieldDefinition) -> None:
        """Add a member that a pattern named, so that the next document finds it at once."""
        self.fields[name] = definition
        if definition.type in _CLASSES and not (definition.private or definition.assigned):
            self.kinds[name] = _CLASSES[definition.type]
        if definition.role in _STRICT or definition.name in _TEXT_ONLY:
            self.strict.add(name)


def lay_out(resource: Resource) -> Level:
    """Build the levels of a resource's documents from its catalogue."""
    root = Level('')
    for definition in resource.by_name.values():
        level, name = _find(root, definition.name)
        level.remember(name, definition)
        level.is_open |= definition.role == 'metadata' and level is not root
        _set_rules(level, name, definition, resource)
    for path in hot_paths(resource):
        _demand(root, path)
    _link_objects(root)
    return root


def hot_paths(resource: Resource) -> list[str]:
    """List the paths that say which scan and which software, as far as a resource has them."""
    named = (resource.md5_field, resource.software_field, resource.version_field)
    return [path for path in named if path is not None]


def _find(root: Level, path: str) -> tuple[Level, str]:
    *parents, name = path.split('.')
    level = root
    for parent in parents:
        inner = Level(f'{level.path}{parent}.', level.depth + 1)
        level = level.objects.setdefault(parent, inner)
    return level, name


def _set_rules(level: Level, name: str, definition: FieldDefinition, resource: Resource) -> None:
    rates = definition.role == resource.kind == 'rating'
    if not definition.required:
        if definition.name in _EXPECTED:
            level.should.add(name)
        return
    top_object = definition.type == 'object' and level.path == ''
    refused = rates or top_object or definition.role in _STRICT or definition.name in _IDENTITY
    (level.must if refused else level.should).add(name)
    if rates:
        level.strict.add(name)
        level.never_null.add(name)


def _demand(root: Level, path: str) -> None:
    level, name = _find(root, path)
    for rule in (level.must, level.strict, level.never_null):
        rule.add(name)
    level.should.discard(name)
    *parents, _ = path.split('.')
    for parent in parents:
        root.must.add(parent)
        root = root.objects[parent]


def _link_objects(level: Level) -> None:
    for name, inner in level.objects.items():
        level.kinds[name] = dict
        _link_objects(inner)
