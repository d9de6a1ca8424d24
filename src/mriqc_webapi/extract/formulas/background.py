"""Quality indices of the air around the head."""

from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.noise_fit import fit_chi_square
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask

VOXELS_AT_LEAST: Final = 1_000
VOXELS_AT_MOST: Final = 300_000
SEED: Final = 1191935  # MRIQC's
BANDWIDTH: Final = 4.0  # of the density estimate; the 99th percentile of the noise is 100
GRID: Final = np.linspace(0.0, 110, 1000)
_CENTRES_AT_MOST: Final = 20_000  # distinct values; more are rounded first
_STEP: Final = BANDWIDTH / 400


@formula(anatomical=('qi_1',))
def qi_1(air: Mask, artifacts: Mask) -> float:
    """Quality index 1: fraction of the air that holds artifacts.

    ``qi_1 = n_artifacts / (n_air + n_artifacts)``

    Parameters
    ----------
    air, artifacts : (x, y, z) ndarray of bool
        Background above the plane of nasion and occiput: without artifacts, and the artifacts.

    Returns
    -------
    float
        A ratio, 0–1; lower is better.

    Raises
    ------
    UndefinedIqmError
        There is no air.

    Notes
    -----
    MRIQC writes −1 where there is no air; here the IQM is left out.

    References
    ----------
    .. [1] Mortamet et al. (2009), Magn Reson Med 62:365-372, doi:10.1002/mrm.21992
    """
    n_air, n_artifacts = np.count_nonzero(air), np.count_nonzero(artifacts)
    if n_air == 0:
        raise UndefinedIqmError('there is no air around the head')
    return float(n_artifacts / (n_air + n_artifacts))


@formula(anatomical=('qi_2',))
def qi_2(image: Floats, hat: Mask) -> float:
    """Quality index 2: misfit of a χ² distribution to the noise in the air.

    ``qi_2 = mean |k(x) − f(x)|``, *k* the kernel density estimate of the noise, *f* the fitted
    density, over the *x* above the last point at which *k* is at least half of its maximum.

    Parameters
    ----------
    image : (x, y, z) ndarray
        As found; below 0 counts as 0. Its 99th percentile in the air is set to 100.
    hat : (x, y, z) ndarray of bool
        Background above the plane of nasion and occiput, artifacts included.

    Returns
    -------
    float
        A difference of probability densities; lower is better.

    Raises
    ------
    UndefinedIqmError
        Fewer than 1000 voxels of the air are above 0, or fewer than 1 %.

    Notes
    -----
    The paper and MRIQC's documentation leave the artifacts out; MRIQC's workflow passes them
    along. All three parameters of χ² (degrees of freedom, from 32 as of coil elements, location
    and scale) are fitted, by the simplex search and from the start of SciPy. Where there is too
    little noise, MRIQC writes 0, which looks perfect; here the IQM is left out. Of more than
    300 000 voxels, that many are drawn, with MRIQC's seed.

    References
    ----------
    .. [1] Mortamet et al. (2009), Magn Reson Med 62:365-372, doi:10.1002/mrm.21992
    """
    noise = np.nan_to_num(image[hat].astype(np.float64), posinf=0.0)
    np.maximum(noise, 0, out=noise)
    if np.count_nonzero(noise) < VOXELS_AT_LEAST:
        raise UndefinedIqmError('the air around the head holds no noise')
    high = float(np.percentile(noise, 99))
    if high <= 0:
        raise UndefinedIqmError('99 % of the air around the head is 0')
    noise *= 100 / high
    if noise.size >= VOXELS_AT_MOST:
        noise = np.random.RandomState(SEED).choice(noise, size=VOXELS_AT_MOST)
    density = _density(noise)
    from_the_right = int(np.argmax(density[::-1] > density.max() * 0.5))
    misfit = np.abs(density - fit_chi_square(noise).density(GRID))
    return float(misfit[-from_the_right:].mean())


def _density(values: Floats) -> Floats:
    """Estimate a density over GRID with a Gaussian kernel."""
    near = values[values < GRID[-1] + 8 * BANDWIDTH]  # beyond, nothing adds to the grid
    centres, counts = np.unique(near, return_counts=True)
    if centres.size > _CENTRES_AT_MOST:
        centres, counts = np.unique((near / _STEP).round(), return_counts=True)
        centres *= _STEP
    density = np.zeros(GRID.size)
    for start in range(0, centres.size, 2000):
        some = slice(start, start + 2000)
        distances = (GRID[:, np.newaxis] - centres[some]) / BANDWIDTH
        density += np.exp(-0.5 * distances**2) @ counts[some]
    density /= values.size * BANDWIDTH * np.sqrt(2 * np.pi)
    return density
