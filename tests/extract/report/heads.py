"""Heads to report on: maps made of the template's own tissues, with noise, in any grid."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import nibabel as nib
import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.maps import (
    TISSUES,
    AnatomicalMaps,
    Floats,
    FunctionalMaps,
    Mask,
    MaskOrigin,
    Tissue,
)

MD5 = '4608ffbd6b78ce3a325eb338fa556589'
SEED = 20170301
NOISE = 6.0  # standard deviation in each of two channels; white matter is about 220


@cache
def template() -> tuple[Floats, Mapping[Tissue, Floats], Floats]:
    """Read the tissues of ICBM 152 (2009a) that nilearn carries, 1 mm, and add skull and scalp."""
    data = files('nilearn').joinpath('datasets', 'data')
    read = {
        name: nib.load(str(data.joinpath(f'mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz')))
        for name in ('t1', 'gm', 'wm')
    }
    grey, white = (np.asarray(read[name].dataobj, np.float32) / 255 for name in ('gm', 'wm'))
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(grey + white > 0.3, iterations=3))
    fluid = np.clip(brain - grey - white, 0, 1).astype(np.float32)
    from_brain = ndimage.distance_transform_edt(~brain[::2, ::2, ::2])  # 2 mm are enough
    shell = np.select([from_brain < 3, from_brain < 5, from_brain < 8], [45, 15, 235], 0)
    shell = shell.repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(map(slice, brain.shape))]
    head = np.where(brain, np.asarray(read['t1'].dataobj), shell).astype(np.float32)
    return head, {'csf': fluid, 'gm': grey, 'wm': white}, read['t1'].affine


def in_grid(array: Floats, shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> Floats:
    """Put an array of 1 mm into another grid about the same middle, by the nearest voxel."""
    places = [
        np.round((np.arange(n) - (n - 1) / 2) * step + (n_from - 1) / 2).astype(int)
        for n, step, n_from in zip(shape, spacing_mm, array.shape, strict=True)
    ]
    padded = np.pad(array, 1)  # what lies outside is 0
    ends = zip(places, array.shape, strict=True)
    return padded[np.ix_(*(np.clip(place + 1, 0, n + 1) for place, n in ends))]


def anatomical_head(
    shape: tuple[int, int, int] = (80, 96, 80),
    spacing_mm: tuple[float, float, float] = (2.4, 2.4, 2.4),
    **changed: Any,
) -> AnatomicalMaps:
    """Make the maps of one T1w image."""
    head, tissues, affine = template()
    clean = in_grid(head, shape, spacing_mm)
    volumes = {name: in_grid(tissues[name], shape, spacing_mm) for name in TISSUES}
    image = _noisy(clean, np.random.default_rng(SEED))
    brain = sum(volumes.values()) > 0.5
    head_mask = ndimage.binary_fill_holes(clean > 25)
    levels = np.stack([np.full(shape, 0.5, np.float32), *volumes.values()])
    air = ~ndimage.binary_dilation(head_mask, iterations=2)
    air[:, :, : shape[2] // 3] = False
    artifacts = air & (image > 30)
    maps = AnatomicalMaps(
        contrast='T1w',
        image=image,
        corrected=image,
        bias=np.ones_like(image),
        affine=_affine(affine, shape, spacing_mm),
        spacing_mm=spacing_mm,
        brain=brain,
        head=head_mask,
        air=air,
        artifacts=artifacts,
        rotation=np.zeros(shape, bool),
        tissues=np.where(brain, levels.argmax(0), 0).astype(np.uint8),
        partial_volumes=volumes,
        priors=volumes,
        brain_mask=MaskOrigin(method='bet+atlas', measures={'volume_ml': 1612.0}),
    )
    return replace(maps, **changed)


def functional_head(
    shape: tuple[int, int, int] = (40, 48, 30),
    n_volumes: int = 60,
    spacing_mm: tuple[float, float, float] = (4.5, 4.5, 4.8),
    **changed: Any,
) -> FunctionalMaps:
    """Make the maps of one BOLD series: two jumps of the head, one spike, a breath."""
    rng = np.random.default_rng(SEED)
    head, tissues, affine = template()
    clean = in_grid(head, shape, spacing_mm)
    brain: Mask = sum(in_grid(tissues[name], shape, spacing_mm) for name in TISSUES) > 0.5
    steps = rng.normal(0, 0.02, (n_volumes, 6)) * [1, 1, 1, 0.01, 0.01, 0.01]
    steps[n_volumes // 3, :3] = [0.5, -0.3, 0.4]
    steps[2 * n_volumes // 3, 3:] = [0.008, -0.004, 0.006]
    course = 0.006 * np.sin(np.arange(n_volumes) / 5)
    moved = np.abs(steps[:, :3]).sum(1) + 50 * np.abs(steps[:, 3:]).sum(1)
    series = np.stack(
        [
            _noisy(clean * (1 + c + 0.03 * (m > 0.3)), rng)
            for c, m in zip(course, moved, strict=True)
        ],
        axis=-1,
    )
    series[:, :, ::2, n_volumes // 2] *= 0.9
    near = ndimage.binary_dilation(brain, iterations=3)
    head_mask = ndimage.binary_fill_holes(clean > 25)
    maps = FunctionalMaps(
        series=series,
        realigned=series,
        motion=np.cumsum(steps, axis=0),
        mean=series.mean(-1),
        sd=series.std(-1),
        affine=_affine(affine, shape, spacing_mm),
        spacing_mm=spacing_mm,
        repetition_time_s=2.0,
        n_dummy=2,
        brain=brain,
        head=head_mask,
        air=~ndimage.binary_dilation(head_mask, iterations=1),
        rim=near & ~ndimage.binary_dilation(brain, iterations=1),
        brain_mask=MaskOrigin(method='epi'),
    )
    return replace(maps, **changed)


def _noisy(clean: Floats, rng: np.random.Generator) -> Floats:
    """Add the noise of a magnitude image."""
    real = clean + rng.normal(0, NOISE, clean.shape)
    return np.hypot(real, rng.normal(0, NOISE, clean.shape)).astype(np.float32)


def _affine(affine: Floats, shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> Floats:
    middle = affine @ [98, 116, 94, 1]
    made = np.diag([*spacing_mm, 1.0])
    made[:3, 3] = middle[:3] - (np.array(shape) - 1) / 2 * spacing_mm
    return made
