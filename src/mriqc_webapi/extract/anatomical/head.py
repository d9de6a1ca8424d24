"""Where the head is: what a steep gradient encloses, and the brain in it.

After Mortamet et al. (2009), Magn Reson Med 62:365-372, doi:10.1002/mrm.21992, as MRIQC does it.
"""

from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid, resampled, upright
from mriqc_webapi.extract.maps import Floats, Mask

WORKING_MM: Final = 2.0
GRADIENT_MM: Final = 4.0  # standard deviation of the smoothing
STEEP: Final = 0.15  # of the 99.5th percentile of the gradient
AROUND_BRAIN_MM: Final = 8.0  # scalp and skull are never thinner where the gradient is lost


def head_mask(corrected: Floats, grid: Grid, brain: Mask) -> Mask:
    """Find the head.

    Parameters
    ----------
    corrected : (x, y, z) ndarray
        The image without its bias field.
    brain : (x, y, z) ndarray of bool

    Returns
    -------
    (x, y, z) ndarray of bool
        One piece without holes, the brain in it.
    """
    working = upright(grid, spacing_mm=WORKING_MM)
    inside = resampled(brain, grid, working) > 0.5
    steep = _steep(resampled(corrected, grid, working), inside)
    ball = ndimage.generate_binary_structure(3, 2)
    padded = np.pad(steep, 6)
    closed = ndimage.binary_closing(padded, ball, iterations=4)
    closed = ndimage.binary_erosion(closed, ball)[6:-6, 6:-6, 6:-6]
    closed |= ndimage.binary_dilation(inside, ball, iterations=int(AROUND_BRAIN_MM / WORKING_MM))
    whole = _filled(_piece_with(closed, inside))
    found: Mask = resampled(whole, working, grid) > 0.5
    return found | brain


def _steep(values: Floats, inside: Mask) -> Mask:
    top = float(np.percentile(values, 99.5))
    if top <= 0:
        return inside.copy()
    values = np.clip(values / top, 0, 1)
    values[inside] = 1
    gradient = ndimage.gaussian_gradient_magnitude(values, GRADIENT_MM / WORKING_MM)
    steep: Mask = gradient > STEEP * np.percentile(gradient, 99.5)
    return steep | inside


def _filled(mask: Mask) -> Mask:
    """Fill holes of the whole, and of each axial slice: at its bottom the neck is open."""
    filled: Mask = ndimage.binary_fill_holes(mask)
    for z in range(mask.shape[2]):
        filled[:, :, z] = ndimage.binary_fill_holes(filled[:, :, z])
    return filled


def _piece_with(mask: Mask, inside: Mask) -> Mask:
    """Keep the connected piece that most of the brain lies in."""
    pieces, _ = ndimage.label(mask)
    counts = np.bincount(pieces[inside])
    if counts.size == 0:
        return mask
    piece: Mask = pieces == int(counts.argmax())
    return piece
