"""The records in files and folders: MRIQC's derivatives of any layout, tables, PCP-QAP's CSVs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from mriqc_webapi.client.sending.dataset import FOLDER, Dataset, find_dataset
from mriqc_webapi.client.sending.summary import NotTaken
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.settings import Limits
from mriqc_webapi.submissions.sources import SourceLine, find_sources, read_source

KIND: Final = 'iqm'  # what is sent; ratings go their own way


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One record as it was found."""

    resource: str
    document: dict[str, Any]
    dataset: Dataset | None  # None: it came as it is, from no file
    source: str  # file, or file and line, within the dataset
    file: Path | None = None

    @property
    def digest(self) -> str:
        """What it is known again by; the order of members does not count."""
        said = [self.resource, self.document]
        return hashlib.sha256(canonical_json(said)).hexdigest()


class Finder:
    """Finds records.

    Parameters
    ----------
    resource : str, optional
        Where all records belong. Else files or records tell.
    state : Path
        The user's own folder for program state.
    """

    def __init__(
        self, catalogue: Catalogue, limits: Limits, *, resource: str | None, state: Path
    ) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._resource = resource
        self._state = state

    def in_files(self, paths: Iterable[Path]) -> Iterator[Found | NotTaken]:
        """Find the records in files and folders, each file once.

        Raises
        ------
        NotFoundError
            There is no such file or folder.
        """
        seen: set[Path] = set()
        for path in paths:
            if not path.exists():
                raise NotFoundError(f'there is no {path}')
            for file in self._files(path):
                dataset = find_dataset(path if path.is_dir() else file, self._state)
                real = file.resolve()
                if real not in seen:
                    seen.add(real)
                    yield from self._in_file(file, dataset, is_named=not path.is_dir())

    def in_documents(
        self, documents: Iterable[Mapping[str, Any]], dataset: Dataset | None
    ) -> Iterator[Found | NotTaken]:
        """Take records as they are."""
        for number, document in enumerate(documents, start=1):
            source = f'record {number}'
            plain = orjson.loads(canonical_json(document))  # whatever numbers are made of
            resource = self._resource or self._resource_of(plain)
            if resource is None:
                yield NotTaken(source=source, reason='nothing says which resource this is')
            else:
                yield Found(resource=resource, document=plain, dataset=dataset, source=source)

    def _files(self, path: Path) -> Iterator[Path]:
        for file in find_sources(path, self._catalogue):
            if FOLDER not in file.parts:
                yield file

    def _in_file(
        self, file: Path, dataset: Dataset, *, is_named: bool
    ) -> Iterator[Found | NotTaken]:
        source = _within(file, dataset.root)
        try:
            lines = read_source(
                file, catalogue=self._catalogue, limits=self._limits, resource=self._resource
            )
            for line in lines:
                found = self._of_line(line, source, dataset, is_named=is_named)
                if found is not None:
                    yield found
        except OSError as error:
            yield NotTaken(source=source, reason=f'cannot be read: {error.strerror or error}')

    def _of_line(
        self, line: SourceLine, source: str, dataset: Dataset, *, is_named: bool
    ) -> Found | NotTaken | None:
        source = source if line.line_no == 1 else f'{source}:{line.line_no}'
        if line.error:
            return NotTaken(source=source, reason=line.error)
        if line.resource not in self._catalogue:
            return NotTaken(source=source, reason=f'there is no resource {line.resource!r}')
        resource = self._catalogue[line.resource]
        if resource.kind != KIND:
            return NotTaken(source=source, reason='not IQMs') if is_named else None
        if not is_named and _is_sidecar(line.document, resource):
            return None
        return Found(
            resource=line.resource,
            document=line.document,
            dataset=dataset,
            source=source,
            file=line.file,
        )

    def _resource_of(self, document: Mapping[str, Any]) -> str | None:
        meta = document.get('bids_meta')
        told = meta.get('modality') if isinstance(meta, Mapping) else None
        taking = (r for r in self._catalogue.resources.values() if r.kind == KIND and r.modality)
        return next((r.name for r in taking if r.modality == told), None)


def canonical_json(value: Any) -> bytes:
    """Write JSON that is the same whatever the order of members; what is no number is null."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY
    try:
        return orjson.dumps(value, option=options)
    except TypeError:  # an integer beyond 64 bits, or what is no JSON at all
        return orjson.dumps(_plain(value), option=options)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value) if abs(value) < 10**308 else math.inf
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _is_sidecar(document: Mapping[str, Any], resource: Resource) -> bool:
    """Whether a file beside records only describes an image, as BIDS sidecars do."""
    is_iqm = (field.name in document for field in resource.fields if field.role == KIND)
    return 'provenance' not in document and not any(is_iqm)


def _within(file: Path, root: Path) -> str:
    resolved = file.resolve()
    return str(resolved.relative_to(root) if resolved.is_relative_to(root) else resolved)
