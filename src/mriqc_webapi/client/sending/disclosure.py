"""What leaves the house: a document by the catalogue's list, and what was left out, with reasons.

Metadata leave only if the catalogue declares them. What each field may tell about people stands
there too (`disclosure`); this module decides what becomes of it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal, get_args

from mriqc_webapi.errors import QueryError
from mriqc_webapi.iqm.definitions import FieldDefinition, Resource
from mriqc_webapi.submissions.privacy import is_private_name, without_addresses

Level = Literal['default', 'strict']
Hashing = Literal['salted', 'mriqc']

LEVELS: Final[tuple[Level, ...]] = ('strict', 'default')  # the stricter first

_HASHED = re.compile(r'[0-9a-f]{64}')
_PREFIX = re.compile(r'^(?:sub|ses)-')


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What somebody agrees to send."""

    level: Level = 'default'
    hashing: Hashing = 'salted'  # of labels: with the dataset's salt, or as MRIQC does
    free_text: bool = False
    email: str = ''  # of the sender; the service never publishes it

    def __post_init__(self) -> None:
        if self.level not in get_args(Level) or self.hashing not in get_args(Hashing):
            raise QueryError(f'there is no such policy: {self}')

    def is_covered_by(self, agreed: Policy) -> bool:
        """Whether who agreed to the other policy agreed to this one."""
        return (
            LEVELS.index(self.level) <= LEVELS.index(agreed.level)
            and self.hashing in {'salted', agreed.hashing}
            and self.free_text <= agreed.free_text
            and self.email in {'', agreed.email}
        )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A member of a document that does not leave."""

    field: str  # dotted wire path
    why: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A document as it leaves."""

    document: dict[str, Any]
    left_out: tuple[LeftOut, ...]
    hashed: tuple[str, ...]  # fields whose value is replaced by a hash


NOT_LISTED: Final = 'not on the list of what is sent'
PRIVATE: Final = 'private'
FREE_TEXT: Final = 'free text; --free-text sends it'
IDENTIFYING: Final = 'could identify; left out by --privacy strict'
SERVERS_OWN: Final = 'set by the service itself'
NESTED: Final = 'an object where the list has a plain value'


def disclose(
    document: Mapping[str, Any], resource: Resource, policy: Policy, *, salt: bytes
) -> Disclosure:
    """Take from a document what a policy lets leave; the document itself is left as it is."""
    sieve = _Sieve(resource, policy, salt)
    public = sieve.members(document, '', None)
    if policy.email:
        public['provenance'] = public.get('provenance', {}) | {'email': policy.email}
    _name_modality(public, resource)
    return Disclosure(public, tuple(sieve.left_out), tuple(sieve.hashed))


def hash_label(field: str, label: str, *, salt: bytes) -> str:
    """Hash the label of a subject or session with a dataset's salt: nobody else can try labels."""
    text = f'{field}\0{_PREFIX.sub("", label)}'
    return hmac.new(salt, text.encode(), sha256).hexdigest()


def mriqc_hash(label: str) -> str:
    """Hash a label as MRIQC does: equal labels of all datasets give equal hashes."""
    return label if _HASHED.fullmatch(label) else sha256(label.encode()).hexdigest()


def why_not(field: FieldDefinition, policy: Policy) -> str | None:
    """Say why a policy does not let a field leave; None: it does."""
    if field.private:
        return PRIVATE
    if field.disclosure == 'free-text' and not policy.free_text:
        return FREE_TEXT
    if field.disclosure == 'identifying' and policy.level == 'strict':
        return IDENTIFYING
    return None


class _Sieve:
    """Goes through one document."""

    def __init__(self, resource: Resource, policy: Policy, salt: bytes) -> None:
        self._resource = resource
        self._policy = policy
        self._salt = salt
        self.left_out: list[LeftOut] = []
        self.hashed: list[str] = []

    def members(
        self, members: Mapping[str, Any], path: str, container: FieldDefinition | None
    ) -> dict[str, Any]:
        public = {}
        for name, value in members.items():
            place = f'{path}{name}'
            why = self._why_not(place, name, value, container)
            if why is not None:
                self.left_out.append(LeftOut(place, why))
                continue
            public[name] = self._shown(place, value)
        return public

    def _why_not(
        self, place: str, name: str, value: Any, container: FieldDefinition | None
    ) -> str | None:
        field = self._resource.field_for(place)
        if name.startswith('_') or (field is not None and field.assigned):
            return SERVERS_OWN
        if field is None:
            return None if _is_harmless(name, value, container) else NOT_LISTED
        if isinstance(value, dict) and field.type != 'object':
            return NESTED
        return why_not(field, self._policy)

    def _shown(self, place: str, value: Any) -> Any:
        field = self._resource.field_for(place)
        if isinstance(value, dict):
            return self.members(value, f'{place}.', field)
        if field is not None and field.disclosure == 'label' and value is not None:
            self.hashed.append(place)
            return self._hash(place, str(value))
        if isinstance(value, list):
            return [_cleaned(element) for element in value if not isinstance(element, dict)]
        return _cleaned(value)

    def _hash(self, place: str, label: str) -> str:
        if self._policy.hashing == 'mriqc':
            return mriqc_hash(label)
        return hash_label(place, label, salt=self._salt)


def _is_harmless(name: str, value: Any, container: FieldDefinition | None) -> bool:
    """Whether a member that nobody declared is a number beside numbers: a new IQM, a setting."""
    beside_numbers = container is None or container.role == 'provenance'
    is_number = value is None or isinstance(value, bool | int | float)
    return beside_numbers and is_number and not is_private_name(name)


def _cleaned(value: Any) -> Any:
    return without_addresses(value) if isinstance(value, str) else value


def _name_modality(public: dict[str, Any], resource: Resource) -> None:
    """Add what the file's place says and the oldest files do not."""
    meta = public.get('bids_meta')
    if resource.modality is not None and isinstance(meta, dict):
        meta.setdefault('modality', resource.modality)


def fields_that_leave(resource: Resource, policy: Policy) -> list[FieldDefinition]:
    """List the metadata and provenance that a policy lets leave."""
    return [
        field
        for field in resource.fields
        if field.role in {'metadata', 'provenance'}
        and field.type != 'object'
        and why_not(field, policy) is None
    ]
