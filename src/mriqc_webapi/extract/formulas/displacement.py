"""Head motion from volume to volume."""

from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.maps import Floats

RADIUS_MM: Final = 50.0  # of the sphere on which rotations become distances
THRESHOLD_MM: Final = 0.2  # `provenance.settings.fd_thres`


def framewise_displacement(motion: Floats) -> Floats:
    """Sum up how far the head moved from one volume to the next [1]_.

    Parameters
    ----------
    motion : (t, 6) ndarray
        Translations in mm, then rotations in rad; NaN where they are not known.

    Returns
    -------
    (t − 1,) ndarray
        In mm: the three translations and the three rotations on a sphere of 50 mm radius, each
        without its sign. NaN from and to volumes whose motion is.

    References
    ----------
    .. [1] Power et al. (2012), NeuroImage 59:2142-2154, doi:10.1016/j.neuroimage.2011.10.018
    """
    steps = np.abs(np.diff(np.asarray(motion, dtype=np.float64), axis=0))
    moved: Floats = steps[:, :3].sum(axis=1) + RADIUS_MM * steps[:, 3:].sum(axis=1)
    return moved


@formula(functional=('fd_*',))
def summarise_displacement(fd_mm: Floats) -> dict[str, float | int]:
    """Framewise displacement over a series.

    ``fd_mean`` is the mean of the t − 1 displacements, ``fd_num`` counts those above 0.2 mm, and
    ``fd_perc = 100 · fd_num / t``. A displacement is ``|Δx| + |Δy| + |Δz| + 50 mm · (|Δα| + |Δβ| +
    |Δγ|)``.

    Parameters
    ----------
    fd_mm : (t − 1,) ndarray
        Displacement from each volume to the next.

    Returns
    -------
    dict
        ``mean`` in mm, ``num`` in volumes, ``perc`` in %; lower is better.

    Raises
    ------
    UndefinedIqmError
        There is one volume, or the head was lost in some.

    Notes
    -----
    MRIQC's documentation cites Jenkinson, too, whose displacement is another one. ``fd_perc``
    refers to all t volumes, though there are t − 1 displacements.

    References
    ----------
    .. [1] Power et al. (2012), NeuroImage 59:2142-2154, doi:10.1016/j.neuroimage.2011.10.018
    """
    if fd_mm.size == 0:
        raise UndefinedIqmError('one volume does not move')
    if not np.isfinite(fd_mm).all():
        raise UndefinedIqmError('the head could not be followed in all volumes')
    n_above = int(np.count_nonzero(fd_mm > THRESHOLD_MM))
    return {
        'mean': float(fd_mm.mean()),
        'num': n_above,
        'perc': n_above * 100 / (fd_mm.size + 1),
    }
