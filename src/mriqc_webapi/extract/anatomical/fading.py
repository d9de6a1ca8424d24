"""The last slices of a slab: there its profile fades, faster than any bias field is fitted.

A surface that grows in a head without this stops short of the vertex.
"""

from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid
from mriqc_webapi.extract.maps import Floats, Mask

EDGE_MM: Final = 30.0  # below the upper end of the field of view, what may fade
FEWEST_VOXELS: Final = 50  # of a slice that tells how bright it is
FAINTEST: Final = 0.15  # of the level below; what is darker is no longer raised to it
SMOOTHED: Final = 1.0  # slices

_AS_MANY: Final = 5  # slices further down tell the level


def unfaded(values: Floats, grid: Grid, about: Mask) -> Floats:
    """Raise the uppermost slices of a head to the level of the brain below them.

    Parameters
    ----------
    values : (x, y, z) ndarray
        The head, without the rest of its bias field, on an upright grid.
    about : (x, y, z) ndarray of bool
        Where the brain is, roughly; its median is what tells how bright a slice is.

    Returns
    -------
    (x, y, z) ndarray
        The same where the brain ends below the last 30 mm, or is only there.
    """
    n_slices = values.shape[2]
    first = max(n_slices - round(EDGE_MM / float(grid.spacing_mm[2])), 0)
    levels = [_level(values[:, :, z], about[:, :, z]) for z in range(n_slices)]
    below = [level for level in levels[:first] if level is not None][-_AS_MANY:]
    usual = float(np.median(below)) if below else 0.0
    if usual <= 0:
        return values
    profile = np.ones(n_slices, dtype=np.float32)
    for z in range(first, n_slices):
        level = levels[z]
        share = profile[z - 1] if level is None else level / usual
        profile[z] = np.clip(share, FAINTEST, 1)
    raised: Floats = values / ndimage.gaussian_filter1d(profile, SMOOTHED)
    return raised


def _level(values: Floats, about: Mask) -> float | None:
    return float(np.median(values[about])) if about.sum() >= FEWEST_VOXELS else None
