"""How smooth an image is."""

from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask

FWHM_OF_SD: Final = float(np.sqrt(8 * np.log(2)))
VOXELS_AT_LEAST: Final = 9  # AFNI's limits
PAIRS_AT_LEAST: Final = 6


@formula(anatomical=('fwhm_*',), functional=('fwhm_*',))
def fwhm(image: Floats, mask: Mask, axis: int) -> float:
    """Smoothness along an axis: full width at half maximum of a Gaussian point spread.

    ``fwhm = √(8 ln 2) · √(−1 / (4 ln(1 − v_d / 2v)))``, *v* the variance of the voxels in the
    brain, *v_d* that of the differences between neighbours along the axis that both lie in it
    [1]_. ``fwhm_avg`` is the mean of the three.

    Parameters
    ----------
    image : (x, y, z) ndarray
        T1w and T2w: as found, the bias field in it. BOLD: the mean volume.
    mask : (x, y, z) ndarray of bool
        The brain.
    axis : int
        0, 1 or 2.

    Returns
    -------
    float
        In voxels; lower is better.

    Raises
    ------
    UndefinedIqmError
        Too few voxels or neighbours (as along the axis of a single slice), an image without
        structure, or one whose neighbours are less alike than strangers.

    Notes
    -----
    This is the classic measure of AFNI's 3dFWHMx, which MRIQC asks for by ``-ShowMeClassicFWHM``
    (the measure by ``-acf`` is run and left aside) and divides by the voxel size. Detrending,
    which it asks for, too, does nothing to a single volume: the anatomy counts as smoothness. So
    the number depends on the brain mask. AFNI answers −1 where there is no value.

    References
    ----------
    .. [1] Forman et al. (1995), Magn Reson Med 33:636-647, doi:10.1002/mrm.1910330508
    """
    values = np.asarray(image[mask], dtype=np.float64)
    if values.size < VOXELS_AT_LEAST:
        raise UndefinedIqmError('the brain mask holds hardly a voxel')
    variance = float(np.var(values, ddof=1))
    if variance <= 0:
        raise UndefinedIqmError('the voxels of the brain are all alike')
    low, high = _neighbours(axis)
    pairs = mask[low] & mask[high]
    steps = image[high][pairs].astype(np.float64) - image[low][pairs]
    if steps.size < PAIRS_AT_LEAST:
        raise UndefinedIqmError('hardly a voxel of the brain has a neighbour along this axis')
    alike = 1 - float(np.var(steps, ddof=1)) / (2 * variance)
    if not 0 < alike < 1:
        raise UndefinedIqmError('neighbouring voxels are not alike: no smoothness can be told')
    return float(FWHM_OF_SD * np.sqrt(-1 / (4 * np.log(alike))))


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    before, after = [slice(None)] * 3, [slice(None)] * 3
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    return tuple(before), tuple(after)
