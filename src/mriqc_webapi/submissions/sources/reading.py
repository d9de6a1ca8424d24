"""One raw line made into a document of a known resource, or a reason why not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mriqc_webapi.errors import BrokenBodyError, SubmissionError
from mriqc_webapi.iqm.definitions import Catalogue
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.parse import parse_json
from mriqc_webapi.submissions.sources import extended_json, group_tables, qap_tables
from mriqc_webapi.submissions.sources.naming import resource_in_name
from mriqc_webapi.submissions.sources.splitting import RawLine, SourceFile, SourceReader


class SourceLine(NamedTuple):
    """One line of a file: a document to be checked, or the reason why there is none."""

    file: Path
    line_no: int
    resource: str
    document: dict[str, Any]
    text: bytes  # as it stands in the file
    error: str = ''
    keeps_identity: bool = False  # as served or dumped, with id and dates


def read_source(
    path: Path, *, catalogue: Catalogue, limits: Limits, resource: str | None = None
) -> Iterator[SourceLine]:
    """Read a file of submissions.

    Parameters
    ----------
    path : Path
        NDJSON as posted or as served, a JSON document or array, MongoDB's extended JSON, a group
        table of MRIQC or a table of PCP-QAP; plain, ``.gz`` or ``.zst``.
    catalogue : Catalogue
        The resources there are.
    limits : Limits
        How large and deep a line may be.
    resource : str, optional
        Where all lines belong. Else the file's name tells, else each line's modality.
    """
    with SourceReader(path, resource=resource) as reader:
        parse = LineParser(reader.source, catalogue, limits)
        for raw in reader:
            yield parse(raw)


class LineParser:
    """Parses the lines of one file."""

    def __init__(self, source: SourceFile, catalogue: Catalogue, limits: Limits) -> None:
        self._source = source
        self._catalogue = catalogue
        self._limits = limits
        self._resource = source.resource or resource_in_name(source.path.name, catalogue)
        self._by_modality = {
            r.modality: r.name for r in reversed(catalogue.resources.values()) if r.modality
        }

    def __call__(self, raw: RawLine) -> SourceLine:
        """Parse one line; what is wrong with it becomes its ``error``."""
        try:
            if raw.error:
                raise BrokenBodyError(raw.error)
            document = self._document(raw.text)
            resource = self._resource or self._resource_of(document)
        except RecursionError:
            return self._refused(raw, 'nested too deeply')
        except (SubmissionError, ValueError, OSError) as error:
            return self._refused(raw, str(error))
        return SourceLine(
            file=self._source.path,
            line_no=raw.line_no,
            resource=resource,
            document=document,
            keeps_identity='_id' in document,
            text=raw.text,
        )

    def _refused(self, raw: RawLine, reason: str) -> SourceLine:
        return SourceLine(
            file=self._source.path,
            line_no=raw.line_no,
            resource='',
            document={},
            text=raw.text,
            error=reason,
        )

    def _resource_of(self, document: dict[str, Any]) -> str:
        meta = document.get('bids_meta')
        modality = meta.get('modality') if isinstance(meta, dict) else None
        if not isinstance(modality, str):
            raise BrokenBodyError('nothing says which resource this is: name it with --resource')
        if modality not in self._by_modality:
            raise BrokenBodyError(f'no resource takes the modality {modality!r}')
        return self._by_modality[modality]

    def _document(self, text: bytes) -> dict[str, Any]:
        if not self._source.columns:
            return _parse(text, self._limits)
        row = group_tables.cells(text, self._source.columns, self._source.delimiter)
        if self._resource is None:
            raise BrokenBodyError('the table does not say its resource: name it with --resource')
        resource = self._catalogue[self._resource]
        if qap_tables.is_of_qap(resource):
            return qap_tables.document(row, resource)
        if group_tables.names_its_md5(row, resource):
            return group_tables.document(row, resource)
        bids_name = row.get(group_tables.NAME_COLUMN, '')
        beside = group_tables.record_beside(self._source.path, bids_name)
        if beside is None:
            raise BrokenBodyError(
                f'the row does not name the MD5 of its image, and there is no {bids_name}.json '
                'beside the table that would'
            )
        return _parse(beside.read_bytes(), self._limits)


def _parse(text: bytes, limits: Limits) -> dict[str, Any]:
    document = parse_json(text, limits)
    if b'$' in text and b'"$' in text:  # one byte is looked for five times as fast
        document = extended_json.plain(document)
    if not isinstance(document, dict):
        raise BrokenBodyError(f'not a JSON object but a {type(document).__name__}')
    return document
