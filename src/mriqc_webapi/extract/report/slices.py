"""Slices through a volume: where they lie, and how they are turned to the eye.

Volumes have RAS+ axes; slices are shown with the head upright or the nose up, and the left of the
head on the left.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriqc_webapi.extract.maps import Floats, Mask

Plane = Literal['axial', 'coronal', 'sagittal']
Spacing = tuple[float, float, float]
Box = tuple[slice, slice, slice]

PLANES: Final[tuple[Plane, ...]] = get_args(Plane)
AXES: Final[dict[Plane, int]] = {'sagittal': 0, 'coronal': 1, 'axial': 2}
SIDES: Final[dict[Plane, str]] = {
    'axial': 'LR',
    'coronal': 'LR',
    'sagittal': 'PA',
}  # at either hand
MARGIN_MM: Final = 8.0
MOST_PIXELS: Final = 256  # of a slice's longer side


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One slice of the part of a volume that a box holds."""

    plane: Plane
    index: int  # in the whole volume
    box: Box
    spacing_mm: Spacing
    place_mm: float  # along the axis of the scanner that is closest

    @property
    def name(self) -> str:
        """Say where it is: ``z −12``, in mm."""
        place = math.floor(self.place_mm + 0.5)  # halves all go up: steps look even
        return f'{"xyz"[AXES[self.plane]]} {place}'.replace('-', '−')

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels that are as wide as high."""
        kept = [axis for axis in range(3) if axis != AXES[self.plane]]
        steps = [self.spacing_mm[axis] for axis in kept]
        extents = [
            (self.box[axis].stop - self.box[axis].start) * step
            for axis, step in zip(kept, steps, strict=True)
        ]
        pixel_mm = max(min(steps), max(extents) / MOST_PIXELS)
        width, height = (max(round(extent / pixel_mm), 1) for extent in extents)
        return width, height

    def resized(self, volume: NDArray[Any], scale: int = 1) -> NDArray[Any]:
        """Take the slice of a volume as it is looked at, so many times its size.

        Masks stay masks, with smooth borders; NaN becomes 0.
        """
        part: list[int | slice] = list(self.box)
        part[AXES[self.plane]] = self.index
        found = volume[tuple(part)].T[::-1]
        width, height = (n * scale for n in self.size)
        is_mask = found.dtype == bool
        if found.shape == (height, width):
            return np.ascontiguousarray(found if is_mask else np.nan_to_num(found))
        plain = Image.fromarray(np.nan_to_num(np.ascontiguousarray(found, np.float32)))
        resampling = Image.Resampling.BILINEAR if is_mask else Image.Resampling.BICUBIC
        resized = np.asarray(plain.resize((width, height), resampling))
        return resized > 0.5 if is_mask else resized


def box_around(mask: Mask, spacing_mm: Spacing, *, margin_mm: float = MARGIN_MM) -> Box:
    """Give the part of a volume that holds a mask; all of it if the mask is empty."""
    if not mask.any():
        return _box((0, n) for n in mask.shape)
    bounds = []
    for axis, (n, step) in enumerate(zip(mask.shape, spacing_mm, strict=True)):
        first, last = _extent(mask, axis)
        margin = round(margin_mm / step)
        bounds.append((max(first - margin, 0), min(last + 1 + margin, n)))
    return _box(bounds)


def cuts(
    plane: Plane, mask: Mask, *, box: Box, spacing_mm: Spacing, affine: Floats, most: int
) -> list[Cut]:
    """Lay at most so many slices through a mask, all as far apart, each as large as the box."""
    axis = AXES[plane]
    first, last = _extent(mask, axis) if mask.any() else (box[axis].start, box[axis].stop - 1)
    step = -(-(last - first + 1) // most)
    places = np.arange(first + (last - first) % step // 2, last + 1, step)
    middle = [(part.start + part.stop - 1) / 2 for part in box]
    return [
        Cut(
            plane=plane,
            index=int(place),
            box=box,
            spacing_mm=spacing_mm,
            place_mm=float((affine @ [*middle[:axis], place, *middle[axis + 1 :], 1])[axis]),
        )
        for place in places
    ]


def _extent(mask: Mask, axis: int) -> tuple[int, int]:
    """Find the first and the last slice that has something of a mask."""
    others = tuple(other for other in range(3) if other != axis)
    held = np.flatnonzero(mask.any(axis=others))
    return int(held[0]), int(held[-1])


def _box(bounds: Any) -> Box:
    x, y, z = (slice(first, stop) for first, stop in bounds)
    return x, y, z
