"""One document against its resource: refused in Eve's words, or a checked submission."""

from typing import Any

from mriqc_webapi.errors import BrokenBodyError, InvalidDocumentError, LimitError
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.examination import Examination
from mriqc_webapi.submissions.findings import Findings
from mriqc_webapi.submissions.levels import hot_paths, lay_out
from mriqc_webapi.submissions.limits import check_limits
from mriqc_webapi.submissions.nesting import DottedNameError, nest
from mriqc_webapi.submissions.submission import Submission

MAX_HOT_CHARS = 256  # of the texts with an indexed column: MD5, software, version, data hash

_NO_SCAN = frozenset({'', 'unspecified'})  # what the rating widget sends for a report without MD5


def split_documents(parsed: Any, limits: Limits) -> list[Any]:
    """Return the documents of a body: the one it is, or those of an array.

    Raises
    ------
    BrokenBodyError
        Neither an object nor an array of something.
    LimitError
        The array is too long.
    """
    if isinstance(parsed, dict):
        return [parsed]
    if not isinstance(parsed, list) or not parsed:
        raise BrokenBodyError('the body is neither an object nor an array of objects')
    if len(parsed) > limits.max_documents:
        raise LimitError(f'more than {limits.max_documents} documents in one array')
    return parsed


class Checker:
    """Checks the documents of one resource; made once, then called from any thread."""

    def __init__(self, resource: Resource, *, limits: Limits) -> None:
        self._resource = resource
        self._limits = limits
        self._root = lay_out(resource)
        self._hot = frozenset(hot_paths(resource))
        self._md5sum = _segments(resource.md5_field)
        self._software = _segments(resource.software_field)
        self._version = _segments(resource.version_field)
        self._data_hash = (*self._md5sum[:-1], 'data_hash') if self._md5sum else ()

    def __call__(self, document: object, *, keep_identity: bool = False) -> Submission:
        """Check one parsed document; the document itself is left as it is.

        Parameters
        ----------
        document
            Any JSON value; floats may be NaN or infinite.
        keep_identity
            Take ``_created`` and ``_etag`` from the document, as an import does. ``_id`` is
            honoured in any case.

        Raises
        ------
        InvalidDocumentError
            Carries the issues.
        LimitError
            Too deep, too wide, or a name or text too long.
        """
        if not isinstance(document, dict):
            text = f"'{str(document)[:80]}' is not a document, must be a dict"
            raise InvalidDocumentError({'validation exception': text})
        try:
            return self._check(document, keep_identity=keep_identity)
        except DottedNameError:
            check_limits(document, self._limits)
            nested = nest(document)
        check_limits(nested, self._limits)
        return self._check(nested, keep_identity=keep_identity)

    def _check(self, document: dict[str, Any], *, keep_identity: bool) -> Submission:
        findings = Findings()
        examine = Examination(
            self._resource,
            self._hot,
            findings,
            limits=self._limits,
            keep_identity=keep_identity,
        )
        public = examine.check_object(self._root, document)
        md5sum = _hot_text(public, self._md5sum, findings)
        software = _hot_text(public, self._software, findings)
        version = _hot_text(public, self._version, findings)
        if findings.refusals:
            raise InvalidDocumentError(findings.issues())
        self._compare_modality(public, findings)
        return Submission(
            resource=self._resource.name,
            document=public,
            private=findings.private,
            notes=tuple(findings.notes.values()),
            md5sum=None if md5sum.strip().lower() in _NO_SCAN else md5sum,
            software=software,
            version=version,
            data_hash=_short_text(_value_at(public, self._data_hash)),
            **findings.identity,
        )

    def _compare_modality(self, public: dict[str, Any], findings: Findings) -> None:
        expected = self._resource.modality
        told = _value_at(public, ('bids_meta', 'modality'))
        if expected is not None and isinstance(told, str) and told != expected:
            findings.note_value(
                'bids_meta.modality', 'modality', told, expected=expected, got='another'
            )


def _segments(path: str | None) -> tuple[str, ...]:
    return tuple(path.split('.')) if path else ()


def _value_at(public: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return None
    for name in path:
        public = public.get(name) if isinstance(public, dict) else None
    return public


def _hot_text(public: dict[str, Any], path: tuple[str, ...], findings: Findings) -> str:
    text = _value_at(public, path)
    if not isinstance(text, str):
        return ''
    if len(text) > MAX_HOT_CHARS:
        findings.refuse('.'.join(path), f'max length is {MAX_HOT_CHARS}')
    if '\0' in text:  # PostgreSQL's text cannot hold it
        findings.refuse('.'.join(path), 'null character not allowed')
    return text


def _short_text(value: object) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= MAX_HOT_CHARS and '\0' not in value:
        return value
    return None
