"""What voxels of the brain do over time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats

LEVEL: Final = 1000.0  # the median of the brain over all volumes is set to it
IQR_TO_SD: Final = 1 / 1.349
CONSTANT_BELOW: Final = 1e-7  # a robust SD under this is none
TSNR_SD_AT_LEAST: Final = 1e-3
_VOXELS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dvars:
    """DVARS of each volume but the first, in three units; (t − 1,) each."""

    std: Floats
    nstd: Floats
    vstd: Floats


@formula(functional=('dvars_*',))
def dvars(brain: Floats) -> Dvars:
    """DVARS: how much the brain changes from one volume to the next, in three units.

    With the series scaled to a median of 1000 over brain and time: ``dvars_nstd`` is the root
    mean square over voxels of the change ``x_t − x_{t−1}``. ``dvars_std`` divides it by the mean
    over voxels of the standard deviation that such changes have by chance,
    ``sd_i · √(2 (1 − r_i))``, with ``sd_i`` the interquartile range over 1.349 and ``r_i`` the
    autocorrelation at lag 1. ``dvars_vstd`` divides the change of each voxel by its own before
    they are put together [2]_. Of each, the mean over the t − 1 steps is recorded.

    Parameters
    ----------
    brain : (n, t) ndarray
        Time courses of the voxels in the brain, after realignment.

    Returns
    -------
    Dvars
        ``nstd`` in tenths of a percent of the median; ``std`` and ``vstd`` are ratios, 1 being
        ordinary. Lower is better.

    Raises
    ------
    UndefinedIqmError
        Fewer than three volumes, a median of the brain of 0, or no voxel that varies.

    Notes
    -----
    Voxels whose interquartile range is 0 are left out, as by the released code (nipype's).
    Quartiles are the next lower value; autocorrelations are biased (divided by t), of time
    courses less their mean.

    References
    ----------
    .. [1] Power et al. (2012), NeuroImage 59:2142-2154, doi:10.1016/j.neuroimage.2011.10.018
    .. [2] Nichols (2013), Notes on creating a standardized version of DVARS,
       arXiv:1704.01469
    """
    n_volumes = brain.shape[1]
    if n_volumes < 3 or not brain.size:
        raise UndefinedIqmError('fewer than three volumes, or no brain')
    median = float(np.median(brain))
    if median <= 0:
        raise UndefinedIqmError('the median of the brain is 0')
    squares = np.zeros(n_volumes - 1)
    ratios = np.zeros(n_volumes - 1)
    by_chance, n_voxels = 0.0, 0
    for start in range(0, brain.shape[0], _VOXELS_AT_ONCE):
        block = brain[start : start + _VOXELS_AT_ONCE] * (LEVEL / median)
        block = np.asarray(block, dtype=np.float64)
        sd = _robust_sd(block)
        block, sd = block[sd > CONSTANT_BELOW], sd[sd > CONSTANT_BELOW]
        expected = sd * np.sqrt(2 * (1 - _autocorrelation(block)))
        steps = np.diff(block, axis=1) ** 2
        squares += steps.sum(axis=0)
        ratios += (steps / expected[:, np.newaxis] ** 2).sum(axis=0)
        by_chance += float(expected.sum())
        n_voxels += sd.size
    if n_voxels == 0:
        raise UndefinedIqmError('no voxel of the brain varies over time')
    nstd = np.sqrt(squares / n_voxels)
    return Dvars(std=nstd / (by_chance / n_voxels), nstd=nstd, vstd=np.sqrt(ratios / n_voxels))


def _robust_sd(block: Floats) -> Floats:
    low, high = np.percentile(block, (25, 75), axis=1, method='lower')
    sd: Floats = (high - low) * IQR_TO_SD
    return sd


def _autocorrelation(block: Floats) -> Floats:
    centred = block - block.mean(axis=1, keepdims=True)
    energy = np.einsum('nt,nt->n', centred, centred)
    lagged: Floats = np.einsum('nt,nt->n', centred[:, 1:], centred[:, :-1]) / energy
    return lagged


@formula(functional=('tsnr',))
def tsnr(brain: Floats) -> float:
    """Temporal signal-to-noise ratio.

    ``tsnr = median over the brain of mean_t / sd_t``

    Parameters
    ----------
    brain : (n, t) ndarray
        Time courses of the voxels in the brain, after realignment.

    Returns
    -------
    float
        A ratio; higher is better.

    Raises
    ------
    UndefinedIqmError
        There is one volume, or no brain.

    Notes
    -----
    No trend is taken out. A voxel whose standard deviation (divided by t) is at most 0.001 counts
    as 0, as in the released code (nipype's), so that a constant series has a ratio of 0.

    References
    ----------
    .. [1] Krüger & Glover (2001), Magn Reson Med 46:631-637, doi:10.1002/mrm.1240
    """
    if brain.shape[1] < 2 or not brain.size:
        raise UndefinedIqmError('one volume has no noise over time, or there is no brain')
    ratios = np.zeros(brain.shape[0])
    for start in range(0, brain.shape[0], _VOXELS_AT_ONCE):
        block = brain[start : start + _VOXELS_AT_ONCE].astype(np.float64)
        mean, sd = block.mean(axis=1), block.std(axis=1)
        some = ratios[start : start + _VOXELS_AT_ONCE]
        np.divide(mean, sd, out=some, where=sd > TSNR_SD_AT_LEAST)
    return float(np.median(ratios))


@formula(functional=('gcor',))
def gcor(brain: Floats) -> float:
    """Global correlation: the mean correlation of all pairs of voxels in the brain.

    ``gcor = |g|²``, *g* the mean over voxels of time courses less their mean, scaled to length 1
    [1]_.

    Parameters
    ----------
    brain : (n, t) ndarray
        Time courses of the voxels in the brain, after realignment.

    Returns
    -------
    float
        A ratio, 0–1; lower is better. Chance alone gives about 1/n. Pairs of a voxel with itself
        are among the pairs.

    Raises
    ------
    UndefinedIqmError
        There is one volume, or no brain, or no voxel varies.

    Notes
    -----
    As AFNI's @compute_gcor: a constant voxel stays in the count with a time course of zeros.
    Nothing but the mean is taken out of the time courses.

    References
    ----------
    .. [1] Saad et al. (2013), Brain Connect 3:339-352, doi:10.1089/brain.2013.0156
    """
    n_voxels, n_volumes = brain.shape
    if n_volumes < 2 or n_voxels == 0:
        raise UndefinedIqmError('one volume does not correlate, or there is no brain')
    total = np.zeros(n_volumes)
    for start in range(0, n_voxels, _VOXELS_AT_ONCE):
        block = brain[start : start + _VOXELS_AT_ONCE].astype(np.float64)
        constant = (block == block[:, :1]).all(axis=1)
        block = block[~constant] - block[~constant].mean(axis=1, keepdims=True)
        total += (block / np.linalg.norm(block, axis=1, keepdims=True)).sum(axis=0)
    if not total.any():
        raise UndefinedIqmError('no voxel of the brain varies over time')
    mean = total / n_voxels
    return float(mean @ mean)
