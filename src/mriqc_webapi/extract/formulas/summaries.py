"""The distribution of intensities in a region."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats, Mask

MAD_TO_SD: Final = 1.482602218505602  # 1 / Φ⁻¹(¾)
DECIMALS: Final = 4  # of the record
_DECIMALS_OF_WEIGHTS: Final = 3
_EXACTLY: Final = 1e-10  # how near a quantile's weight comes to a level's to lie between two
_LEVELS_AT_MOST: Final = 1 << 24  # whole numbers up to here are counted, others sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics of a region, in the unit of the image; `k` has none, `n` is in voxels."""

    mean: float
    median: float
    p95: float
    p05: float
    k: float  # NaN where the voxels are all alike
    stdv: float
    mad: float
    n: float


@dataclass(frozen=True, slots=True)
class Levels:
    """The voxels of an image by their intensities as whole numbers; made once for all regions."""

    image: Floats
    indices: np.ndarray  # (n,), of each voxel: the place of its level among `values`
    values: Floats  # (m,), ascending


def levels(image: Floats) -> Levels:
    """Sort the voxels of an image into whole intensities."""
    rounded = np.round(image.ravel())
    lowest, highest = float(rounded.min()), float(rounded.max())
    if highest - lowest >= _LEVELS_AT_MOST:
        values, indices = np.unique(rounded, return_inverse=True)
        return Levels(image, indices, values.astype(np.float64))
    steps = (rounded - lowest).astype(np.int32)
    there = np.flatnonzero(np.bincount(steps))
    places = np.zeros(int(steps.max()) + 1, dtype=np.int32)
    places[there] = np.arange(there.size, dtype=np.int32)
    return Levels(image, places[steps], there + lowest)


@formula(
    anatomical=('summary_*',),
    functional=('summary_*',),
)
def summarise(of: Levels, weights: Floats | Mask) -> Summary:
    """Distribution of the intensities of a region.

    ``mean``, ``stdv`` (about the mean, divided by the sum of weights), ``p05``, ``median`` and
    ``p95`` weigh each voxel by its tissue probability. ``k`` (excess kurtosis) and ``mad``
    (median absolute deviation from that median, times 1.4826) are of the voxels with more than
    half of the largest probability. ``n`` is the sum of the probabilities.

    Parameters
    ----------
    of : Levels
        Voxels, nothing below 0. T1w and T2w: the bias field taken out, white matter at 1000.
        BOLD: the mean volume, in the scanner's own numbers.
    weights : (x, y, z) ndarray
        Partial volume of the tissue, 0–1; or a mask. ``bg`` of T1w and T2w is the air without
        artifacts above the face; of BOLD, all that is not brain. ``fg`` is the brain.

    Returns
    -------
    Summary
        Rounded to four decimals, as in the record: ``snr``, ``cnr``, ``cjv`` go on from there.
        Neither direction is better.

    Raises
    ------
    UndefinedIqmError
        The region is empty.

    Notes
    -----
    Since MRIQC 23.1 voxels are weighed; before, those of a mask counted all alike, so that these
    numbers do not compare across that version. Intensities are rounded to whole numbers before
    they are weighed (not for ``k`` and ``mad``), and weights to three decimals. BOLD series in
    so small a unit that this would leave hardly a level are scaled by a power of ten before, and
    back. A quantile that falls between two intensities is their mean, else the intensity itself.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    weighed = np.round(weights.astype(np.float64).ravel(), _DECIMALS_OF_WEIGHTS)
    masses = np.bincount(of.indices, weights=weighed, minlength=of.values.size) * 1.0
    total = float(masses.sum())
    if total <= 0:
        raise UndefinedIqmError('the region is empty')
    mean = float(masses @ of.values) / total
    p05, median, p95 = _quantiles(of.values, masses, (0.05, 0.5, 0.95))
    core = of.image[weights > 0.5 * weights.max()].astype(np.float64)
    return Summary(
        mean=round(mean, DECIMALS),
        median=round(median, DECIMALS),
        p95=round(p95, DECIMALS),
        p05=round(p05, DECIMALS),
        k=round(_kurtosis(core), DECIMALS),
        stdv=round(float(np.sqrt(masses @ (of.values - mean) ** 2 / total)), DECIMALS),
        mad=round(MAD_TO_SD * float(np.median(np.abs(core - median))), DECIMALS),
        n=float(weights.sum(dtype=np.float64)),
    )


def _quantiles(values: Floats, masses: Floats, shares: tuple[float, ...]) -> tuple[float, ...]:
    reached = np.cumsum(masses)
    found = []
    for share in shares:
        target = share * reached[-1]
        place = min(int(np.searchsorted(reached, target)), values.size - 1)
        between = abs(target - reached[place]) < _EXACTLY and place + 1 < values.size
        found.append(float((values[place] + values[place + between]) / 2))
    return tuple(found)


def _kurtosis(values: Floats) -> float:
    deviations = values - values.mean()
    variance = float(np.mean(deviations**2))
    # what is left of equal numbers after rounding is no variance
    if variance <= (np.finfo(np.float64).eps * float(np.abs(values).max())) ** 2:
        return float('nan')
    return float(np.mean(deviations**4)) / variance**2 - 3
