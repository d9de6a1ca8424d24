"""A document gone through once: what fits is taken over as it is, the rest looked at again."""

from typing import Any

from mriqc_webapi.iqm.definitions import FieldDefinition, Resource
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.coercion import Cast, cast, number_as_text
from mriqc_webapi.submissions.findings import (
    ASSIGNED,
    NULL,
    REQUIRED,
    UNKNOWN,
    Findings,
    kind_name,
    wrong_type,
)
from mriqc_webapi.submissions.identity import RESERVED, read_reserved
from mriqc_webapi.submissions.levels import Level
from mriqc_webapi.submissions.limits import check_count, check_limits, check_names
from mriqc_webapi.submissions.nesting import DottedNameError, as_storable, is_dotted
from mriqc_webapi.submissions.parse import INT64
from mriqc_webapi.submissions.privacy import (
    REMOVED,
    holds_address,
    is_private_name,
    may_be_private,
    redact,
)
from mriqc_webapi.submissions.submission import NoteKind

MAX_SHELL_NAMES = 512  # names like `efc_shell01` that one level remembers

_NO_ADDRESS = 'must not be an e-mail address'


class Examination:
    """One document on its way through the levels of its resource.

    A value of its declared type costs a look-up and a comparison; everything else goes through
    :meth:`_look_again`, which may take its time.
    """

    __slots__ = ('_findings', '_hot', '_keep_identity', '_limits', '_n_members', '_resource')

    def __init__(
        self,
        resource: Resource,
        hot: frozenset[str],
        findings: Findings,
        *,
        limits: Limits,
        keep_identity: bool,
    ) -> None:
        self._resource = resource
        self._hot = hot
        self._findings = findings
        self._limits = limits
        self._n_members = 0
        self._keep_identity = keep_identity

    def check_object(self, level: Level, sent: dict[str, Any]) -> dict[str, Any]:  # noqa: C901, PLR0912 - one loop, hot
        """Return the public form of one object of the document."""
        self._count(len(sent))
        longest = self._limits.max_text_chars
        public = sent.copy()  # most members stay as they are, and all in their order
        kinds = level.kinds
        for name, value in sent.items():
            kind = kinds.get(name)
            if kind is float:
                if type(value) is float:
                    if value - value == 0.0:  # neither NaN nor infinite
                        continue
                elif type(value) is int and -INT64 <= value < INT64:
                    public[name] = float(value)
                    continue
            elif type(value) is kind:
                if kind is dict:
                    public[name] = self.check_object(level.objects[name], value)
                    continue
                if kind is str:
                    if '@' not in value and len(value) <= longest:
                        continue
                elif -INT64 <= value < INT64:  # an integer or a boolean
                    continue
            kept: dict[str, Any] = {}
            self._look_again(level, kept, name, value)
            if name in kept:
                public[name] = kept[name]
            else:
                del public[name]
        names = sent.keys()
        if not (names >= level.must and names >= level.should):
            self._miss(level, sent)
        return public

    def _count(self, n_members: int) -> None:
        self._n_members += n_members
        check_count(self._n_members, self._limits)

    def _miss(self, level: Level, sent: dict[str, Any]) -> None:
        for name in sorted(level.must - sent.keys()):
            self._findings.refuse(f'{level.path}{name}', REQUIRED)
        for name in sorted(level.should - sent.keys()):
            path, expected = f'{level.path}{name}', level.fields[name].type
            self._findings.note(path, 'absent', expected=expected, got='nothing')
            self._findings.tolerate(path, REQUIRED)

    def _look_again(self, level: Level, public: dict[str, Any], name: str, value: Any) -> None:
        is_known = name in RESERVED
        if not is_known and is_dotted(name):
            raise DottedNameError
        if level.path == '' and (is_known or (name[:1] == '_' and not holds_address(name))):
            read_reserved(name, value, self._findings, keep_identity=self._keep_identity)
            return
        path = f'{level.path}{name}'
        self._count(check_limits(value, self._limits, path=path, depth=level.depth))
        field = level.fields.get(name) or self._shell_field(level, name)
        if field is not None and field.assigned and not self._keep_identity:
            self._findings.refuse(path, ASSIGNED)
        elif field is not None and field.private:
            self._findings.hide(path, as_storable(value, []), noted_at=path)
        elif name in level.objects:
            self._take_no_object(level, public, name, value)
        elif field is not None:
            self._take_deviating(level, public, field, name, value)
        else:
            self._take_unknown(level, public, name, value)

    def _shell_field(self, level: Level, name: str) -> FieldDefinition | None:
        field = self._resource.field_for(f'{level.path}{name}')
        if field is not None and len(level.fields) < MAX_SHELL_NAMES:
            level.remember(name, field)
        return field

    def _take_no_object(self, level: Level, public: dict[str, Any], name: str, value: Any) -> None:
        path = f'{level.path}{name}'
        word = NULL if value is None else wrong_type('object')
        if name in level.must:
            self._findings.refuse(path, word)
            return
        self._findings.tolerate(path, word)
        kept = self._keep(level, public, name, value)
        deviation: NoteKind = 'null' if value is None else 'type'
        got = kind_name(value)
        self._findings.note_value(path, deviation, kept, expected='object', got=got)

    def _take_deviating(
        self,
        level: Level,
        public: dict[str, Any],
        field: FieldDefinition,
        name: str,
        value: Any,
    ) -> None:
        path = f'{level.path}{name}'
        result = self._cast(level, name, value, field)
        if result.value is None and name in level.never_null:
            self._findings.refuse(path, NULL)
            return
        if not result.fits and name in level.strict:
            self._findings.refuse(path, wrong_type(field.type))
            return
        kept = self._keep(level, public, name, result.value)
        if result.deviation is None:
            return
        if value is None or not result.fits:
            self._findings.tolerate(path, NULL if value is None else wrong_type(field.type))
        got = kind_name(value)
        shown = as_storable(value, []) if result.fits else kept
        self._findings.note_value(path, result.deviation, shown, expected=field.type, got=got)

    def _cast(self, level: Level, name: str, value: Any, field: FieldDefinition) -> Cast:
        if isinstance(value, bool) and field.type != 'boolean' and name not in level.strict:
            return Cast(value, 'type', fits=False)  # BIDS once said PartialFourier: true
        rates = field.name == 'rating' and self._resource.kind == 'rating'
        if rates and isinstance(value, int | float) and not isinstance(value, bool):
            number = as_storable(value, [])
            return Cast(None if number is None else number_as_text(number))
        return cast(value, field.type)

    def _take_unknown(self, level: Level, public: dict[str, Any], name: str, value: Any) -> None:
        path = f'{level.path}{name}'
        check_names((name,), self._limits, path=level.path[:-1])
        if holds_address(name):
            storable = as_storable(value, [])
            self._findings.hide(path, storable, noted_at=f'{level.path}{REMOVED}')
            return
        if is_private_name(name):
            self._findings.hide(path, as_storable(value, []), noted_at=path)
            return
        kept = self._keep(level, public, name, value)
        expected, got = 'no such field', kind_name(value)
        self._findings.note_value(path, 'unknown', kept, expected=expected, got=got)
        if not level.is_open:
            self._findings.tolerate(path, UNKNOWN)

    def _keep(self, level: Level, public: dict[str, Any], name: str, value: Any) -> Any:
        """Put a value into the public object, without what must not be there; return that."""
        path = f'{level.path}{name}'
        lost: list[str] = []
        storable = as_storable(value, lost)
        if lost:
            self._findings.note(
                path, 'not-finite', expected='finite', got=lost[0], example=lost[0]
            )
        kept = storable
        if may_be_private(storable):
            kept = redact(storable, path, self._findings, noted_at=path)
        if path in self._hot and kept != storable:
            self._findings.refuse(path, _NO_ADDRESS)
        if kept is not None or storable is None:
            public[name] = kept
        elif name in level.must or name in level.should:
            public[name] = kept = REMOVED
        return kept
