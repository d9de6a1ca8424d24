"""Where the brain, the head and the air are in a BOLD series."""

from pathlib import Path
from typing import Final

import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.formulas.outliers import clip_level
from mriqc_webapi.extract.images import Image, read_mask
from mriqc_webapi.extract.maps import Floats, Mask, MaskOrigin

HEAD_GAP_MM: Final = 8.0  # around the head, where ghosts and blur pass for air
RIM_MM: Final = 8.0  # how far the band around the brain reaches
VOLUME_ML: Final = (500.0, 2200.0)  # of a brain; below, fields of view cut, or a mask failed
N_BINS: Final = 256

Spacing = tuple[float, float, float]


def find_brain(image: Image, mean: Floats, *, given: Path | None) -> tuple[Mask, MaskOrigin]:
    """Take the brain mask that is given, or find the brain in the mean volume.

    The skull and its fat give hardly a signal in echo-planar images. What is brighter than the
    clip level of AFNI's 3dAutomask [1]_ is kept where it is the largest piece, also after a layer
    of voxels is peeled off; the layer is put back, holes are filled, and one more layer is laid
    around, so that fluid and what a drop-out darkens are in.

    Parameters
    ----------
    image : Image
        The series, for its grid.
    mean : (x, y, z) ndarray
        The mean of its volumes.
    given : Path, optional
        A mask made elsewhere.

    Raises
    ------
    ImageError
        The given mask does not fit the image.

    References
    ----------
    .. [1] Cox (1996), Comput Biomed Res 29:162-173, doi:10.1006/cbmr.1996.0014
    """
    doubts: list[str] = []
    if given is not None:
        brain, method, detail = read_mask(given, like=image), 'file', given.name
    else:
        brain, method, detail = _brightest_piece(mean), 'epi', ''
        if not brain.any():
            brain = mean > 0
            doubts.append('No brain was found; all voxels with a signal stand for it.')
    volume_ml = float(brain.sum() * np.prod(image.spacing_mm) / 1000)
    low, high = VOLUME_ML
    if not low <= volume_ml <= high:
        doubts.append(
            f'The brain mask holds {volume_ml:.0f} ml; {low:.0f} to {high:.0f} are plausible.'
        )
    origin = MaskOrigin(
        method=method, detail=detail, doubts=tuple(doubts), measures={'volume_ml': volume_ml}
    )
    return brain, origin


def find_head(mean: Floats, brain: Mask) -> Mask:
    """Find the head: what is brighter than half of Otsu's threshold [1]_, and the brain.

    Muscle and scalp are darker than the brain, but brighter than ghosts.

    Parameters
    ----------
    mean : (x, y, z) ndarray
        The mean of the volumes.
    brain : (x, y, z) ndarray of bool
        The brain.

    Returns
    -------
    (x, y, z) ndarray of bool
        The largest piece, opened once and without holes.

    References
    ----------
    .. [1] Otsu (1979), IEEE Trans Syst Man Cybern 9:62-66, doi:10.1109/TSMC.1979.4310076
    """
    bright = ndimage.binary_opening(
        mean > 0.5 * otsu_threshold(mean), _neighbours(1, _flat_axes(mean))
    )
    return _filled(_largest(bright | brain)) | brain


def find_air(head: Mask, spacing_mm: Spacing) -> Mask:
    """Find the air: what is further than 8 mm away from the head."""
    return ~_grown(head, spacing_mm, HEAD_GAP_MM)


def find_rim(brain: Mask, spacing_mm: Spacing) -> Mask:
    """Find the closed band around the brain, 8 mm wide: its motion shows at edges."""
    return _grown(brain, spacing_mm, RIM_MM) & ~brain


def otsu_threshold(values: Floats) -> float:
    """Split values in two, so that the variance between the classes is greatest [1]_.

    Parameters
    ----------
    values : ndarray
        Of any shape and unit; finite.

    Returns
    -------
    float
        Where the upper class begins, in the unit of the values; one of 256 steps of their range.

    References
    ----------
    .. [1] Otsu (1979), IEEE Trans Syst Man Cybern 9:62-66, doi:10.1109/TSMC.1979.4310076
    """
    counts, edges = np.histogram(values, bins=N_BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    n_below = np.cumsum(counts)
    n_above = n_below[-1] - n_below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide='ignore', invalid='ignore'):
        apart = sums / n_below - (sums[-1] - sums) / n_above
    between = np.nan_to_num(n_below * n_above * apart**2)
    return float(edges[1:][between.argmax()])


def _brightest_piece(mean: Floats) -> Mask:
    level = clip_level(mean)
    if not np.isfinite(level):
        return np.zeros(mean.shape, dtype=bool)
    bright = _largest(mean >= level)
    flat = _flat_axes(mean)
    core = _largest(ndimage.binary_erosion(bright, _neighbours(1, flat)))
    brain = _filled(ndimage.binary_dilation(core, _neighbours(1, flat)))
    grown: Mask = ndimage.binary_dilation(brain, _neighbours(2, flat))
    return grown


def _flat_axes(volume: Floats) -> list[int]:
    return [axis for axis, n in enumerate(volume.shape) if n == 1]


def _neighbours(connectivity: int, flat: list[int]) -> Mask:
    """Give a voxel's neighbours; across a single slice there are none."""
    near: Mask = ndimage.generate_binary_structure(3, connectivity)
    for axis in flat:
        near = near.take([1], axis)
    return near


def _largest(mask: Mask) -> Mask:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest: Mask = labels == sizes.argmax()
    return largest & mask


def _filled(mask: Mask) -> Mask:
    """Fill holes; slice by slice where there is one only."""
    axis = mask.shape.index(1) if 1 in mask.shape else None
    if axis is None:
        filled: Mask = ndimage.binary_fill_holes(mask)
        return filled
    return np.expand_dims(ndimage.binary_fill_holes(mask.take(0, axis)), axis)


def _grown(mask: Mask, spacing_mm: Spacing, by_mm: float) -> Mask:
    if not mask.any():
        return mask
    near: Mask = ndimage.distance_transform_edt(~mask, sampling=spacing_mm) <= by_mm
    return near
