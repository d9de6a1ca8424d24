"""Where the brain is: two ways to find it, and what lies between them.

BET's surface follows the image, but leaks where no bone is dark; the template's brain is of the
right shape, but nobody's own. Their errors lie at different places. Where they are far apart, the
surface has leaked, and is heard only so far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriqc_webapi.extract.anatomical.alignment import align
from mriqc_webapi.extract.anatomical.bias import bias_field
from mriqc_webapi.extract.anatomical.fading import unfaded
from mriqc_webapi.extract.anatomical.grids import Grid, around, resampled, upright
from mriqc_webapi.extract.anatomical.registration import register
from mriqc_webapi.extract.anatomical.surface import brain_by_surface
from mriqc_webapi.extract.anatomical.template import template
from mriqc_webapi.extract.maps import Contrast, Floats, Mask

SURFACE_MM: Final = 2.0  # grids of the steps
FUSION_MM: Final = 1.5
WALL_MM: Final = 8.0  # the surface does not leave the template's brain further than that
FLUID_MM: Final[Mapping[Contrast, float]] = {'T1w': 0.0, 'T2w': 3.0}  # bright, around it: a voxel
CLOSING_MM: Final = 6.0  # sulci that are part of the brain's mask
MARGIN_MM: Final = 10.0
OUTSIDE_MM: Final = 50.0  # a distance far outside
ROUGH: Final = (20, 10)  # iterations of a bias field that is good enough to see a brain
HEAD: Final = 0.15  # of the 98th percentile: brighter is head, roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBrain:
    """A brain's mask, and where it lies in the template's space."""

    mask: Mask
    to_template: NDArray[np.floating]  # (4, 4), the image's world to the template's
    dice: float  # of the template's brain, and the surface's or a mask made elsewhere


@dataclass(frozen=True, slots=True)
class _Aligned:
    """A head on an upright grid, without most of its bias field, and a first alignment."""

    values: Floats
    grid: Grid
    from_template: Floats  # (4, 4), the template's world to the image's

    def atlas(self) -> Mask:
        """Give the template's brain, brought here."""
        return _atlas(self.grid, np.linalg.inv(self.from_template))

    def to_template(self, brain: Mask, contrast: Contrast) -> NDArray[np.floating]:
        """Refine the alignment within a brain, and turn it around."""
        found = register(
            self.values * brain, self.grid, template(), contrast, first=self.from_template
        )
        return np.asarray(np.linalg.inv(found))


def find_brain(image: Floats, grid: Grid, *, contrast: Contrast) -> FoundBrain:
    """Find the brain half-way between its surface and the template's brain moved there."""
    aligned = _aligned(image, grid, contrast)
    atlas = aligned.atlas()
    wall = ndimage.binary_dilation(atlas, iterations=int(WALL_MM / SURFACE_MM))
    aligned = replace(aligned, values=unfaded(aligned.values, aligned.grid, atlas))
    surface = brain_by_surface(aligned.values * wall, aligned.grid, about=atlas)
    surface = _peeled(surface, FLUID_MM[contrast])
    to_template = aligned.to_template(surface, contrast)
    distance, fine, dice = _between(surface, aligned.grid, to_template)
    mask = resampled(distance, fine, grid, outside=OUTSIDE_MM) < 0
    return FoundBrain(mask=_largest(mask), to_template=to_template, dice=dice)


def given_brain(image: Floats, grid: Grid, mask: Mask, *, contrast: Contrast) -> FoundBrain:
    """Take a mask that was made elsewhere, and find its place in the template's space."""
    aligned = _aligned(image, grid, contrast)
    inside = resampled(mask, grid, aligned.grid) > 0.5
    to_template = aligned.to_template(inside, contrast)
    dice = _dice(_atlas(aligned.grid, to_template), inside)
    return FoundBrain(mask=mask, to_template=to_template, dice=dice)


def _aligned(image: Floats, grid: Grid, contrast: Contrast) -> _Aligned:
    working = upright(grid, spacing_mm=SURFACE_MM)
    values = resampled(image, grid, working)
    head = values > HEAD * np.percentile(values, 98)
    values = values / bias_field(values, working, head, iterations=ROUGH, shrink_factor=2)
    return _Aligned(values, working, align(values, working, head, template(), contrast))


def _atlas(grid: Grid, to_template: NDArray[np.floating]) -> Mask:
    known = template()
    brain: Mask = resampled(known.brain, known.grid, grid, moved=to_template) > 0.5
    return brain


def _between(
    surface: Mask, grid: Grid, to_template: NDArray[np.floating]
) -> tuple[Floats, Grid, float]:
    """Take the mean of the signed distances (mm) to both boundaries, and both masks' Dice."""
    known = template()
    brought = Grid(shape=known.grid.shape, affine=np.linalg.inv(to_template) @ known.grid.affine)
    fine = around(brought, known.brain, spacing_mm=FUSION_MM, margin_mm=MARGIN_MM)
    atlas = _atlas(fine, to_template)
    grown = _closed(resampled(surface, grid, fine) > 0.5)
    grown = grown if grown.any() else atlas
    to_atlas, to_grown = _signed_distance(atlas), _signed_distance(grown)
    heard = np.clip(to_grown, to_atlas - WALL_MM, to_atlas + WALL_MM)
    return (to_atlas + heard) / 2, fine, _dice(atlas, grown)


def _dice(one: Mask, other: Mask) -> float:
    total = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / total if total else 0.0


def _peeled(mask: Mask, by_mm: float) -> Mask:
    if not by_mm:
        return mask
    peeled: Mask = ndimage.distance_transform_edt(mask, sampling=SURFACE_MM) > by_mm
    return peeled


def _largest(mask: Mask) -> Mask:
    pieces, n_pieces = ndimage.label(mask)
    if n_pieces < 2:
        return mask
    largest: Mask = pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax())
    return largest


def _closed(mask: Mask) -> Mask:
    """Close sulci, by distances: grow, and shrink again."""
    if not mask.any():
        return mask
    margin = int(np.ceil(CLOSING_MM / FUSION_MM)) + 1
    padded = np.pad(mask, margin)
    grown = ndimage.distance_transform_edt(~padded, sampling=FUSION_MM) <= CLOSING_MM
    shrunk: Mask = ndimage.distance_transform_edt(grown, sampling=FUSION_MM) > CLOSING_MM
    return shrunk[(slice(margin, -margin),) * 3] | mask


def _signed_distance(mask: Mask) -> Floats:
    """Give the distance to a mask's boundary, negative inside, smoothed against the steps."""
    outside = ndimage.distance_transform_edt(~mask, sampling=FUSION_MM)
    inside = ndimage.distance_transform_edt(mask, sampling=FUSION_MM)
    signed: Floats = ndimage.gaussian_filter((outside - inside).astype(np.float32), 0.7)
    return signed
