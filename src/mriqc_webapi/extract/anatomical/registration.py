"""How the template lies in a brain: an affine transform, found by ANTs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import nibabel as nib
import numpy as np
from scipy import io

from mriqc_webapi.extract.anatomical.expected import BRIGHTNESS
from mriqc_webapi.extract.anatomical.grids import Grid, around, resampled
from mriqc_webapi.extract.anatomical.single_thread import ants_on_one_thread
from mriqc_webapi.extract.anatomical.template import Template
from mriqc_webapi.extract.maps import TISSUES, Contrast, Floats, Mask

STEP_MM: Final = 4.0
MARGIN_MM: Final = 15.0
LPS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])  # ITK's axes in NIfTI's, and back


def register(
    brain: Floats, grid: Grid, known: Template, contrast: Contrast, *, first: Floats
) -> Floats:
    """Find the affine that brings the template's brain onto a brain without its head.

    From a first alignment on, ANTs maximises the mutual information of the two [1]_ at 4 mm, over
    all voxels; none is drawn at random. The metric knows no contrast, but the template is given
    the image's all the same.

    Parameters
    ----------
    brain : (x, y, z) ndarray
        With the bias field taken out, and 0 outside of the brain.
    first : (4, 4) ndarray
        From the template's world to the image's, mm.

    Returns
    -------
    (4, 4) ndarray
        The same, refined.

    References
    ----------
    .. [1] Mattes et al. (2003), IEEE Trans Med Imaging 22:120-128, doi:10.1109/TMI.2003.809072
    """
    there = around(known.grid, known.brain, spacing_mm=STEP_MM, margin_mm=MARGIN_MM)
    moving = resampled(brain, grid, there, moved=first)
    high = float(np.percentile(moving[moving > 0], 99.5)) if (moving > 0).any() else 1.0
    refined = _affine(
        fixed=resampled(_brain_like(known, contrast), known.grid, there),
        moving=np.clip(moving / high, 0, 1),
        affine=there.affine,
    )
    return np.asarray(first @ refined)


def _brain_like(known: Template, contrast: Contrast) -> Floats:
    if contrast == 'T1w':
        return known.t1w * known.brain
    levels = BRIGHTNESS[contrast]
    return np.asarray(sum(levels[tissue] * known.tissues[tissue] for tissue in TISSUES))


def as_ants(values: Floats | Mask, grid: Grid) -> Any:
    """Give an upright grid's values to ANTs."""
    return ants_on_one_thread().from_numpy(
        np.ascontiguousarray(values, dtype=np.float32),
        origin=tuple(float(x) for x in (LPS @ grid.affine)[:3, 3]),
        spacing=tuple(float(x) for x in grid.spacing_mm),
        direction=LPS[:3, :3],
    )


def _affine(*, fixed: Floats, moving: Floats, affine: Floats) -> Floats:
    with TemporaryDirectory(prefix='mriqc-webapi-') as name:
        folder = Path(name)
        _save(folder / 'fixed.nii', fixed, affine)
        _save(folder / 'moving.nii', moving, affine)
        metric = f'Mattes[{folder / "fixed.nii"},{folder / "moving.nii"},1,32,None]'
        arguments = [
            *('--dimensionality', '3', '--float', '1', '--output', str(folder / 'found')),
            *('--initial-moving-transform', 'Identity'),
            *('--transform', 'Affine[0.1]', '--metric', metric),
            *('--convergence', '[40x10,1e-6,10]'),
            *('--shrink-factors', '2x1', '--smoothing-sigmas', '1x0vox'),
        ]
        ants_on_one_thread().registration(arguments, None)
        return _read(folder / 'found0GenericAffine.mat')


def _save(path: Path, data: Floats, affine: Floats) -> None:
    images: Any = nib
    images.save(images.Nifti1Image(np.asarray(data, dtype=np.float32), affine), path)


def _read(path: Path) -> Floats:
    """Read ITK's affine: a matrix about a centre, from the fixed image to the moving one."""
    told = io.loadmat(path)
    parameters = next(value for name, value in told.items() if name.startswith('Affine')).ravel()
    centre = told['fixed'].ravel()
    matrix = np.eye(4)
    matrix[:3, :3] = parameters[:9].reshape(3, 3)
    matrix[:3, 3] = parameters[9:] + centre - matrix[:3, :3] @ centre
    result: Floats = LPS @ matrix @ LPS
    return result
