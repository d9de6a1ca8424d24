"""From the filter's expression tree to SQL over one resource's table.

A path is looked up in its column first and in the residual where the column is NULL; the profile
tells when the residual cannot matter, and then a test is one comparison on one column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from mriqc_webapi.archive.columns import RESIDUAL, Column, Document, Layout
from mriqc_webapi.archive.predicates import (
    FALSE,
    TRUE,
    ColumnKind,
    CompareTest,
    ExistsTest,
    InTest,
    ModTest,
    Parameters,
    SizeTest,
    Test,
    TypeTest,
    any_of,
    either,
    elements,
    pointer,
)
from mriqc_webapi.archive.residual import Profile
from mriqc_webapi.errors import QueryError
from mriqc_webapi.query.expression import (
    All,
    And,
    Compare,
    ElementMatch,
    Equal,
    Exists,
    Expression,
    In,
    Mod,
    Not,
    Or,
    Path,
    Size,
    TypeIs,
    Value,
)

MAX_SEGMENTS: Final = 64  # of one path; documents nest less deeply
MAX_NESTING: Final = 100  # of one expression
MAX_ELEMENT_NESTING: Final = 2  # each level costs the planner ten times the one before
SERVER_COLUMNS: Final[dict[Path, tuple[str, ColumnKind]]] = {
    ('_id',): ('"_id"', 'id'),
    ('_created',): ('"_created"', 'date'),
    ('_updated',): ('"_created"', 'date'),  # records never change
    ('_etag',): ('"_etag"', 'string'),
}

Locate = Callable[[Path, Test], str]


@dataclass(frozen=True, slots=True)
class Target:
    """What a filter is compiled for: one resource's table, and what its residuals hold."""

    layout: Layout
    profile: Profile
    derived: Mapping[Path, Column] = field(default_factory=dict)  # what may be asked for by name


def predicate(expression: Expression, target: Target, parameters: Parameters) -> str:
    """Write an expression as an SQL predicate that is true or not, "not" being false or NULL.

    Raises
    ------
    QueryError
        The expression is larger or deeper than this takes.
    """

    if _element_nesting(expression) > MAX_ELEMENT_NESTING:
        raise QueryError(f'$elemMatch is nested more than {MAX_ELEMENT_NESTING} deep')

    def locate(path: Path, test: Test) -> str:
        return _on_row(path, test, target, parameters)

    return _compile(expression, locate, parameters, MAX_NESTING)


def _compile(expression: Expression, locate: Locate, parameters: Parameters, depth: int) -> str:
    if depth == 0:
        raise QueryError(f'the filter is nested more than {MAX_NESTING} deep')
    match expression:
        case And(parts):
            texts = [_compile(p, locate, parameters, depth - 1) for p in parts]
            return f'({" AND ".join(texts)})' if texts else TRUE
        case Or(parts):
            return either(_compile(p, locate, parameters, depth - 1) for p in parts)
        case Not(part):
            return f'(({_compile(part, locate, parameters, depth - 1)}) IS NOT TRUE)'
        case All(path, values):
            whole = And(tuple(Equal(path, v) for v in values)) if values else Or(())
            return _compile(whole, locate, parameters, depth - 1)
        case _:
            _check_path(expression.path)
            return locate(expression.path, _test(expression, parameters, depth))


def _element_nesting(expression: Expression) -> int:
    """Count how deep tests of list elements stand in one another."""
    match expression:
        case And(parts) | Or(parts):
            return max(map(_element_nesting, parts), default=0)
        case Not(part):
            return _element_nesting(part)
        case ElementMatch(_, part):
            return 1 + _element_nesting(part)
    return 0


def _test(  # noqa: PLR0911 - one line per kind of test
    expression: Equal | Compare | In | Exists | TypeIs | Mod | Size | ElementMatch,
    parameters: Parameters,
    depth: int,
) -> Test:
    match expression:
        case Equal(_, value):
            return InTest((value,), parameters)
        case In(_, values):
            return InTest(values, parameters)
        case Compare():
            return CompareTest(expression, parameters)
        case Exists():
            return ExistsTest()
        case TypeIs():
            return TypeTest(expression)
        case Mod():
            return ModTest(expression, parameters)
        case Size(_, n):
            return SizeTest(n)
        case ElementMatch(_, part):
            return _ElementTest(part, parameters, depth - 1)


class _ElementTest(SizeTest):
    """The value is a list, and one of its elements satisfies an expression of its own."""

    def __init__(self, part: Expression, parameters: Parameters, depth: int) -> None:
        super().__init__(0)
        self._part, self._parameters, self._depth = part, parameters, depth

    def on_json(self, json: str) -> str:
        element = self._parameters.variable()

        def locate(path: Path, test: Test) -> str:
            if not path:
                return test.on_json(element)
            root = f"CASE WHEN json_type({element}) = 'OBJECT' THEN {element} END"
            return _through_lists(root, path, test, self._parameters)

        part = _compile(self._part, locate, self._parameters, self._depth)
        return f"(json_type({json}) = 'ARRAY' AND {any_of(elements(json), element, part)})"


def _on_row(path: Path, test: Test, target: Target, parameters: Parameters) -> str:
    if path in SERVER_COLUMNS:
        return test.on_column(*SERVER_COLUMNS[path])
    if derived := target.derived.get(path):
        typed = test.on_column(derived.sql, derived.type)
        return either([typed, f'{derived.sql} IS NULL']) if test.missing else typed
    rest = _in_residual(path, test, target, parameters)
    if column := target.layout.columns.get(path):
        typed = test.on_column(column.sql, column.type)
        if rest == FALSE:
            return typed
        return f'CASE WHEN {column.sql} IS NULL THEN {rest} ELSE {typed} END'
    if below := target.layout.below(path):
        held = either(f'{c.sql} IS NOT NULL' for c in below)
        whole = _on_object(path, test, target, parameters)
        return f'CASE WHEN {held} THEN {whole} ELSE {rest} END'
    return rest


def _on_object(path: Path, test: Test, target: Target, parameters: Parameters) -> str:
    """Test an object of which at least one member stands in a column."""
    if not isinstance(test, InTest):
        return TRUE if test.on_object else FALSE
    return either(
        _is_object(path, value, test, target, parameters)
        for value in test.values
        if isinstance(value, dict)
    )


def _is_object(
    path: Path, value: Document, test: InTest, target: Target, parameters: Parameters
) -> str:
    wanted: Value = value
    for segment in reversed(path):
        wanted = {segment: wanted}
    values, residual = target.layout.split(wanted)
    if not values:
        return FALSE
    cases = [_holds(column, values, parameters) for column in target.layout.below(path)]
    for segment in path:
        residual = (residual or {}).get(segment)
    left = f'json_extract({RESIDUAL}, {parameters.add(pointer(path))})'
    cases.append(test.exactly(left, residual) if residual else f'{left} IS NULL')
    return f'({" AND ".join(cases)})'


def _holds(column: Column, values: dict[str, float | int | str | bool], p: Parameters) -> str:
    if column.name not in values:
        return f'{column.sql} IS NULL'
    return f'{column.sql} IS NOT DISTINCT FROM {p.add(values[column.name])}'


def _in_residual(path: Path, test: Test, target: Target, parameters: Parameters) -> str:
    """Test what the residual holds at a path, given that no column holds any of it."""
    lists = target.profile.through_list(path)
    kinds = target.profile.kinds(path)
    relevant = test.kinds | {'array'} if test.into_lists else test.kinds
    if not lists and not (kinds if test.missing else kinds & relevant):
        return TRUE if test.missing else FALSE
    if lists:
        found = _through_lists(RESIDUAL, path, test, parameters)
    else:
        json = parameters.variable()
        value = f'[json_extract({RESIDUAL}, {parameters.add(pointer(path))})]'
        found = any_of(value, json, _into_list(json, test, parameters, 'array' in kinds))
    # the search for the text is far cheaper than reading JSON
    text = parameters.add(orjson.dumps(_telltale(path, lists)).decode())
    other = TRUE if test.missing else FALSE
    return f'CASE WHEN contains({RESIDUAL}, {text}) THEN {found} ELSE {other} END'


def _telltale(path: Path, lists: bool) -> str:
    """Choose a key without which a residual holds nothing that matters for `path`."""
    if lists:  # a list on the way matters, whether it leads on to the last key or not
        return path[0]
    return next((s for s in reversed(path) if not s.isdecimal()), path[0])


def _into_list(json: str, test: Test, parameters: Parameters, lists: bool = True) -> str:
    whole = test.on_json(json)
    if not (test.into_lists and lists):
        return whole
    element = parameters.variable()
    inside = any_of(elements(json), element, test.on_json(element))
    return either([whole, f"(json_type({json}) = 'ARRAY' AND {inside})"])


def _through_lists(root: str, path: Path, test: Test, parameters: Parameters) -> str:
    """Test all that stands at a path below a JSON object, where any step may meet a list."""
    *way, last = path
    found = f'[{root}]'
    for segment in way:
        found = _step(found, segment, parameters)
    whole = parameters.variable()
    cases = [
        any_of(
            _step(found, last, parameters, indexed=False),
            whole,
            _into_list(whole, test, parameters),
        )
    ]
    if _is_index(last):  # what an index picks is not looked into
        picked, json = _picked(found, last, parameters), parameters.variable()
        cases.append(any_of(picked, json, test.on_json(json)))
    return either(cases)


def _step(found: str, segment: str, parameters: Parameters, *, indexed: bool = True) -> str:
    """Go on from each value: NULL where an object lacks it, nothing from a list's scalars."""
    at = parameters.add(pointer([segment]))
    value, element = parameters.variable(), parameters.variable()
    objects = f"list_filter({elements(value)}, lambda {element}: json_type({element}) = 'OBJECT')"
    members = f'list_transform({objects}, lambda {element}: json_extract({element}, {at}))'
    if indexed and _is_index(segment):
        picked = f'json_extract({value}, {at})'
        containers = f"json_type({picked}) IN ('OBJECT', 'ARRAY')"
        members = (
            f'CASE WHEN {containers} THEN list_append({members}, {picked}) ELSE {members} END'
        )
    return (
        f'flatten(list_transform({found}, lambda {value}: CASE json_type({value})'
        f" WHEN 'OBJECT' THEN [json_extract({value}, {at})]"
        f" WHEN 'ARRAY' THEN {members} ELSE [NULL::JSON] END))"
    )


def _picked(found: str, index: str, parameters: Parameters) -> str:
    at = parameters.add(pointer([index]))
    value = parameters.variable()
    arrays = f"list_filter({found}, lambda {value}: json_type({value}) = 'ARRAY')"
    picked = f'list_transform({arrays}, lambda {value}: json_extract({value}, {at}))'
    return f'list_filter({picked}, lambda {value}: {value} IS NOT NULL)'


def _is_index(segment: str) -> bool:
    return segment.isascii() and segment.isdecimal() and str(int(segment[:20])) == segment[:20]


def _check_path(path: Path) -> None:
    if len(path) > MAX_SEGMENTS:
        raise QueryError(f'a path has more than {MAX_SEGMENTS} segments')
