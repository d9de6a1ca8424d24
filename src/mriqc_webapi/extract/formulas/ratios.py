"""Levels of tissues against noise and against each other."""

from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats

RAYLEIGH: Final = 0.6551364  # √((4 − π) / 2): SD of noise in air over SD of noise in tissue
MAD_AT_LEAST: Final = 1.0  # below, the spread of the air is taken from its SD
SD_AT_LEAST: Final = 1e-3  # below, the air is empty


@formula(anatomical=('snr_*',), functional=('snr',))
def snr(level: float, sd: float, n: float) -> float:
    """Signal-to-noise ratio of a region: its level over its own spread.

    ``snr = median / (sd · √(n / (n − 1)))``, ``snr_total`` is the mean over cerebrospinal fluid,
    grey and white matter.

    Parameters
    ----------
    level, sd : float
        Median and standard deviation of the intensities of the region, weighted by tissue
        probability (``summary_*_median``, ``summary_*_stdv``).
    n : float
        Voxels of the region (``summary_*_n``).

    Returns
    -------
    float
        A ratio; higher is better.

    Raises
    ------
    UndefinedIqmError
        The region holds one voxel, or its voxels are all alike.

    Notes
    -----
    MRIQC's documentation speaks of the mean; its code takes the median. The spread is that of the
    tissue, structure and bias field with it, so this is less than the ratio to thermal noise.

    References
    ----------
    .. [1] Magnotta & Friedman (2006), J Digit Imaging 19:140-147, doi:10.1007/s10278-006-0264-x
    """
    if n <= 1:
        raise UndefinedIqmError('the region has no more than one voxel')
    if sd <= 0:
        raise UndefinedIqmError('the voxels of the region are all alike')
    return float(level / (sd * np.sqrt(n / (n - 1))))


@formula(anatomical=('snrd_*',))
def snr_dietrich(level: float, *, air_mad: float, air_sd: float) -> float:
    """Signal-to-noise ratio of a tissue, its noise taken from the air around the head.

    ``snrd = √((4 − π)/2) · median / spread of the air``, ``snrd_total`` is the mean over the three
    tissues. The factor is due to noise in air being Rayleigh distributed [1]_.

    Parameters
    ----------
    level : float
        Median intensity of the tissue.
    air_mad, air_sd : float
        Spread of the air without artifacts: median absolute deviation (scaled to a standard
        deviation), and standard deviation; white matter is at 1000.

    Returns
    -------
    float
        A ratio; higher is better.

    Raises
    ------
    UndefinedIqmError
        The air holds no noise.

    Notes
    -----
    The paper and MRIQC's documentation divide by the standard deviation. MRIQC's code divides by
    the median absolute deviation if that is above 1, and so does this. Where the air is empty,
    MRIQC writes −1; here the IQM is left out.

    References
    ----------
    .. [1] Dietrich et al. (2007), J Magn Reson Imaging 26:375-385, doi:10.1002/jmri.20969
    """
    spread = air_mad if air_mad > MAD_AT_LEAST else air_sd
    if spread <= SD_AT_LEAST:
        raise UndefinedIqmError('the air around the head holds no noise')
    return float(RAYLEIGH * level / spread)


@formula(anatomical=('cnr',))
def cnr(*, wm_level: float, gm_level: float, air_sd: float, wm_sd: float, gm_sd: float) -> float:
    """Contrast-to-noise ratio: the distance of grey and white matter over the noise.

    ``cnr = |median_wm − median_gm| / √(sd_air² + sd_wm² + sd_gm²)``

    Returns
    -------
    float
        A ratio; higher is better.

    Raises
    ------
    UndefinedIqmError
        None of the three regions has any spread.

    Notes
    -----
    MRIQC's documentation speaks of means; its code takes medians.

    References
    ----------
    .. [1] Magnotta & Friedman (2006), J Digit Imaging 19:140-147, doi:10.1007/s10278-006-0264-x
    """
    noise = np.sqrt(air_sd**2 + wm_sd**2 + gm_sd**2)
    if noise == 0:
        raise UndefinedIqmError('neither the tissues nor the air have any spread')
    return float(abs(wm_level - gm_level) / noise)


@formula(anatomical=('cjv',))
def cjv(*, wm_level: float, gm_level: float, wm_mad: float, gm_mad: float) -> float:
    """Coefficient of joint variation: the spreads of grey and white matter over their distance.

    ``cjv = (mad_wm + mad_gm) / |median_wm − median_gm|``

    Returns
    -------
    float
        A ratio; lower is better. It rises with head motion and intensity non-uniformity.

    Raises
    ------
    UndefinedIqmError
        Grey and white matter are equally bright.

    Notes
    -----
    The paper has standard deviations and means. MRIQC's code passes median absolute deviations
    (scaled to standard deviations) and medians.

    References
    ----------
    .. [1] Ganzetti et al. (2016), Front Neuroinform 10:10, doi:10.3389/fninf.2016.00010
    """
    distance = abs(wm_level - gm_level)
    if distance == 0:
        raise UndefinedIqmError('grey and white matter are equally bright')
    return float((wm_mad + gm_mad) / distance)


@formula(anatomical=('wm2max',))
def wm2max(image: Floats, wm_level: float) -> float:
    """Level of white matter over the brightest of the image.

    ``wm2max = median_wm / P99.95(image)``

    Parameters
    ----------
    image : (x, y, z) ndarray
        All voxels, the bias field taken out, nothing below 0.
    wm_level : float
        Median intensity of white matter, in the same unit.

    Returns
    -------
    float
        A ratio of about 0.6 to 0.8; less where fat or vessels are very bright.

    Raises
    ------
    UndefinedIqmError
        Hardly a voxel is above 0.

    Notes
    -----
    MRIQC's documentation names the 95th percentile in one place and the 99.95th in another; the
    code takes the latter.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    brightest = float(np.percentile(image.astype(np.float64), 99.95))
    if brightest <= 0:
        raise UndefinedIqmError('99.95 % of the voxels are 0')
    return float(wm_level / brightest)
