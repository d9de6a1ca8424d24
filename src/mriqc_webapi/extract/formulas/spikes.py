"""Spikes in k-space: slices of single volumes with signal where none belongs."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from scipy import fft, ndimage

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas.outliers import median_over_time
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.formulas.summaries import MAD_TO_SD
from mriqc_webapi.extract.maps import Floats, Mask

THRESHOLD: Final = 3.0  # robust standard deviations over time
CORE_AT_LEAST: Final = 11  # points of k-space that lie well within a bright patch
SPREAD_AT_LEAST: Final = 1e-4
WINDOW: Final = 5  # of the median filter
_POINTS_AT_ONCE: Final = 30_000  # what the processor's cache holds 14 times


@formula(functional=('spikes_num',))
def count_spikes(series: Floats) -> int:
    """Number of spikes: slices of single volumes with an odd patch in k-space.

    The real part of the Fourier transform of each slice is smoothed by a median over 5 × 5 points
    and compared with the same slice at other times, in robust standard deviations (median and
    MAD). A slice counts as a spike if, away from the centre of k-space, more than ten points that
    exceed 3 have eight neighbours that do, too.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        As found, not realigned.

    Returns
    -------
    int
        Spikes; lower is better.

    Raises
    ------
    UndefinedIqmError
        Fewer than three volumes.

    Notes
    -----
    MRIQC counts them with ``--fft-spikes-detector`` only; here they are counted always. Points
    that hardly vary over time (MAD below 0.0001) are compared without being scaled.

    References
    ----------
    .. [1] MRIQC, mriqc.workflows.utils.slice_wise_fft
    """
    if series.shape[-1] < 3:
        raise UndefinedIqmError('fewer than three volumes')
    outer = _away_from_centre(series.shape[0], series.shape[1])
    return sum(_spikes_of_slice(series[:, :, z], outer) for z in range(series.shape[2]))


def _away_from_centre(n_x: int, n_y: int) -> Mask:
    """Mark the points that are looked at; the centre of k-space is at the array's corners."""
    x, y = np.ogrid[:n_x, :n_y]
    distance = np.sqrt((x - n_x // 2) ** 2 + (y - n_y // 2) ** 2)
    outer: Mask = 1.0 - distance / max(distance.max(), 1) >= 0.4
    return outer


def _spikes_of_slice(courses: Floats, outer: Mask) -> int:
    spectra = fft.fft2(courses.astype(np.float64), axes=(0, 1)).real.astype(np.float32)
    smooth = _median_filtered(np.moveaxis(spectra, -1, 0), outer)  # (t, points)
    away = smooth - median_over_time(smooth.T)
    spread = MAD_TO_SD * median_over_time(np.abs(away).T)
    scaled = np.divide(away, spread, out=away, where=spread > SPREAD_AT_LEAST)
    return sum(_is_spike(points, outer) for points in scaled > THRESHOLD)


def _is_spike(points: Mask, outer: Mask) -> bool:
    if np.count_nonzero(points) < CORE_AT_LEAST:
        return False
    plane = np.zeros_like(outer)
    plane[outer] = points
    core = ndimage.binary_erosion(plane, structure=np.ones((3, 3), bool))
    return int(np.count_nonzero(core)) >= CORE_AT_LEAST


def _median_filtered(spectra: Floats, outer: Mask) -> Floats:
    """Take the median of 5 × 5 points around each that is looked at; beyond the edge is 0.

    The real part of the transform is the same at k and −k, so that half of it is enough where no
    window reaches the edge.
    """
    n_x, n_y = outer.shape
    x, y = (np.flatnonzero(outer.any(axis=axis)) for axis in (1, 0))
    by_half = min(x[0], y[0]) >= 3 and x[-1] <= n_x - 3 and y[-1] <= n_y - 3
    rows = slice(min(x[0], n_x - x[-1]), max(x[-1], n_x - x[0]) + 1) if by_half else slice(0, n_x)
    columns = slice(y[0], n_y // 2 + 1) if by_half else slice(0, n_y)
    smooth = np.zeros_like(spectra)
    smooth[:, rows, columns] = _median_of_windows(spectra, rows, columns)
    if by_half:
        mirrored = smooth[:, -np.arange(n_x) % n_x]
        for column in range(n_y // 2 + 1, n_y):
            smooth[:, :, column] = mirrored[:, :, n_y - column]
    return smooth[:, outer]


def _median_of_windows(spectra: Floats, rows: slice, columns: slice) -> Floats:
    margin = WINDOW // 2
    padded = np.pad(spectra, ((0, 0), (margin, margin), (margin, margin)))
    n_points = (rows.stop - rows.start) * (columns.stop - columns.start)
    n_at_once = max(1, _POINTS_AT_ONCE // n_points)
    parts = (padded[t : t + n_at_once] for t in range(0, len(padded), n_at_once))
    return np.concatenate([_median(_shifts(part, rows, columns)) for part in parts])


def _shifts(padded: Floats, rows: slice, columns: slice) -> Iterator[Floats]:
    for x in range(WINDOW):
        for y in range(WINDOW):
            part = padded[:, rows.start + x : rows.stop + x, columns.start + y : columns.stop + y]
            yield part.copy()


def _median(arrays: Iterator[Floats]) -> Floats:
    """Take the median of 25 arrays, element by element, ten times faster than by sorting.

    Of 14 values neither the least nor the greatest is the median of 25; both are forgotten, the
    next value comes in, and so on.
    """
    kept = [next(arrays) for _ in range(WINDOW**2 // 2 + 2)]
    while len(kept) > 1:
        _move_extremes_out(kept)
        kept = [*kept[1:-1], *islice(arrays, 1)]
    return kept[0]


def _move_extremes_out(arrays: list[Floats]) -> None:
    """Bring the least of all arrays to the first place and the greatest to the last."""
    last = len(arrays) - 1
    half = (last + 1) // 2
    for place in range(half):
        _exchange(arrays, place, last - place)
    for place in range(1, last - half + 1):
        _exchange(arrays, 0, place)
    for place in range(half, last):
        _exchange(arrays, place, last)


def _exchange(arrays: list[Floats], low: int, high: int) -> None:
    a, b = arrays[low], arrays[high]
    arrays[low] = np.minimum(a, b)
    np.maximum(a, b, out=b)
