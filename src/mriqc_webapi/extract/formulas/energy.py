"""How the intensities of an image are spread over its voxels."""

from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask

BACKGROUND_ENERGY_AT_LEAST: Final = 1e-3
_ABOVE_ZERO: Final = 1e-16  # keeps the logarithm of empty voxels finite; they add nothing


@formula(anatomical=('fber',), functional=('fber',))
def fber(image: Floats, foreground: Mask, left_out: Mask | None = None) -> float:
    """Foreground-background energy ratio.

    ``fber = median(F²) / median(B²)``, F the voxels of the foreground, B all others.

    Parameters
    ----------
    image : (x, y, z) ndarray
        Nothing below 0. T1w and T2w: the bias field taken out, white matter at 1000. BOLD: the
        mean volume in the scanner's own numbers.
    foreground : (x, y, z) ndarray of bool
        T1w and T2w: the head. BOLD: the brain.
    left_out : (x, y, z) ndarray of bool, optional
        Voxels that a rotation or a defacing left empty; no background.

    Returns
    -------
    float
        A ratio; higher is better.

    Raises
    ------
    UndefinedIqmError
        There is no foreground, no background, or the background is empty (its median energy is
        below 0.001), as of images without a skull.

    Notes
    -----
    The protocol and MRIQC's documentation speak of mean energies; MRIQC's code takes medians. It
    writes −1 where the background is empty; here the IQM is left out. Its documentation calls the
    foreground of BOLD series the head; the code takes the brain mask, so the scalp is background.

    References
    ----------
    .. [1] Shehzad et al. (2015), Front Neurosci Conf Abstr Neuroinformatics,
       doi:10.3389/conf.fnins.2015.91.00047
    """
    background = ~foreground if left_out is None else ~(foreground | left_out)
    if not foreground.any() or not background.any():
        raise UndefinedIqmError('there is no foreground, or no background')
    behind = _median_energy(image[background])
    if behind < BACKGROUND_ENERGY_AT_LEAST:
        raise UndefinedIqmError(
            'the background is empty: half of its voxels are 0, as of images without a skull'
        )
    return _median_energy(image[foreground]) / behind


@formula(anatomical=('efc',), functional=('efc',))
def efc(image: Floats, left_out: Mask | None = None) -> float:
    """Entropy focus criterion: how evenly the energy lies over all voxels.

    ``E = −Σ (x / b) ln(x / b)`` with ``b = √Σx²``, over its maximum ``√n ln √n``, which an image
    of *n* equal voxels has.

    Parameters
    ----------
    image : (x, y, z) ndarray
        Nothing below 0. T1w and T2w: the bias field taken out. BOLD: the mean volume.
    left_out : (x, y, z) ndarray of bool, optional
        Voxels that a rotation or a defacing left empty; not counted.

    Returns
    -------
    float
        A ratio, 0–1: 0 if all energy is in one voxel, 1 if it is the same everywhere. Lower is
        better: ghosting and motion blur raise it.

    Raises
    ------
    UndefinedIqmError
        All voxels are 0, or there are fewer than two.

    References
    ----------
    .. [1] Atkinson et al. (1997), IEEE Trans Med Imaging 16:903-910, doi:10.1109/42.650886
    """
    values = np.asarray(image if left_out is None else image[~left_out], dtype=np.float64).ravel()
    total = np.sqrt(np.dot(values, values))
    if values.size < 2 or total == 0:
        raise UndefinedIqmError('fewer than two voxels count, or all are 0')
    entropy = -np.sum(values / total * np.log((values + _ABOVE_ZERO) / total))
    root = np.sqrt(values.size)
    return float(entropy / (root * np.log(root)))


def _median_energy(values: Floats) -> float:
    return float(np.median(np.square(values, dtype=np.float64)))
