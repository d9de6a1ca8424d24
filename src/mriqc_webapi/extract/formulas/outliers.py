"""Voxels and volumes that are unlike the rest of their series."""

from typing import Final

import numpy as np
from scipy import special, stats

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats

CHANCE: Final = 0.001  # that a series of ordinary noise holds an outlier on one side
VOLUMES_AT_LEAST: Final = 5  # AFNI's limit
VOXELS_AT_LEAST: Final = 9  # the same
POSITIVE_AT_LEAST: Final = 222  # the same: with fewer voxels above 0, nothing is cut off
_VOXELS_AT_ONCE: Final = 2_000


@formula(functional=('aor',))
def outlier_fractions(brain: Floats) -> Floats:
    """Outlier ratio: voxels of each volume that are outliers of their own time courses.

    A value is an outlier if it is further than ``√(π/2) · z · MAD`` from the median of its time
    course; *MAD* is the median absolute deviation, *z* what a standard normal exceeds with a
    chance of .001/t. ``aor`` is the mean over the volumes.

    Parameters
    ----------
    brain : (n, t) ndarray
        Time courses of the voxels in the brain, after realignment.

    Returns
    -------
    (t,) ndarray
        Ratios, 0–1; lower is better.

    Raises
    ------
    UndefinedIqmError
        Fewer than five volumes, or no brain.

    Notes
    -----
    As AFNI's 3dToutcount with ``-fraction``, ``-qthr 0.001`` and the brain mask, as MRIQC calls
    it: no trend but the median is taken out, so that drifts of the scanner do not count as
    outliers but hide some. Voxels whose MAD is 0 have no outliers.

    References
    ----------
    .. [1] Cox (1996), Comput Biomed Res 29:162-173, doi:10.1006/cbmr.1996.0014
    """
    n_voxels, n_volumes = brain.shape
    if n_volumes < VOLUMES_AT_LEAST or n_voxels == 0:
        raise UndefinedIqmError('fewer than five volumes, or no brain')
    reach = np.sqrt(np.pi / 2) * -special.ndtri(CHANCE / n_volumes)
    counts = np.zeros(n_volumes, dtype=np.int64)
    for start in range(0, n_voxels, _VOXELS_AT_ONCE):
        block = brain[start : start + _VOXELS_AT_ONCE]
        away = np.abs(block - median_over_time(block)[:, np.newaxis])
        spread = median_over_time(away)[:, np.newaxis]
        counts += ((away > reach * spread) & (spread > 0)).sum(axis=0)
    fractions: Floats = counts / n_voxels
    return fractions


@formula(functional=('aqi',))
def quality_indices(series: Floats) -> Floats:
    """Quality index of volumes: how unlike each is to the median volume.

    ``1 − ρ``, with Spearman's rank correlation ρ over the voxels whose median is not below the
    clip level: the intensity that is half the median of all that are not below it. ``aqi``
    is the mean over the volumes.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        All voxels, after realignment.

    Returns
    -------
    (t,) ndarray
        0–2; lower is better. A volume without any contrast is at 1.

    Raises
    ------
    UndefinedIqmError
        One volume, hardly a voxel above the clip level, or a median volume without contrast.

    Notes
    -----
    As AFNI's 3dTqual with ``-automask``, as MRIQC calls it. That option does no more than to cut
    at the clip level: the scalp counts, and no brain mask is used.

    References
    ----------
    .. [1] Cox (1996), Comput Biomed Res 29:162-173, doi:10.1006/cbmr.1996.0014
    """
    if series.shape[-1] < 2:
        raise UndefinedIqmError('there is one volume')
    slices = (series[:, :, z] for z in range(series.shape[2]))
    median = np.stack([median_over_time(part) for part in slices], axis=2)
    bright = median >= clip_level(median)
    if np.count_nonzero(bright) < VOXELS_AT_LEAST:
        raise UndefinedIqmError('hardly a voxel is brighter than the clip level')
    reference = _centred_ranks(median[bright])
    if not reference.any():
        raise UndefinedIqmError('the median volume has no contrast')
    volumes = (series[..., t][bright] for t in range(series.shape[-1]))
    return np.array([1 - _correlation(_centred_ranks(volume), reference) for volume in volumes])


def clip_level(volume: Floats, share: float = 0.5) -> float:
    """Find the intensity that parts the head from the air.

    It is a share of the median of the voxels that are not below it, sought from where the
    brightest 65 % of the voxels above 0 begin, or from that share of their root mean square if
    that is higher, as in AFNI's 3dClipLevel [1]_.

    Parameters
    ----------
    volume : ndarray
        Of any shape and unit.
    share : float
        Lower ones leave more of the image.

    Returns
    -------
    float
        In the unit of the volume; −∞ where no more than 222 voxels are above 0.

    References
    ----------
    .. [1] Cox (1996), Comput Biomed Res 29:162-173, doi:10.1006/cbmr.1996.0014
    """
    positive = np.sort(volume[volume > 0].astype(np.float64))
    if positive.size <= POSITIVE_AT_LEAST:
        return float('-inf')
    cut = max(
        float(positive[int(0.35 * positive.size)]),
        share * float(np.sqrt(np.mean(positive**2))),
    )
    for _ in range(66):  # AFNI's limit; a few rounds are the rule
        above = positive[np.searchsorted(positive, cut) :]
        before, cut = cut, share * float(np.median(above))
        if cut == before:
            break
    return cut


def median_over_time(courses: Floats) -> Floats:
    """Take the median of time courses, time last; sorting them is faster than `np.median`."""
    ordered = np.sort(courses, axis=-1)
    middle = ordered.shape[-1] // 2
    if ordered.shape[-1] % 2:
        return ordered[..., middle]
    return (ordered[..., middle - 1] + ordered[..., middle]) / 2


def _centred_ranks(values: Floats) -> Floats:
    ranks: Floats = stats.rankdata(values)
    return ranks - (values.size + 1) / 2


def _correlation(ranks: Floats, reference: Floats) -> float:
    energy = _product(ranks, ranks)
    if energy == 0:
        return 0.0
    return _product(ranks, reference) / float(np.sqrt(energy * _product(reference, reference)))


def _product(a: Floats, b: Floats) -> float:
    return float(np.einsum('i,i->', a, b))  # unlike `@`, it wakes no threads
