"""What the catalogue says: resources and their fields. Wire names are MRIQC's and BIDS's."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from mriqc_webapi.iqm.references import Reference

FieldType = Literal['float', 'integer', 'string', 'boolean', 'object', 'list']
Better = Literal['lower', 'higher', 'neither']
Role = Literal['iqm', 'metadata', 'provenance', 'rating', 'telemetry']
Kind = Literal['iqm', 'rating', 'telemetry']
# what a field may tell about people, for clients that decide what to send; see docs/submit.md
Disclosure = Literal['open', 'label', 'identifying', 'free-text']

# how a shell's number stands in a name: MRIQC writes `efc_shell01` but `snr_cc_shell1_best`
SHELL_PLACEHOLDERS = {'{NN}': r'\d{2}', '{N}': r'\d+'}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """One field of a record, as its software writes it."""

    name: str  # the dotted wire path: 'cjv', 'bids_meta.EchoTime', 'provenance.settings.fd_thres'
    type: FieldType
    role: Role
    unit: str = ''  # UCUM code: 'mm', 's', or '1' for a ratio; '' for what has no unit
    required: bool = False  # within its object: nothing is missing from an object that is absent
    better: Better = 'neither'
    meaning: str  # one sentence
    source: str = ''  # key of Catalogue.references
    private: bool = False  # split off before the public document exists
    assigned: bool = False  # by the service, never by who sends a record
    disclosure: Disclosure = 'open'
    per_shell: bool = False  # `name` is a pattern: {NN} two digits, {N} one or more

    @property
    def path(self) -> tuple[str, ...]:
        """The segments of the wire path."""
        return tuple(self.name.split('.'))


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One collection of records: what a software posts for one kind of image, or a rating."""

    name: str  # as in the address: 'T1w', 'nipype_telemetry'
    title: str  # as in `_links`: 'T1w', 'Nipype_telemetry'
    kind: Kind
    meaning: str
    fields: tuple[FieldDefinition, ...]  # in the order of the catalogue file
    md5_field: str | None  # dotted path of the scan's MD5: 'provenance.md5sum', 'md5sum', None
    software_field: str | None  # 'provenance.software'
    version_field: str | None  # 'provenance.version'
    modality: str | None = None  # what bids_meta.modality should say

    @cached_property
    def by_name(self) -> dict[str, FieldDefinition]:
        """The fields with a fixed name, by dotted wire path."""
        return {f.name: f for f in self.fields if not f.per_shell}

    @cached_property
    def columns(self) -> tuple[FieldDefinition, ...]:
        """The public fields that have a column of their own: fixed name, scalar type."""
        nested = {'object', 'list'}
        return tuple(f for f in self.by_name.values() if not f.private and f.type not in nested)

    def field_for(self, name: str) -> FieldDefinition | None:
        """Find the definition of a dotted wire path; ``efc_shell02`` gives ``efc_shell{NN}``'s."""
        found = self.by_name.get(name)
        if found is None and self._shell_patterns:
            return next((f for p, f in self._shell_patterns if p.fullmatch(name)), None)
        return found

    @cached_property
    def _shell_patterns(self) -> tuple[tuple[re.Pattern[str], FieldDefinition], ...]:
        return tuple((_shell_pattern(f.name), f) for f in self.fields if f.per_shell)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Every resource this service knows, by name, in a stable order."""

    resources: dict[str, Resource]
    references: dict[str, Reference] = field(default_factory=dict)  # by FieldDefinition.source

    def __getitem__(self, name: str) -> Resource:
        return self.resources[name]

    def __contains__(self, name: object) -> bool:
        return name in self.resources


def _shell_pattern(name: str) -> re.Pattern[str]:
    pattern = re.escape(name)
    for placeholder, digits in SHELL_PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), digits)
    return re.compile(pattern, re.ASCII)
