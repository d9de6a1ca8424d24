"""The frozen vectors, as maps; `make_vectors.py` made them with MRIQC 24.0.2."""

from pathlib import Path
from typing import Any

import numpy as np

from mriqc_webapi.extract.maps import TISSUES, AnatomicalMaps, FunctionalMaps, MaskOrigin

VECTORS = Path(__file__).parent / 'vectors'
BIAS_STEP = 1e-4
WHOLE = 255
BY_HAND = MaskOrigin(method='file', detail='drawn')


def load(name: str) -> dict[str, Any]:
    """Read one file of vectors."""
    with np.load(VECTORS / f'{name}.npz') as file:
        return dict(file)


def expected_iqms(case: dict[str, Any]) -> dict[str, float]:
    """What MRIQC made of a case."""
    return dict(zip(case['iqm_names'].tolist(), case['iqm_values'].tolist(), strict=True))


def anatomical_case(case: dict[str, Any]) -> AnatomicalMaps:
    """The maps of a head."""
    image = case['image'].astype(np.float32)
    bias = case['bias'] * np.float32(BIAS_STEP)
    spacing = tuple(case['spacing_mm'].tolist())
    return AnatomicalMaps(
        contrast='T1w',
        image=image,
        corrected=image / bias,
        bias=bias,
        affine=np.diag([*spacing, 1.0]),
        spacing_mm=spacing,
        brain=case['brain'],
        head=case['head'],
        air=case['air'],
        artifacts=case['artifacts'],
        rotation=case['rotation'],
        tissues=case['tissues'],
        partial_volumes={t: case[f'part_{t}'] / np.float32(WHOLE) for t in TISSUES},
        priors={t: case[f'prior_{t}'] / np.float32(WHOLE) for t in TISSUES},
        brain_mask=BY_HAND,
    )


def functional_case(case: dict[str, Any]) -> FunctionalMaps:
    """The maps of a series that did not need to be realigned."""
    return functional_maps(
        case['series'].astype(np.float32),
        case['brain'],
        motion=case['motion'],
        spacing_mm=tuple(case['spacing_mm'].tolist()),
        repetition_time_s=float(case['repetition_time_s']),
    )


def functional_maps(series: Any, brain: Any, **others: Any) -> FunctionalMaps:
    """The maps of a realigned series."""
    spacing = others.setdefault('spacing_mm', (3.0, 3.0, 3.0))
    others.setdefault('motion', np.zeros((series.shape[-1], 6)))
    others.setdefault('repetition_time_s', 2.0)
    return FunctionalMaps(
        series=series,
        realigned=series,
        mean=series.mean(axis=3, dtype=np.float64).astype(np.float32),
        sd=series.std(axis=3),
        affine=np.diag([*spacing, 1.0]),
        n_dummy=0,
        brain=brain,
        head=brain,
        air=~brain,
        rim=np.zeros_like(brain),
        brain_mask=BY_HAND,
        **others,
    )
