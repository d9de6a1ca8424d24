"""What of an archive is passed on, and what of each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.client.sending.disclosure import Policy, disclose
from mriqc_webapi.errors import QueryError, SetupError
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.query.expression import And, Expression, In, ObjectId
from mriqc_webapi.query.where import parse_where
from mriqc_webapi.settings import Settings
from mriqc_webapi.store.passing import State
from mriqc_webapi.store.records import Change

ASSIGNED_TO_RATINGS: Final = ('amends', 'rater')
LEVELS: Final = ('default', 'strict')
CHOICES: Final = ('pass', 'hold', 'keep')
_STATES: Final[dict[str, State]] = {'pass': 'pending', 'hold': 'held', 'keep': 'kept'}
# labels as MRIQC hashes them: what is hashed already stays as it is
_STRICT: Final = Policy(level='strict', hashing='mriqc')


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """What is passed on, held for approval or kept, and what is left out of each record."""

    choice: str = 'pass'  # of `CHOICES`: what becomes of a record that may go
    where: Expression | None = None  # what else is kept; None: nothing
    strip: tuple[str, ...] = ()  # dotted wire paths; of an object, all of it
    level: str = 'default'

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue) -> Self:
        """Read the policy that the settings name.

        Raises
        ------
        SetupError
            They name what does not exist, or strip what every archive asks for.
        """
        strip = tuple(p.strip() for p in settings.relay_strip.split(',') if p.strip())
        for path in strip:
            _require_optional(path, catalogue)
        for name, value, known in (
            ('relay_policy', settings.relay_policy, CHOICES),
            ('relay_privacy', settings.relay_privacy, LEVELS),
        ):
            if value not in known:
                raise SetupError(f'{name} is {value!r}: it is one of {", ".join(known)}')
        try:
            where = parse_where(settings.relay_where) if settings.relay_where.strip() else None
        except QueryError as error:
            raise SetupError(f'relay_where={settings.relay_where!r}: {error}') from None
        return cls(
            choice=settings.relay_policy,
            where=where,
            strip=strip,
            level=settings.relay_privacy,
        )

    def decide(self, changes: Sequence[Change], archive: Archive) -> list[State]:
        """Say of each record that was stored what becomes of it.

        Raises
        ------
        BusyError
            The copy that answers filters is not there just now.
        """
        stored = [change for change in changes if change.doc is not None]
        state = _STATES[self.choice]
        if self.where is None:
            return [state] * len(stored)
        wanted = _matching(stored, self.where, archive)
        return [state if change.id in wanted else 'kept' for change in stored]

    def leaving(self, document: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
        """Make a record ready to leave; what is kept here stays whole."""
        public = _undressed(document)
        if self.level == 'strict':
            kept = {n: public[n] for n in ASSIGNED_TO_RATINGS if n in public}
            own = kept if resource.kind == 'rating' else {}
            public = disclose(public, resource, _STRICT, salt=b'').document | own
        for path in self.strip:
            public = _without(public, path.split('.'))
        return public


def _matching(stored: Sequence[Change], where: Expression, archive: Archive) -> set[str]:
    found: set[str] = set()
    by_resource: dict[str, list[Change]] = {}
    for change in stored:
        by_resource.setdefault(change.resource, []).append(change)
    for resource, changes in by_resource.items():
        ids = In(('_id',), tuple(ObjectId(change.id) for change in changes))
        numbers = archive.find(resource, where=And((ids, where)), limit=len(changes)).seqs
        matched = set(numbers)
        found |= {change.id for change in changes if change.seq in matched}
    return found


def _require_optional(path: str, catalogue: Catalogue) -> None:
    for resource in catalogue.resources.values():
        field = resource.by_name.get(path)
        if field is not None and field.required and resource.kind == 'iqm':
            raise SetupError(
                f'{path} cannot be stripped: no archive takes records of {resource.name} without'
            )


def _undressed(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if not name.startswith('_')}


def _without(members: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    first, *rest = path
    kept = {name: value for name, value in members.items() if name != first}
    if rest and isinstance(members.get(first), dict):
        kept = dict(members) | {first: _without(members[first], rest)}
    elif rest:
        kept = dict(members)
    return kept


def content_to_send(policy: RelayPolicy, doc: str, resource: Resource) -> bytes:
    """Write a stored record as it leaves: with the id and the date that it has here."""
    document = orjson.loads(doc)
    identity = {name: document[name] for name in ('_id', '_created')}
    return orjson.dumps(policy.leaving(document, resource) | identity)
