"""PCP-QAP's tables (``qap_anatomical_spatial.csv``): one row of measures per image.

Two generations of column names are known: those up to 1.0.7 (``mean_fd``, ``qi1``), which the
catalogue has, and those of 1.0.8 (``RMSD (Mean)``, ``Qi1``), which were made for display. No table
names the MD5 of its images; who adds a column ``md5sum`` is understood. Columns that are neither
measures nor identity, such as what 1.0.8 copies from the NIfTI header, are left out.
"""

import re
from typing import Any, Final

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.submissions.sources.group_tables import is_missing, put, value_of

SOFTWARE: Final = 'PCP-QAP'
UNKNOWN_VERSION: Final = 'unknown'  # tables up to 1.0.7 do not say it

_RENAMED: Final = {  # as 1.0.8 writes it, in lower case, and as the catalogue has it
    'rmsd (mean)': 'mean_fd',
    'quality (mean)': 'quality',
    'fraction of outliers (mean)': 'outlier',
    'std. dvars (mean)': 'dvars',
    'std dvars (mean)': 'dvars',
}
_IDENTITY: Final = {
    'participant': 'bids_meta.subject_id',
    'subject': 'bids_meta.subject_id',
    'subject_id': 'bids_meta.subject_id',
    'session': 'bids_meta.session_id',
    'session_id': 'bids_meta.session_id',
    'series': 'bids_meta.run_id',
    'scan': 'bids_meta.run_id',
    'run': 'bids_meta.run_id',
    'md5sum': 'provenance.md5sum',
    'provenance.md5sum': 'provenance.md5sum',
    'version': 'provenance.version',
}
_PIPELINE: Final = 'qap_pipeline_id'
_VERSION: Final = re.compile(r'version\s+(\S+)', re.IGNORECASE)


def is_of_qap(resource: Resource) -> bool:
    """Whether a resource is one of PCP-QAP's."""
    return resource.name.startswith('qap_')


def document(row: dict[str, str], resource: Resource) -> dict[str, Any]:
    """Build the document that a row stands for."""
    document: dict[str, Any] = {
        'bids_meta': {},
        'provenance': {'software': SOFTWARE, 'version': _version(row)},
    }
    fields = {name.lower(): name for name in resource.by_name}
    for column, text in row.items():
        name = column.strip().lower()
        path = _IDENTITY.get(name) or fields.get(_RENAMED.get(name, name))
        if path is not None and not is_missing(text):
            put(document, path, value_of(text.strip(), path, resource))
    return document


def _version(row: dict[str, str]) -> str:
    said = next((text for column, text in row.items() if column.lower() == _PIPELINE), '')
    found = _VERSION.search(said)
    return found[1] if found else UNKNOWN_VERSION
