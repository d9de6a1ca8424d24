"""The bias field of an image, by N4.

Tustison et al. (2010), IEEE Trans Med Imaging 29:1310-1320, doi:10.1109/TMI.2010.2046908
"""

from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid, around, resampled
from mriqc_webapi.extract.anatomical.registration import as_ants
from mriqc_webapi.extract.anatomical.single_thread import ants_on_one_thread
from mriqc_webapi.extract.maps import Floats, Mask

WORKING_MM: Final = 4.0  # a field is far smoother than that
MARGIN_MM: Final = 12.0
ITERATIONS: Final = (20, 20, 20)  # at each level of the spline; more fit tissue instead of field
CLIPPED: Final = (10.0, 99.9)  # percentiles; beyond are air and vessels, which say nothing
INSIDE: Final = (0.1, 99.9)  # percentiles of the field where it was seen


def bias_field(
    image: Floats,
    grid: Grid,
    within: Mask,
    *,
    iterations: tuple[int, ...] = ITERATIONS,
    shrink_factor: int = 1,
) -> Floats:
    """Estimate the multiplicative bias field of an image from what lies within a mask.

    Parameters
    ----------
    image : (x, y, z) ndarray
    within : (x, y, z) ndarray of bool
    shrink_factor : int
        How much coarser than 4 mm the image is looked at.

    Returns
    -------
    (x, y, z) ndarray of float32
        Its geometric mean within the mask is 1: N4 leaves the scale open, and what it ends with
        depends on the number of iterations only. Outside it is an extrapolation, held to the
        range that was found inside. 1 everywhere if there is nothing to learn from.
    """
    if not within.any():
        return np.ones(image.shape, dtype=np.float32)
    working = around(grid, within, spacing_mm=WORKING_MM, margin_mm=MARGIN_MM)
    low, high = np.percentile(image, CLIPPED)
    coarse = resampled(np.clip(image, low, high), grid, working)
    seen = resampled(within, grid, working) > 0.5
    if high <= low or not (seen & (coarse > 0)).any():
        return np.ones(image.shape, dtype=np.float32)
    field = np.asarray(
        ants_on_one_thread()
        .n4_bias_field_correction(
            as_ants(coarse, working),
            mask=as_ants(seen, working),
            shrink_factor=shrink_factor,
            convergence={'iters': list(iterations), 'tol': 1e-7},
            return_bias_field=True,
        )
        .numpy()
    )
    field = field / np.exp(np.log(np.maximum(field[seen], 1e-6)).mean())
    field = np.clip(field, *np.percentile(field[ndimage.binary_dilation(seen)], INSIDE))
    found = resampled(field, working, grid, edge='nearest')
    return np.maximum(found, np.float32(1e-3))
