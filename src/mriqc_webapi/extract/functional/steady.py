"""The volumes at the start of a series, before the magnetisation is in a steady state."""

from typing import Final

import numpy as np

from mriqc_webapi.extract.formulas.summaries import MAD_TO_SD
from mriqc_webapi.extract.maps import Floats

MAX_VOLUMES: Final = 50  # from the start; a drift over a whole run must not count
MAX_ROBUST_Z: Final = 3.5  # Iglewicz & Hoaglin (1993)


def count_dummies(series: Floats) -> int:
    """Count the volumes at the start whose mean is unlike that of those that follow.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        A BOLD series in the scanner's own numbers.

    Returns
    -------
    int
        Volumes before the first whose mean lies within 3.5 robust standard deviations [1]_ of the
        median over the first fifty volumes, as MRIQC counts them [2]_. At least two volumes stay.

    References
    ----------
    .. [1] Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers, ISBN 978-0-87389-247-6
    .. [2] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    level = series[..., :MAX_VOLUMES].mean(axis=(0, 1, 2), dtype=np.float64)
    distance = np.abs(level - np.median(level))
    sd = MAD_TO_SD * float(np.median(distance))
    steady = np.flatnonzero(distance <= MAX_ROBUST_Z * sd)
    n_before = int(steady[0]) if steady.size else 0
    return min(n_before, int(series.shape[3]) - 2)
