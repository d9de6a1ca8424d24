"""Around the head: air, artifacts in it, and what a rotation or a defacing left without signal.

Mortamet et al. (2009), Magn Reson Med 62:365-372, doi:10.1002/mrm.21992, with the landmarks and
thresholds of MRIQC (Esteban et al. 2017, PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid, apply
from mriqc_webapi.extract.formulas.summaries import MAD_TO_SD
from mriqc_webapi.extract.maps import Floats, Mask

GLABELLA_MM: Final = (0.0, 90.0, -14.0)  # in the template's space, as MRIQC has them
INION_MM: Final = (0.0, -120.0, -14.0)
BRIGHT: Final = 10.0  # an artifact, in robust standard deviations of the air
NEAR: Final = 0.1  # of the greatest distance to the head: blur of the head, no artifact
FEW_VOXELS: Final = 500  # fewer without signal are chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The three masks; none overlaps another or the head, but for `rotation`."""

    air: Mask
    artifacts: Mask


def background(
    image: Floats, grid: Grid, head: Mask, *, to_template: NDArray[np.floating]
) -> Background:
    """Divide the background above the nose and the back of the head into air and artifacts.

    Signal of eyes and tongue leaks along the phase, so whole slices below the inion are left out,
    and their front half below the glabella.

    Parameters
    ----------
    image : (x, y, z) ndarray
        As found.
    to_template : (4, 4) ndarray
        From the image's world to the template's.
    """
    hat = ~head & _above(grid, to_template)
    if not hat.any():
        return Background(air=hat, artifacts=np.zeros_like(hat))
    artifacts = _artifacts(image, hat, head, grid)
    return Background(air=hat & ~artifacts, artifacts=artifacts)


def rotation_mask(image: Floats) -> Mask:
    """Find regions of exactly no signal (or less) at the borders; empty if there are few voxels.

    At most two regions are kept, the largest.
    """
    silent = np.pad(image <= 0, 1, constant_values=True)
    opened = ndimage.binary_opening(silent, ndimage.generate_binary_structure(3, 2))
    pieces, n_pieces = ndimage.label(opened)
    if n_pieces > 2:
        sizes = np.bincount(pieces.ravel())[1:]
        largest = np.argsort(-sizes, kind='stable')[:2] + 1
        opened = np.isin(pieces, largest)
    found: Mask = opened[1:-1, 1:-1, 1:-1]
    return found if found.sum() >= FEW_VOXELS else np.zeros_like(found)


def _above(grid: Grid, to_template: NDArray[np.floating]) -> Mask:
    """Tell which voxels lie above the landmarks' slices."""
    back = np.linalg.inv(grid.affine) @ np.linalg.inv(to_template)
    glabella, inion = apply(back, np.array([GLABELLA_MM, INION_MM]))
    above = np.ones(grid.shape, dtype=bool)
    above[:, :, : max(0, int(inion[2]))] = False
    above[:, grid.shape[1] // 2 :, : max(0, int(glabella[2]))] = False
    return above


def _artifacts(image: Floats, hat: Mask, head: Mask, grid: Grid) -> Mask:
    found = np.zeros(hat.shape, dtype=bool)
    values = image[hat]
    noise = values[values > 0]
    if noise.size < 10:
        return found
    spread = MAD_TO_SD * float(np.median(np.abs(noise - np.median(noise))))
    if spread <= 0:
        return found
    found[hat] = values > BRIGHT * spread
    if not found.any():
        return found
    distance = ndimage.distance_transform_edt(~head, sampling=grid.spacing_mm)
    found[distance < NEAR * distance[hat].max()] = False
    opened: Mask = ndimage.binary_opening(found)
    return opened
