"""What is known about an image before any IQM is taken: masks, tissues, motion; in its grid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Labels = NDArray[np.uint8]
Contrast = Literal['T1w', 'T2w']
Tissue = Literal['csf', 'gm', 'wm']

TISSUES: Final[tuple[Tissue, ...]] = ('csf', 'gm', 'wm')
TISSUE_LABELS: Final[Mapping[Tissue, int]] = {'csf': 1, 'gm': 2, 'wm': 3}  # 0 is anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskOrigin:
    """Where a brain mask comes from, and whether it can be believed.

    `doubts` are sentences for the record's `provenance.warnings` and the report; none where the
    gates of plausibility passed. `measures` are what the gates looked at, by name
    (``volume_ml``, ``dice_of_methods`` …).
    """

    method: str  # 'bet+atlas', 'deepbet', 'file', 'epi'
    detail: str = ''  # the file's name, the package's version
    doubts: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomicalMaps:
    """One T1w or T2w image, as IQMs need it.

    Arrays have the image's shape (x, y, z), turned to the closest canonical (RAS+) axes; `image`
    has the scanner's own numbers, scaled by the header's slope and intercept.
    """

    contrast: Contrast
    image: Floats  # as found
    corrected: Floats  # after the bias field is taken out
    bias: Floats  # multiplicative; about 1
    affine: Floats  # (4, 4), voxel to world, mm
    spacing_mm: tuple[float, float, float]
    brain: Mask
    head: Mask
    air: Mask  # background above the nasio-cerebellar plane, head and artifacts left out
    artifacts: Mask  # of the air, what is brighter than noise (qi_1)
    rotation: Mask  # voxels that a rotation or a defacing left without signal
    tissues: Labels  # 0, and TISSUE_LABELS
    partial_volumes: Mapping[Tissue, Floats]  # 0–1
    priors: Mapping[Tissue, Floats]  # the template's tissue maps brought into the image, 0–1
    brain_mask: MaskOrigin
    n_volumes: int = 1  # of the file; a 4-D T1w has more than one
    repetition_time_s: float | None = None  # of a 4-D file only
    notes: tuple[str, ...] = ()  # what was odd about the file, in sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalMaps:
    """One BOLD series, as IQMs need it. Axes as in `AnatomicalMaps`, time last."""

    series: Floats  # (x, y, z, t), dummies left out, as found
    realigned: Floats  # (x, y, z, t), each volume moved onto the base volume
    motion: Floats  # (t, 6): x, y, z in mm, then rotations in rad, to base; NaN where lost
    mean: Floats  # of `realigned`, over time
    sd: Floats  # the same
    affine: Floats
    spacing_mm: tuple[float, float, float]
    repetition_time_s: float | None
    n_dummy: int  # volumes left out at the start, before a steady state
    brain: Mask
    head: Mask  # foreground, the brain in it
    air: Mask  # further than 8 mm from the head
    rim: Mask  # a closed band around the brain, for the carpet
    brain_mask: MaskOrigin
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Four curves over the volumes of a series, dummies left out; float64, (t,) each."""

    fd_mm: Floats  # framewise displacement to the volume before; the first is 0, NaN where lost
    dvars: Floats  # standardised; the first is NaN, and all are where it cannot be taken
    outlier_fraction: Floats  # of the voxels of the brain, 0–1; NaN where it cannot be taken
    quality_index: Floats  # 1 − rank correlation with the median volume; the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Iqms:
    """The IQMs of one image by wire name, and why those that are `None` could not be taken."""

    values: Mapping[str, float | int | None]
    reasons: Mapping[str, str] = field(default_factory=dict)
