"""Records of the heads of `heads`, and reports of both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mriqc_webapi.extract.maps import AnatomicalMaps, FunctionalMaps, Traces
from mriqc_webapi.extract.report import write_report
from mriqc_webapi.iqm.loader import load_catalogue
from tests.extract.report.heads import MD5

CATALOGUE = load_catalogue()
SOFTWARE = 'mriqc-webapi-extract'
NO_TR = 'a 3-D image has no time between volumes'


def record_of(modality: str, **changed: Any) -> dict[str, Any]:
    """Make a record with every IQM of its modality, one of them without a value."""
    names = [field.name for field in CATALOGUE[modality].fields if field.role == 'iqm']
    values: dict[str, Any] = {name: round(0.5 + 0.37 * i, 4) for i, name in enumerate(names)}
    return {
        **values,
        'spacing_tr': None,
        'bids_meta': {
            'modality': modality,
            'subject_id': '01',
            'Manufacturer': 'Siemens',
            'MagneticFieldStrength': 3,
            'ImageType': ['ORIGINAL', 'PRIMARY'],
        },
        'provenance': {
            'md5sum': MD5,
            'data_hash': 'ab' * 16,
            'software': SOFTWARE,
            'version': '1.2.3',
            'settings': {'testing': False, 'fd_thres': 0.2},
            'warnings': {'doubtful_brain_mask': False, 'notes': []},
            'brain_mask': {'method': 'bet+atlas', 'detail': '', 'measures': {}},
            'missing': {'spacing_tr': NO_TR},
        },
        **changed,
    }


def traces_of(maps: FunctionalMaps) -> Traces:
    """Make curves that follow the motion of a head as those of the formulas do."""
    steps = np.abs(np.diff(maps.motion, axis=0, prepend=maps.motion[:1]))
    fd_mm = steps[:, :3].sum(1) + 50 * steps[:, 3:].sum(1)
    return Traces(
        fd_mm=fd_mm,
        dvars=np.r_[np.nan, 1 + 2 * fd_mm[1:]],
        outlier_fraction=fd_mm / 50,
        quality_index=0.01 + fd_mm / 90,
    )


def written(
    path: Path,
    maps: AnatomicalMaps | FunctionalMaps,
    *,
    record: Mapping[str, Any] | None = None,
    percentiles: Mapping[str, float] | None = None,
    traces: Traces | None = None,
) -> Path:
    """Write a report; its record and curves are made if they are not given."""
    is_series = isinstance(maps, FunctionalMaps)
    modality = 'bold' if is_series else maps.contrast
    write_report(
        path,
        record=record or record_of(modality),
        maps=maps,
        traces=traces or (traces_of(maps) if is_series else None),
        percentiles=percentiles,
    )
    return path
