"""T1w and T2w images on a common scale."""

from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.maps import Floats, Mask

WHITE_MATTER_LEVEL: Final = 1000.0
SURELY: Final = 0.9  # partial volume of voxels that are white matter and nothing else


def with_white_matter_at_1000(corrected: Floats, white_matter: Floats) -> Floats:
    """Scale an image so that the median of its pure white matter is 1000.

    All IQMs of intensities of T1w and T2w images start here, as they do in MRIQC.

    Parameters
    ----------
    corrected : (x, y, z) ndarray
        The bias field taken out; what is not finite counts as 0.
    white_matter : (x, y, z) ndarray
        Partial volume of white matter, 0–1. What is at least .9 counts, without the outermost
        voxels (eroded once over faces and edges); where nothing is left, as of single slices,
        with them.

    Returns
    -------
    (x, y, z) ndarray of float32
        Nothing below 0.

    Raises
    ------
    UndefinedIqmError
        No pure white matter, or it is not brighter than 0.
    """
    pure = white_matter >= SURELY
    core = ndimage.binary_erosion(pure, structure=ndimage.generate_binary_structure(3, 2))
    level = _level(corrected, core if core.any() else pure)
    finite = np.nan_to_num(corrected.astype(np.float64), posinf=0.0, neginf=0.0)
    scaled = finite * (WHITE_MATTER_LEVEL / level)
    return np.maximum(scaled, 0, out=scaled).astype(np.float32)


def _level(image: Floats, mask: Mask) -> float:
    values = np.nan_to_num(image[mask].astype(np.float64))
    level = float(np.median(values)) if values.size else 0.0
    if not level > 0:
        raise UndefinedIqmError(
            'no voxel is surely white matter, or white matter is not brighter than 0'
        )
    return level
