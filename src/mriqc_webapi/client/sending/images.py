"""The image that a record is about, where it is at hand: for its hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mriqc_webapi.client.sending.finding import Found
from mriqc_webapi.errors import ImageError
from mriqc_webapi.submissions.image_hashes import SUFFIXES, image_hashes

_DATATYPES: Final = ('anat', 'func', 'dwi')
_OF_QAP: Final = {'anatomical': 'T1w', 'functional': 'bold'}
_EARLIER_NAMES: Final = re.compile(r'^(?:sub|ses|session|run)[-_]', re.IGNORECASE)


class Images:
    """Finds images in a BIDS dataset.

    Parameters
    ----------
    bids_dir : Path, optional
        None: it is looked for around the records: a dataset in whose `derivatives` they are.
    """

    def __init__(self, bids_dir: Path | None) -> None:
        self._bids_dir = bids_dir

    def with_hashes(self, found: Found) -> tuple[dict[str, Any], str]:
        """Add what an image's file tells to a record; gives a note if it could not be used."""
        provenance = found.document.get('provenance')
        if not isinstance(provenance, dict) or provenance.get('data_hash'):
            return found.document, ''
        image = self._find(found)
        if image is None:
            return found.document, ''
        try:
            hashes = image_hashes(image)
        except ImageError as error:
            return found.document, f'no data_hash: {error}'
        if provenance.get('md5sum') not in {None, hashes.md5sum}:
            return found.document, f'no data_hash: {image.name} is not the file it was'
        added = {'md5sum': hashes.md5sum, 'data_hash': hashes.data_hash}
        return found.document | {'provenance': provenance | added}, ''

    def _find(self, found: Found) -> Path | None:
        for folder in self._folders(found):
            images = list(_named_like(found, folder)) or list(_of_qap(found, folder))
            if len(images) == 1:
                return images[0]
        return None

    def _folders(self, found: Found) -> Iterator[Path]:
        if self._bids_dir is not None:
            yield self._bids_dir
        elif found.dataset is not None:
            root = found.dataset.root
            yield root
            if root.parent.name == 'derivatives':
                yield root.parent.parent


def has_md5(found: Found) -> bool:
    """Whether a record itself says which image it is about."""
    provenance = found.document.get('provenance')
    return isinstance(provenance, dict) and bool(provenance.get('md5sum'))


def _named_like(found: Found, folder: Path) -> Iterator[Path]:
    """Find the image whose name is that of the record's file."""
    if found.file is None or found.resource.startswith('qap_'):
        return
    name = found.file.name.partition('.')[0]
    parts = [part for part in name.split('_') if part.startswith(('sub-', 'ses-'))]
    for datatype in _DATATYPES:
        for suffix in SUFFIXES:
            image = folder.joinpath(*parts, datatype, name + suffix)
            if image.is_file():
                yield image


def _of_qap(found: Found, folder: Path) -> Iterator[Path]:
    """Find the image of a PCP-QAP row by subject, session and series; several are none."""
    kind = found.resource.removeprefix('qap_').partition('_')[0]
    meta = found.document.get('bids_meta')
    if kind not in _OF_QAP or not isinstance(meta, dict):
        return
    subject = folder / f'sub-{_label(meta.get("subject_id"))}'
    for suffix in SUFFIXES:
        for image in sorted(subject.rglob(f'*_{_OF_QAP[kind]}{suffix}')):
            if _agrees(image.name, 'ses', meta.get('session_id')) and _is_series(
                image.name, meta.get('run_id')
            ):
                yield image


def _agrees(name: str, entity: str, said: Any) -> bool:
    told = re.search(rf'_{entity}-([^_]+)', name)
    return told is None or said is None or told[1].lstrip('0') == _label(said).lstrip('0')


def _is_series(name: str, said: Any) -> bool:
    """Whether an image may be the series that QAP calls ``anat_1`` or ``rest_2``."""
    number = re.search(r'(\d+)$', str(said or ''))
    run = re.search(r'_run-0*(\d+)', name)
    return number is None or run is None or number[1].lstrip('0') == run[1]


def _label(said: Any) -> str:
    return _EARLIER_NAMES.sub('', str(said))
