"""Head motion: each volume of a series is moved onto one of them, as a rigid body."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mriqc_webapi.extract.maps import Floats, Mask

SMOOTH_MM: Final = 3.0  # standard deviation; less, and interpolation bends the gradient
MAX_POINTS: Final = 12_000
MAX_ITERATIONS: Final = 12
FARTHEST_MM: Final = 50.0  # no head moves further within its coil; the fit went astray
FARTHEST_RAD: Final = np.pi / 4
DONE_MM: Final = 5e-4  # of a point at the edge of the head
HEAD_MM: Final = 80.0  # such a point's distance from the centre
N_THREADS: Final = 2  # more than one changes no number

Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Pose:
    """How the head lies in one volume: where a point of the base volume is found in it."""

    rotation: Rotation
    translation: Floats  # (3,), mm

    @property
    def parameters(self) -> Floats:
        """Translations in mm and rotations in rad that bring the volume onto the base, (6,)."""
        back = self.rotation.inv()
        return np.concatenate([-back.apply(self.translation), back.as_euler('xyz')])

    @property
    def is_possible(self) -> bool:
        """Whether a head in a scanner can lie so."""
        is_near = float(np.linalg.norm(self.translation)) <= FARTHEST_MM
        return is_near and float(self.rotation.magnitude()) <= FARTHEST_RAD

    def apply(self, points: Floats) -> Floats:
        """Move points of the base volume, (n, 3) in mm from the centre."""
        moved: Floats = self.rotation.apply(points) + self.translation
        return moved

    def corrected_by(self, turn: Floats, shift: Floats) -> 'Pose':
        """Undo a small motion first: a rotation vector in rad and a shift in mm."""
        rotation = self.rotation * Rotation.from_rotvec(turn).inv()
        return Pose(rotation, self.translation - rotation.apply(shift))


STILL: Final = Pose(Rotation.identity(), np.zeros(3))
LOST: Final = Pose(Rotation.identity(), np.full(3, np.nan))  # of a volume that shows no such head


@dataclass(frozen=True, slots=True)
class _Base:
    """What every volume is compared with, and how it changes with a small motion of the head."""

    centre: Floats  # (3,), voxels
    spacing_mm: Floats  # (3,)
    points_mm: Floats  # (n, 3), from the centre
    values: Floats  # (n,)
    inverse: Floats  # (6, n): least-squares motion for the difference at each point


def base_volume(series: Floats) -> int:
    """Choose the volume that is most like the median one: none with a jerk in it.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        A BOLD series.

    Returns
    -------
    int
        The volume whose absolute differences from the median volume have the least sum.
    """
    slices = (series[:, :, z] for z in range(series.shape[2]))
    median = np.stack([np.median(part, axis=2) for part in slices], axis=2)
    distance = [float(np.abs(series[..., t] - median).sum()) for t in range(series.shape[3])]
    return int(np.argmin(distance))


def estimate_motion(
    series: Floats,
    head: Mask,
    spacing_mm: tuple[float, float, float],
    *,
    base: int,
    step: Step = lambda: None,
) -> list[Pose]:
    """Find how the head lies in each volume.

    The squared difference of smoothed volumes over the head is made least by Gauss-Newton steps,
    composed inversely [1]_, so that the gradient is taken once, of the base volume. A gain and an
    offset of each volume are fitted along: neither fading nor drift passes for motion.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        A BOLD series.
    head : (x, y, z) ndarray of bool
        Where volumes are compared.
    spacing_mm : three floats
        Size of a voxel.
    base : int
        Index of the volume that the others are moved onto.

    Returns
    -------
    list of Pose
        One per volume; that of the base is no motion. `LOST` where the fit went astray: further
        than 50 mm or 45° away.

    References
    ----------
    .. [1] Baker & Matthews (2004), Int J Comput Vis 56:221-255,
       doi:10.1023/B:VISI.0000011205.11775.fd
    """
    fitted = _prepare(_smooth(series[..., base], spacing_mm), head, np.array(spacing_mm))

    def run(times: Iterator[int] | range) -> list[Pose]:
        poses, pose = [], STILL
        for t in times:  # from its neighbour, which is near
            found = _fit(_smooth(series[..., t], spacing_mm), fitted, pose)
            pose = found if found.is_possible else pose
            poses.append(found if found.is_possible else LOST)
            step()
        return poses

    after = range(base + 1, series.shape[3])
    before = range(base - 1, -1, -1)
    with ThreadPoolExecutor(N_THREADS) as threads:
        early, late = threads.map(run, (before, after))
    return [*reversed(early), STILL, *late]


def realign(
    series: Floats,
    poses: list[Pose],
    head: Mask,
    spacing_mm: tuple[float, float, float],
    *,
    step: Step = lambda: None,
) -> Floats:
    """Resample each volume where the base volume's voxels lie, by cubic splines.

    What lies outside of a volume is taken from its edge; no voxel leaves the range of its volume.

    Parameters
    ----------
    series : (x, y, z, t) ndarray
        A BOLD series.
    poses : list of Pose
        One per volume, as of `estimate_motion`; volumes that are `LOST` stay as they are.
    head : (x, y, z) ndarray of bool
        The one that `estimate_motion` was given: rotations are about its centre.
    spacing_mm : three floats
        Size of a voxel.

    Returns
    -------
    (x, y, z, t) ndarray
        In the unit and precision of the series.
    """
    centre, spacing = _centre(head), np.array(spacing_mm)
    moved = np.empty_like(series)

    def run(t: int) -> None:
        volume, pose = series[..., t], poses[t]
        if pose is STILL or pose is LOST:
            moved[..., t] = volume
        else:
            matrix = pose.rotation.as_matrix() * spacing[None, :] / spacing[:, None]
            offset = centre + pose.translation / spacing - matrix @ centre
            found = ndimage.affine_transform(volume, matrix, offset, order=3, mode='nearest')
            moved[..., t] = np.clip(found, volume.min(), volume.max())
        step()

    with ThreadPoolExecutor(N_THREADS) as threads:
        list(threads.map(run, range(series.shape[3])))
    return moved


def _centre(head: Mask) -> Floats:
    return np.array([axis.mean() for axis in np.nonzero(head)])


def _smooth(volume: Floats, spacing_mm: tuple[float, float, float]) -> Floats:
    sigma = [SMOOTH_MM / size for size in spacing_mm]
    smooth: Floats = ndimage.gaussian_filter(volume.astype(np.float32), sigma, truncate=3)
    return smooth


def _prepare(volume: Floats, head: Mask, spacing: Floats) -> _Base:
    inside = np.nonzero(head)
    every = max(1, len(inside[0]) // MAX_POINTS)
    voxels = tuple(axis[::every] for axis in inside)
    centre = _centre(head)
    points = (np.stack(voxels, axis=1) - centre) * spacing
    slopes = [_slope(volume, axis)[voxels] / spacing[axis] for axis in range(3)]
    gradient = np.stack(slopes, axis=1).astype(np.float64)
    values = volume[voxels].astype(np.float64)
    turns = np.cross(points, gradient)
    design = np.column_stack([gradient, turns, values, np.ones_like(values)])
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1
    inverse = np.linalg.pinv(design / scale, rcond=1e-6) / scale[:, None]
    return _Base(centre, spacing, points, values, inverse[:6])


def _slope(volume: Floats, axis: int) -> Floats:
    """Differentiate along one axis; there is no slope across a single slice."""
    if volume.shape[axis] == 1:
        return np.zeros_like(volume)
    slope: Floats = np.gradient(volume, axis=axis)
    return slope


def _fit(volume: Floats, base: _Base, start: Pose) -> Pose:
    spline = ndimage.spline_filter(volume, order=3, output=np.float32)
    most = np.array(volume.shape) - 1
    pose = start
    for _ in range(MAX_ITERATIONS):
        places = pose.apply(base.points_mm) / base.spacing_mm + base.centre
        found = ndimage.map_coordinates(spline, places.T, order=3, mode='mirror', prefilter=False)
        difference = np.where(
            ((places >= -0.5) & (places <= most + 0.5)).all(axis=1), found - base.values, 0
        )
        change = base.inverse @ difference
        pose = pose.corrected_by(change[3:], change[:3])
        if np.linalg.norm(change[:3]) + HEAD_MM * np.linalg.norm(change[3:]) < DONE_MM:
            break
    return pose
