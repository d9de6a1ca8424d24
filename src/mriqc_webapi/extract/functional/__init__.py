"""From a BOLD series to its maps: steady state, motion, and where the brain is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mriqc_webapi.errors import ImageError
from mriqc_webapi.extract.functional.masks import find_air, find_brain, find_head, find_rim
from mriqc_webapi.extract.functional.motion import base_volume, estimate_motion, realign
from mriqc_webapi.extract.functional.steady import count_dummies
from mriqc_webapi.extract.images import Image, read_image
from mriqc_webapi.extract.maps import Floats, FunctionalMaps

MIN_VOLUMES = 3  # fewer have no change to speak of
FAINTEST = 1e-30  # an image of less is empty; ratios of such overflow
SAME_TIME_S = 1e-3
SINGLE_SLICE = 'The series has a single slice: motion across it cannot be seen.'

__all__ = ['functional_maps']


def functional_maps(
    path: Path,
    *,
    repetition_time_s: float | None = None,
    brain_mask: Path | None = None,
    on_stage: Callable[[str], None] = lambda _stage: None,
) -> FunctionalMaps:
    """Read a BOLD series and find what its IQMs need.

    Volumes before the steady state are left out; the others are moved onto the one that is most
    like their median (AFNI, and so MRIQC, take the first), and resampled by cubic splines.

    Parameters
    ----------
    path : Path
        NIfTI, four dimensions.
    repetition_time_s : float, optional
        The sidecar's; goes before the header's.
    brain_mask : Path, optional
        A mask made elsewhere, in the series' own grid.
    on_stage : callable
        Hears the name of each stage as it begins.

    Raises
    ------
    ImageError
        It cannot be read, is no series of at least three volumes, holds nothing but zeros, or
        has no voxel above 0 in the volume most like the median; or the mask does not fit.
    """
    on_stage('reading')
    image = read_image(path)
    _check(image, path)
    n_dummy = count_dummies(image.data)
    series = image.data[..., n_dummy:]
    on_stage('motion')
    base = base_volume(series)
    first, _ = find_brain(image, series[..., base], given=brain_mask)
    if not series[..., base][first].any():
        raise ImageError(f'{path.name} has no head: half of its volumes are empty, or below 0')
    poses = estimate_motion(series, first, image.spacing_mm, base=base)
    on_stage('realigning')
    moved = realign(series, poses, first, image.spacing_mm)
    motion = np.array([pose.parameters for pose in poses])
    mean = moved.mean(axis=3, dtype=np.float64)
    on_stage('masks')
    brain, origin = find_brain(image, mean, given=brain_mask)
    head = find_head(mean, brain)
    return FunctionalMaps(
        series=series,
        realigned=moved,
        motion=motion,
        mean=mean,
        sd=_sd(moved),
        affine=image.affine,
        spacing_mm=image.spacing_mm,
        repetition_time_s=repetition_time_s or image.repetition_time_s,
        n_dummy=n_dummy,
        brain=brain,
        head=head,
        air=find_air(head, image.spacing_mm),
        rim=find_rim(brain, image.spacing_mm),
        brain_mask=origin,
        notes=(*image.notes, *_notes(image, motion, repetition_time_s)),
    )


def _sd(series: Floats) -> Floats:
    """Take the standard deviation over time, slice by slice: it copies what it is given."""
    slices = (series[:, :, z] for z in range(series.shape[2]))
    return np.stack([part.std(axis=2, dtype=np.float64) for part in slices], axis=2)


def _notes(image: Image, motion: Floats, repetition_time_s: float | None) -> Iterator[str]:
    if 1 in image.data.shape[:3]:
        yield SINGLE_SLICE
    if n_lost := int(np.isnan(motion).any(axis=1).sum()):
        yield f'The head could not be followed in {n_lost} volumes; they were not moved.'
    told = image.repetition_time_s
    if told and repetition_time_s and abs(told - repetition_time_s) > SAME_TIME_S:
        yield (
            f'The header says that a volume took {told:g} s; the sidecar’s'
            f' {repetition_time_s:g} s is believed.'
        )


def _check(image: Image, path: Path) -> None:
    if image.data.ndim != 4:
        raise ImageError(f'{path.name} is one volume; a BOLD image is a series of them')
    if image.n_volumes < MIN_VOLUMES:
        raise ImageError(f'{path.name} has {image.n_volumes} volumes; {MIN_VOLUMES} at least')
    if max(image.data.max(), -image.data.min()) < FAINTEST:
        raise ImageError(f'{path.name} holds nothing but zeros')
