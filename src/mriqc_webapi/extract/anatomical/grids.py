"""Grids along the axes of the world, and values brought from one grid to another."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriqc_webapi.extract.maps import Floats, Mask

HALF_MAXIMUM: Final = 2.3548  # FWHM of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where voxels lie."""

    shape: tuple[int, int, int]
    affine: NDArray[np.floating]  # (4, 4), voxel to world, mm

    @property
    def spacing_mm(self) -> NDArray[np.floating]:
        """Give the distance of neighbours along each axis, (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    def corners_mm(self) -> NDArray[np.floating]:
        """Give the centres of the eight voxels at the corners, (8, 3)."""
        ends = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1)
        return np.asarray(apply(self.affine, ends.T))


def apply(affine: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Move (n, 3) points by a (4, 4) affine."""
    return np.asarray(points @ affine[:3, :3].T + affine[:3, 3])


def upright(grid: Grid, *, spacing_mm: float, margin_mm: float = 0.0) -> Grid:
    """Give an isotropic grid along the world's axes that holds all of another."""
    corners = grid.corners_mm()
    low, high = corners.min(0) - margin_mm, corners.max(0) + margin_mm
    return box(low, high, spacing_mm=spacing_mm)


def box(low_mm: NDArray[np.floating], high_mm: NDArray[np.floating], *, spacing_mm: float) -> Grid:
    """Give an isotropic grid between two corners of the world."""
    x, y, z = (int(n) for n in np.ceil((high_mm - low_mm) / spacing_mm) + 1)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low_mm
    return Grid(shape=(x, y, z), affine=affine)


def around(grid: Grid, mask: Mask, *, spacing_mm: float, margin_mm: float) -> Grid:
    """Give an isotropic upright grid that holds what a mask has inside, and a margin."""
    found = ndimage.find_objects(mask.astype(np.uint8))[0]
    ends = np.array([[side.start, side.stop - 1] for side in found])
    corners = apply(grid.affine, np.array(np.meshgrid(*ends)).reshape(3, -1).T)
    low, high = corners.min(0) - margin_mm, corners.max(0) + margin_mm
    return box(low, high, spacing_mm=spacing_mm)


def resampled(
    values: Floats | Mask,
    grid: Grid,
    onto: Grid,
    *,
    moved: NDArray[np.floating] | None = None,
    outside: float = 0.0,
    edge: Literal['constant', 'nearest'] = 'constant',
) -> Floats:
    """Bring values onto another grid, linearly; where that is coarser, smoothed first.

    Parameters
    ----------
    moved : (4, 4) ndarray, optional
        From the world of `onto` to the world of `grid`.
    outside : float
        What lies beyond the edges, if they are `constant`; else the nearest value goes on.
    """
    there = onto.affine if moved is None else moved @ onto.affine
    matrix = np.linalg.inv(grid.affine) @ there
    values = np.asarray(values, dtype=np.float32)
    sigma = np.sqrt(np.maximum(onto.spacing_mm.min() ** 2 - grid.spacing_mm**2, 0))
    sigma = sigma / HALF_MAXIMUM / grid.spacing_mm
    if (sigma > 0.2).any():
        values = ndimage.gaussian_filter(values, np.where(sigma > 0.2, sigma, 0), truncate=3)
    brought: Floats = ndimage.affine_transform(
        values, matrix[:3, :3], matrix[:3, 3], onto.shape, order=1, mode=edge, cval=outside
    )
    return brought
