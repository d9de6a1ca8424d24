"""The ICBM152 template (2009a, symmetric) that nilearn's wheel carries: a brain and its tissues.

Fonov et al. (2011), NeuroImage 54:313-327, doi:10.1016/j.neuroimage.2010.07.033
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.errors import MissingPackageError
from mriqc_webapi.extract.anatomical.grids import Grid
from mriqc_webapi.extract.images import read_image
from mriqc_webapi.extract.maps import Floats, Mask, Tissue

_NAME: Final = 'mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz'
_FULL: Final = 255.0  # what certainty is stored as


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Maps of the template; 1 mm, its world is MNI space."""

    grid: Grid
    t1w: Floats  # 0–1, the brain only
    tissues: Mapping[Tissue, Floats]  # 0–1, sum to 1 within the brain
    brain: Mask


@lru_cache(maxsize=1)
def template() -> Template:
    """Read the template from where nilearn is installed; nilearn itself is not imported.

    Raises
    ------
    MissingPackageError
        nilearn is not installed.
    """
    t1w, gm, wm = (_read(name) for name in ('t1', 'gm', 'wm'))
    image = read_image(_path('t1'))
    brain = _brain(t1w)
    gm, wm = gm * brain, wm * brain
    x, y, z = t1w.shape
    return Template(
        grid=Grid(shape=(x, y, z), affine=image.affine),
        t1w=t1w,
        tissues={'csf': np.clip(brain - gm - wm, 0, 1), 'gm': gm, 'wm': wm},
        brain=brain,
    )


def _brain(t1w: Floats) -> Mask:
    closed = ndimage.binary_closing(t1w > 0.05, iterations=3)
    filled: Mask = ndimage.binary_fill_holes(closed)
    return filled


def _read(name: str) -> Floats:
    return read_image(_path(name)).data / np.float32(_FULL)


def _path(name: str) -> Path:
    found = find_spec('nilearn')
    if found is None or found.origin is None:
        raise MissingPackageError('nilearn carries the template, and is not installed')
    return Path(found.origin).parent / 'datasets' / 'data' / _NAME.format(name)
