"""Nyquist ghosts of echo-planar images."""

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask


@formula(functional=('gsr_*',))
def gsr(mean: Floats, brain: Mask, axis: int) -> float:
    """Ghost-to-signal ratio, if phase was encoded along an axis.

    ``gsr = (mean of the ghost − mean of the rest) / median of the brain``. The ghost is where the
    brain falls if moved by half the field of view along the axis, the brain itself left out; the
    rest is all other background.

    Parameters
    ----------
    mean : (x, y, z) ndarray
        The mean volume, nothing below 0.
    brain : (x, y, z) ndarray of bool
        The brain.
    axis : int
        0 for ``gsr_x``, 1 for ``gsr_y``.

    Returns
    -------
    float
        A ratio; lower is better. Only that along the phase-encoding axis tells of ghosts.

    Raises
    ------
    UndefinedIqmError
        The brain, its ghost or the rest of the background is empty, or the brain is at 0.

    Notes
    -----
    MRIQC takes the axes in the order in which the file has them; here x is always the axis that
    runs most nearly from left to right.

    References
    ----------
    .. [1] Giannelli et al. (2010), J Appl Clin Med Phys 11:170-180,
       doi:10.1120/jacmp.v11i4.3237
    """
    ghost = np.roll(brain, brain.shape[axis] // 2, axis=axis) & ~brain
    rest = ~(ghost | brain)
    if not (brain.any() and ghost.any() and rest.any()):
        raise UndefinedIqmError('the brain leaves no room for its ghost, or for a background')
    signal = float(np.median(mean[brain]))
    if signal <= 0:
        raise UndefinedIqmError('the median of the brain is 0')
    difference = mean[ghost].mean(dtype=np.float64) - mean[rest].mean(dtype=np.float64)
    return float(difference / signal)
