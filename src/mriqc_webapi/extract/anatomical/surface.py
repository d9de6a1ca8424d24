"""A brain's surface, found by letting a small sphere grow: BET, derived anew from its paper.

Smith (2002), Hum Brain Mapp 17:143-155, doi:10.1002/hbm.10062. Equation numbers are the paper's.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriqc_webapi.extract.anatomical.grids import Grid
from mriqc_webapi.extract.maps import Floats, Mask

STEPS: Final = 600  # of 1000 in the paper; little moves later
THRESHOLD: Final = 0.5  # b_t, the fraction between darkest and brightest where a brain ends
ROUND_MM: Final = (3.33, 10.0)  # radii of curvature that are smoothed fully, and hardly
INWARD_MM: Final = (20.0, 10.0)  # how far the darkest and the brightest are looked for
NEAR_MM: Final = 20.0  # around the brain: what the levels of intensity are taken from

_SUBDIVISIONS: Final = 4  # of an icosahedron: 2562 points


@dataclass(frozen=True, slots=True)
class _Levels:
    """Intensities that hold for the whole head: robust minimum and maximum, threshold, median."""

    low: float
    high: float
    head: float
    median: float


@dataclass(frozen=True, slots=True)
class _Mesh:
    points: NDArray[np.float64]  # (n, 3), on the unit sphere
    triangles: NDArray[np.intp]  # (m, 3), turned outward
    neighbours: NDArray[np.intp]  # (n, 6); of the twelve points that have five, one comes twice
    weights: NDArray[np.float64]  # (n, 6), sums to 1


def brain_by_surface(
    values: Floats, grid: Grid, *, about: Mask, threshold: float = THRESHOLD
) -> Mask:
    """Find the brain in an upright head by a surface that grows until it meets the skull.

    The paper starts from the middle of all that is bright; where the neck or little of the head
    is seen, that is not the brain's. Here a rough mask tells it.

    Parameters
    ----------
    values : (x, y, z) ndarray
        The head, without its bias field, on an isotropic upright grid of about 2 mm.
    about : (x, y, z) ndarray of bool
        Where the brain is, roughly; as the template's lies in the head.
    threshold : float
        0–1; smaller finds a larger brain.

    Returns
    -------
    (x, y, z) ndarray of bool
        What the surface encloses; nothing where the image has no contrast.
    """
    spacing = float(grid.spacing_mm[0])
    levels = _levels(values, about, spacing)
    if levels is None:
        return np.zeros(grid.shape, dtype=bool)
    mesh = _icosphere(_SUBDIVISIONS)
    centre = np.argwhere(about).mean(axis=0)
    radius = (3 * about.sum() / 4 / np.pi) ** (1 / 3)  # voxels
    points = centre + mesh.points * (radius / 2)
    for _ in range(STEPS):
        points = points + _step(values, points, mesh, levels, threshold, spacing)
    return _enclosed(points, mesh, grid.shape)


def _levels(values: Floats, about: Mask, spacing: float) -> _Levels | None:
    """Take the levels of intensity from the brain and what is near."""
    if not about.any():
        return None
    near = ndimage.distance_transform_edt(~about) * spacing <= NEAR_MM
    there = values[near & (values > 0)]
    if there.size == 0:
        return None
    low, high = np.percentile(there, (2, 98))
    if high <= low:
        return None
    median = float(np.median(values[about]))
    return _Levels(float(low), float(high), float(low + 0.1 * (high - low)), median)


def _step(
    values: Floats,
    points: NDArray[np.float64],
    mesh: _Mesh,
    levels: _Levels,
    threshold: float,
    spacing: float,
) -> NDArray[np.float64]:
    """Give the move of each point, in voxels: to its neighbours' mean, round, and outward."""
    around = points[mesh.neighbours]
    length_mm = spacing * float(np.linalg.norm(around - points[:, None], axis=2).mean())
    to_mean = (around * mesh.weights[..., None]).sum(1) - points
    normals = _normals(points, mesh.triangles)
    along = (to_mean * normals).sum(1, keepdims=True)
    normal_part = along * normals
    curvature = 2 * np.abs(along) * spacing / length_mm**2  # 1 / r, eq. 4
    small, large = 1 / ROUND_MM[0], 1 / ROUND_MM[1]
    roundness = (1 + np.tanh(6 / (small - large) * (curvature - (small + large) / 2))) / 2
    outward = _outward(values, points, normals, levels, threshold, spacing)
    moved: NDArray[np.float64] = (
        0.5 * (to_mean - normal_part)
        + roundness * normal_part
        + 0.05 * outward[:, None] * (length_mm / spacing) * normals
    )
    return moved


def _outward(
    values: Floats,
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    levels: _Levels,
    threshold: float,
    spacing: float,
) -> NDArray[np.float64]:
    """Tell how much each point wants outward, by what lies just inside of it (eq. 8–11)."""
    depths = np.arange(1.0, INWARD_MM[0], 2.0)
    line = points[:, None] - normals[:, None] * (depths[None, :, None] / spacing)
    seen = ndimage.map_coordinates(values, np.moveaxis(line, -1, 0), order=1, mode='nearest')
    lowest = np.clip(seen.min(1), levels.low, levels.median)
    brightest = seen[:, depths < INWARD_MM[1]].max(1)
    highest = np.clip(brightest, levels.head, max(levels.head, levels.median))
    local = (highest - levels.low) * threshold + levels.low
    return np.asarray(2 * (lowest - local) / (highest - levels.low))


def _normals(points: NDArray[np.float64], triangles: NDArray[np.intp]) -> NDArray[np.float64]:
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.empty_like(points)
    for axis in range(3):
        normals[:, axis] = np.bincount(
            triangles.ravel(), np.repeat(faces[:, axis], 3), minlength=len(points)
        )
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-12))


def _enclosed(points: NDArray[np.float64], mesh: _Mesh, shape: tuple[int, int, int]) -> Mask:
    """Fill what the triangles enclose: they are sown with points, so densely that none leaks."""
    corners = points[mesh.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max()
    n = max(2, int(np.ceil(longest * 2)))
    i, j = np.divmod(np.arange((n + 1) ** 2), n + 1)
    i, j = i[i + j <= n], j[i + j <= n]
    sown = np.stack([i, j, n - i - j], axis=1) / n
    places = np.rint(np.einsum('sc,tcx->tsx', sown, corners)).astype(int).reshape(-1, 3)
    padded = np.zeros(tuple(size + 2 for size in shape), dtype=bool)
    places = np.clip(places, 0, np.array(shape) - 1) + 1
    padded[tuple(places.T)] = True
    filled: Mask = ndimage.binary_fill_holes(padded)
    return filled[1:-1, 1:-1, 1:-1]


def _icosphere(subdivisions: int) -> _Mesh:
    golden = (1 + 5**0.5) / 2
    points = [
        np.array(point, dtype=float)
        for a in (-1, 1)
        for b in (-golden, golden)
        for point in ((0, a, b), (a, b, 0), (b, 0, a))
    ]
    triangles = _hull(np.array(points))
    for _ in range(subdivisions):
        points, triangles = _halved(points, triangles)
    unit = np.array(points) / np.linalg.norm(points, axis=1, keepdims=True)
    neighbours, weights = _rings(len(unit), np.array(triangles))
    return _Mesh(unit, np.array(triangles, dtype=np.intp), neighbours, weights)


def _hull(points: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Find the triangles of an icosahedron, each turned outward."""
    found = []
    for a, b, c in combinations(range(12), 3):
        sides = [np.linalg.norm(points[p] - points[q]) for p, q in ((a, b), (b, c), (c, a))]
        if max(sides) < 2.1:  # an edge is 2 long
            turn = np.linalg.det(points[[a, b, c]])
            found.append((a, b, c) if turn > 0 else (a, c, b))
    return found


def _halved(
    points: list[NDArray[np.float64]], triangles: list[tuple[int, int, int]]
) -> tuple[list[NDArray[np.float64]], list[tuple[int, int, int]]]:
    """Divide each triangle into four, on the sphere."""
    points = [point / np.linalg.norm(point) for point in points]
    middles: dict[tuple[int, int], int] = {}

    def middle(a: int, b: int) -> int:
        edge = (min(a, b), max(a, b))
        if edge not in middles:
            middles[edge] = len(points)
            between = points[a] + points[b]
            points.append(between / np.linalg.norm(between))
        return middles[edge]

    divided = []
    for a, b, c in triangles:
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        divided += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return points, divided


def _rings(
    n_points: int, triangles: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    around: list[set[int]] = [set() for _ in range(n_points)]
    for a, b, c in triangles.tolist():
        around[a] |= {b, c}
        around[b] |= {c, a}
        around[c] |= {a, b}
    neighbours = np.array([(sorted(ring) * 2)[:6] for ring in around], dtype=np.intp)
    weights = np.full((n_points, 6), 1 / 6)
    for point, ring in enumerate(around):
        if len(ring) == 5:
            weights[point] = [0.1, 0.2, 0.2, 0.2, 0.2, 0.1]
    return neighbours, weights
