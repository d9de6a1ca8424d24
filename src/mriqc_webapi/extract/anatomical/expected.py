"""What a head looks like in T1w and T2w images, made of the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid, apply, resampled, upright
from mriqc_webapi.extract.anatomical.template import Template
from mriqc_webapi.extract.maps import TISSUES, Contrast, Floats, Mask, Tissue

SUBARACHNOID_MM: Final = 2.0  # how far from the template's brain fluid reaches,
SKULL_MM: Final = 7.0  # bone,
SCALP_MM: Final = 13.0  # and skin with its fat; all of an average head
AIR_MM: Final = 40.0  # how much of the air is looked at
FLOOR_MM: Final = 0.0  # of MNI's z axis: below are face and neck, which nobody expects

BRIGHTNESS: Final[Mapping[Contrast, Mapping[Tissue, float]]] = {
    'T1w': {'csf': 0.3, 'gm': 0.7, 'wm': 1.0},
    'T2w': {'csf': 1.0, 'gm': 0.6, 'wm': 0.42},
}  # shares of the brightest tissue's
BONE: Final = 0.15
SCALP: Final[Mapping[Contrast, float]] = {'T1w': 0.7, 'T2w': 0.45}


@dataclass(frozen=True, slots=True)
class Expected:
    """The template's brain with what is around every brain, of which it was stripped."""

    image: Floats  # (x, y, z), 0–1
    looked_at: Mask  # where anything is expected
    brain: Mask
    grid: Grid


def expected_head(template: Template, contrast: Contrast, *, spacing_mm: float) -> Expected:
    """Make the image that a head is expected to give.

    Without skull and scalp a brain would fit to the whole of a head as well.
    """
    grid = upright(template.grid, spacing_mm=spacing_mm, margin_mm=AIR_MM)
    tissues = {t: resampled(template.tissues[t], template.grid, grid) for t in TISSUES}
    inside = sum(tissues.values())
    brain = resampled(template.brain, template.grid, grid) > 0.5
    levels = BRIGHTNESS[contrast]
    values = sum(levels[t] * tissues[t] for t in TISSUES) / np.maximum(inside, 0.5)
    away = ndimage.distance_transform_edt(~brain, sampling=grid.spacing_mm)
    shells = [away <= SUBARACHNOID_MM, away <= SKULL_MM, away <= SCALP_MM]
    around = np.select(shells, [levels['csf'], BONE, SCALP[contrast]], 0.0)
    height = apply(grid.affine, np.indices(grid.shape).reshape(3, -1).T.astype(float))[
        :, 2
    ].reshape(grid.shape)
    above = height >= FLOOR_MM
    return Expected(
        image=np.where(brain, values, around).astype(np.float32),
        looked_at=brain | (above & (away <= AIR_MM)),
        brain=brain,
        grid=grid,
    )
