"""From a T1w or T2w file to maps, stage by stage."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mriqc_webapi.errors import ImageError
from mriqc_webapi.extract.anatomical.background import background, rotation_mask
from mriqc_webapi.extract.anatomical.bias import bias_field
from mriqc_webapi.extract.anatomical.brain import FoundBrain, find_brain, given_brain
from mriqc_webapi.extract.anatomical.deepbet import brain_by_deepbet
from mriqc_webapi.extract.anatomical.grids import Grid, resampled
from mriqc_webapi.extract.anatomical.head import head_mask
from mriqc_webapi.extract.anatomical.plausible import doubts, volume_ml
from mriqc_webapi.extract.anatomical.template import template
from mriqc_webapi.extract.anatomical.tissues import segment
from mriqc_webapi.extract.images import Image, read_image, read_mask
from mriqc_webapi.extract.maps import AnatomicalMaps, Contrast, Floats, MaskOrigin, Tissue

BrainMask = Path | Literal['deepbet'] | None

FEWEST_VOXELS: Final = 10  # along an axis
SMALLEST_MM: Final = 60.0  # of a field of view that holds a brain, along an axis
SMALLEST_BRAIN_ML: Final = 50.0  # less is no brain, whoever's


def _silent(stage: str) -> None:
    pass


def anatomical_maps(
    path: Path,
    *,
    contrast: Contrast,
    brain_mask: BrainMask = None,
    on_stage: Callable[[str], None] = _silent,
) -> AnatomicalMaps:
    """Find brain, tissues, head and air of an image, and its bias field.

    Parameters
    ----------
    path : Path
        A NIfTI file; of several volumes the mean is taken.
    contrast : {'T1w', 'T2w'}
    brain_mask : Path or 'deepbet', optional
        A mask made elsewhere, on the image's grid, or the package that shall make it. By default
        the mask is that of a surface and the template's brain, made one.
    on_stage : callable
        Is told the name of each stage as it begins.

    Raises
    ------
    ImageError
        The file cannot be read, holds no head, or no brain was found; or the mask is another
        image's.
    MissingPackageError
        deepbet is asked for, and not installed.
    """
    on_stage('reading')
    found = read_image(path)
    image = _one_volume(found)
    _check(image, path)
    grid = _grid(image)
    on_stage('brain')
    brain, origin = _brain(image, grid, contrast, brain_mask)
    if origin.measures['volume_ml'] < SMALLEST_BRAIN_ML:
        raise ImageError(f'{path.name}: no brain was found in it')
    on_stage('bias field')
    bias = bias_field(image.data, grid, brain.mask)
    corrected = image.data / bias
    on_stage('tissues')
    priors = _priors(grid, brain.to_template)
    tissues = segment(corrected, brain.mask, priors, contrast=contrast)
    on_stage('head and air')
    head = head_mask(corrected, grid, brain.mask)
    around = background(image.data, grid, head, to_template=brain.to_template)
    return AnatomicalMaps(
        contrast=contrast,
        image=image.data,
        corrected=corrected,
        bias=bias,
        affine=image.affine,
        spacing_mm=image.spacing_mm,
        brain=brain.mask,
        head=head,
        air=around.air,
        artifacts=around.artifacts,
        rotation=rotation_mask(image.data),
        tissues=tissues.labels,
        partial_volumes=tissues.partial_volumes,
        priors=priors,
        brain_mask=origin,
        n_volumes=found.n_volumes,
        repetition_time_s=found.repetition_time_s,
        notes=image.notes,
    )


def _one_volume(image: Image) -> Image:
    if image.n_volumes == 1:
        return image
    note = f'The file has {image.n_volumes} volumes; their mean is used.'
    mean = image.data.mean(axis=3, dtype=np.float64).astype(np.float32)
    return replace(image, data=mean, notes=(*image.notes, note))


def _check(image: Image, path: Path) -> None:
    if min(image.data.shape) == 1:
        raise ImageError(f'{path.name} is a single slice; a head is needed')
    field_mm = [n * size for n, size in zip(image.data.shape, image.spacing_mm, strict=True)]
    if min(image.data.shape) < FEWEST_VOXELS or min(field_mm) < SMALLEST_MM:
        sizes = ' × '.join(f'{size:.0f}' for size in field_mm)
        raise ImageError(
            f'{path.name} is too small to hold a head: {sizes} mm,'
            f' {" × ".join(map(str, image.data.shape))} voxels'
        )
    if image.data.max() <= 0 or image.data.max() == image.data.min():
        raise ImageError(f'{path.name} is empty: all of its voxels are the same, or below 0')


def _grid(image: Image) -> Grid:
    x, y, z = image.data.shape
    return Grid(shape=(x, y, z), affine=image.affine)


def _brain(
    image: Image, grid: Grid, contrast: Contrast, brain_mask: BrainMask
) -> tuple[FoundBrain, MaskOrigin]:
    extra: tuple[str, ...] = ()
    if brain_mask is None:
        found, method, detail = find_brain(image.data, grid, contrast=contrast), 'bet+atlas', ''
    elif brain_mask == 'deepbet':
        mask, detail = brain_by_deepbet(image)
        found, method = given_brain(image.data, grid, mask, contrast=contrast), 'deepbet'
        if contrast != 'T1w':
            extra = (f'The brain mask may be wrong: deepbet knows T1w, and this is a {contrast}.',)
    else:
        mask = read_mask(brain_mask, like=image)
        found = given_brain(image.data, grid, mask, contrast=contrast)
        method, detail = 'file', brain_mask.name
    measures = {
        'volume_ml': volume_ml(found.mask, image.spacing_mm),
        'dice_of_methods': found.dice,
    }
    origin = MaskOrigin(
        method=method, detail=detail, doubts=doubts(measures) + extra, measures=measures
    )
    return found, origin


def _priors(grid: Grid, to_template: NDArray[np.floating]) -> Mapping[Tissue, Floats]:
    known = template()
    return {
        tissue: resampled(chances, known.grid, grid, moved=to_template)
        for tissue, chances in known.tissues.items()
    }
