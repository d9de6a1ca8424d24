"""Tissue classes: how much there is of each, how sure they are, and the bias field over them."""

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask


@formula(anatomical=('icvs_*',))
def volume_fraction(tissue: Floats, all_tissues: tuple[Floats, ...]) -> float:
    """Intracranial volume fraction: how much of the volume is one tissue.

    ``icvs_k = Σ p_k / Σ (p_csf + p_gm + p_wm)``

    Parameters
    ----------
    tissue : (x, y, z) ndarray
        Partial volume of the tissue, 0–1.
    all_tissues : tuple of (x, y, z) ndarray
        The same of the three.

    Returns
    -------
    float
        A ratio; neither direction is better: it has a normal range.

    Raises
    ------
    UndefinedIqmError
        No tissue anywhere.

    Notes
    -----
    MRIQC's documentation divides by the voxels of the brain; its code by the sum over the three
    tissues, so that the fractions add up to 1.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    total = sum(float(part.sum(dtype=np.float64)) for part in all_tissues)
    if total <= 0:
        raise UndefinedIqmError('no voxel holds any tissue')
    return float(tissue.sum(dtype=np.float64)) / total


@formula(anatomical=('rpve_*',))
def residual_partial_volume(tissue: Floats) -> float:
    """Residual partial volume error of a tissue.

    ``rpve = (Σ_{p > ½} p + Σ_{p ≤ ½} (1 − p)) / n``, *n* the voxels with p > 0; partial volumes
    below the 2nd or above the 98th percentile of those voxels count as 0.

    Parameters
    ----------
    tissue : (x, y, z) ndarray
        Partial volume of the tissue; cut to 0–1.

    Returns
    -------
    float
        A ratio; lower is said to be better.

    Raises
    ------
    UndefinedIqmError
        The tissue is nowhere.

    Notes
    -----
    MRIQC's documentation keeps the second sum to partial volumes between the 2nd percentile and
    ½. In its code that sum runs over every voxel of the image that is not mostly this tissue,
    each empty one adding 1. So the number is far above 1, and tells mostly how many times larger
    the field of view is than the tissue. This follows the code, as all records hold that number.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    parts = np.clip(tissue, 0, 1).astype(np.float64, copy=False)
    there = parts[parts > 0]
    if there.size == 0:
        raise UndefinedIqmError('no voxel holds any of this tissue')
    low, high = np.percentile(there, (2, 98))
    kept = there[(there >= low) & (there <= high)]
    mostly = kept > 0.5
    n_others = parts.size - np.count_nonzero(mostly)
    error = kept[mostly].sum() + n_others - kept[~mostly].sum()
    return float(error / there.size)


@formula(anatomical=('tpm_overlap_*',))
def overlap(tissue: Floats, prior: Floats) -> float:
    """Overlap of a tissue with the template's tissue map: the fuzzy Jaccard index.

    ``tpm_overlap = Σ min(p, q) / Σ max(p, q)``

    Parameters
    ----------
    tissue, prior : (x, y, z) ndarray
        Partial volume of the tissue, and the template's tissue map brought into the image; 0–1.

    Returns
    -------
    float
        A ratio, 0–1; higher is better.

    Raises
    ------
    UndefinedIqmError
        Both are empty.

    References
    ----------
    .. [1] Fonov et al. (2009), NeuroImage 47:S102, doi:10.1016/S1053-8119(09)70884-5
    """
    union = float(np.maximum(tissue, prior).sum(dtype=np.float64))
    if union <= 0:
        raise UndefinedIqmError('neither the image nor the template hold any of this tissue')
    return float(np.minimum(tissue, prior).sum(dtype=np.float64)) / union


@formula(anatomical=('inu_*',))
def bias_spread(bias: Floats, tissues: Mask) -> dict[str, float]:
    """Intensity non-uniformity: level and spread of the bias field over the brain.

    ``inu_med = median(b)``, ``inu_range = P95(b) − P5(b)``, over voxels that are any tissue.

    Parameters
    ----------
    bias : (x, y, z) ndarray
        Multiplicative bias field, as N4 estimates it [1]_.
    tissues : (x, y, z) ndarray of bool
        Where the segmentation found a tissue.

    Returns
    -------
    dict
        ``med``, best near 1, and ``range``, the lower the better; both are ratios.

    Raises
    ------
    UndefinedIqmError
        No tissue anywhere.

    Notes
    -----
    MRIQC's documentation lists minimum and maximum; its code writes median and range. The field
    is known up to a factor, which depends on how the software scales it.

    References
    ----------
    .. [1] Tustison et al. (2010), IEEE Trans Med Imaging 29:1310-1320,
       doi:10.1109/TMI.2010.2046908
    """
    inside = np.asarray(bias[tissues], dtype=np.float64)
    if inside.size == 0:
        raise UndefinedIqmError('no voxel holds any tissue')
    low, median, high = np.percentile(inside, (5, 50, 95))
    return {'med': float(median), 'range': float(high - low)}
