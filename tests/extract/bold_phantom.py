"""BOLD series made of the template's tissues; what goes wrong is planted in known amounts."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mriqc_webapi.extract.maps import Floats

SIGNAL = {'gm': 700.0, 'wm': 560.0, 'csf': 850.0}
AIR = 12.0  # mean of what noise leaves in the magnitude
REPETITION_TIME_S = 2.0
SEED = 20170601


@dataclass(frozen=True, slots=True, kw_only=True)
class Bold:
    """What is planted in a series."""

    n_volumes: int = 14
    voxel_mm: float = 6.0
    noise_sd: float = 12.0  # of each voxel, over time
    fwhm_mm: float = 0.0  # of a Gaussian blur, of the head
    ghost: float = 0.0  # share of the signal, shifted by half of the field of view along y
    shift_mm: float = 0.0  # SD of the head's position, per axis, from volume to volume
    turn_deg: float = 0.0  # the same of its rotation
    global_sd: float = 0.0  # SD of a signal that all voxels of the head share, of their level
    n_bad: int = 0  # volumes a third of whose brain is brighter by a fifth
    n_dummies: int = 0  # brighter volumes at the start, before the steady state
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class Series:
    """A series as made, and how the head lay in it."""

    data: Floats  # (x, y, z, t)
    affine: Floats
    motion: Floats  # (t, 6): translations in mm, rotations in rad

    def save(self, path: Path) -> Path:
        """Write it as NIfTI, 16-bit, with a repetition time."""
        image = nib.Nifti1Image(np.round(self.data).astype(np.int16), self.affine)
        image.header.set_xyzt_units('mm', 'sec')
        image.header['pixdim'][4] = REPETITION_TIME_S
        nib.save(image, path)
        return path


def make(bold: Bold) -> Series:
    """Make a series."""
    random = np.random.default_rng(bold.seed)
    head = _head(bold.voxel_mm)
    if bold.fwhm_mm:
        head = ndimage.gaussian_filter(head, bold.fwhm_mm / 2.3548 / bold.voxel_mm)
    motion = np.zeros((bold.n_volumes, 6))
    if bold.shift_mm or bold.turn_deg:
        motion[:, :3] = random.normal(0, bold.shift_mm, (bold.n_volumes, 3))
        motion[:, 3:] = np.deg2rad(random.normal(0, bold.turn_deg, (bold.n_volumes, 3)))
    level = 1 + bold.global_sd * random.normal(size=bold.n_volumes)
    spoiled = random.permutation(bold.n_volumes)[: bold.n_bad]
    slab = np.arange(head.shape[2]) % 3 == 0
    data = np.empty((*head.shape, bold.n_volumes), np.float32)
    for t in range(bold.n_volumes):
        volume = _moved(head, motion[t], bold.voxel_mm) * level[t]
        if t in spoiled:
            volume = np.where(slab, volume * 1.2, volume)
        volume = volume + bold.ghost * np.roll(volume, volume.shape[1] // 2, axis=1)
        channels = random.normal(0, bold.noise_sd, (2, *head.shape))
        data[..., t] = np.hypot(volume + channels[0], channels[1])
    data[..., : bold.n_dummies] *= 1.3
    affine = np.diag([bold.voxel_mm] * 3 + [1.0])
    return Series(data, affine, motion)


@cache
def _head(voxel_mm: float) -> Floats:
    """Blend the template's tissues (ICBM 152, 2009a; nilearn carries it) to an EPI contrast."""
    data = files('nilearn').joinpath('datasets', 'data')
    grey, white = (
        np.asarray(
            nib.load(str(data / f'mni_icbm152_{t}_tal_nlin_sym_09a_converted.nii.gz')).dataobj
        )
        / 255
        for t in ('gm', 'wm')
    )
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(grey + white > 0.3, iterations=3))
    fluid = np.clip(brain - grey - white, 0, 1)
    fine = SIGNAL['gm'] * grey + SIGNAL['wm'] * white + SIGNAL['csf'] * fluid
    blurred = ndimage.gaussian_filter(fine, voxel_mm / 2.3548)
    coarse = ndimage.zoom(blurred, 1 / voxel_mm, order=1, grid_mode=True, mode='grid-constant')
    return np.pad(coarse, [(3, 3), (4, 4), (1, 1)]).astype(np.float32)


def _moved(head: Floats, motion: Floats, voxel_mm: float) -> Floats:
    if not motion.any():
        return head
    rotation = Rotation.from_euler('xyz', motion[3:])
    centre = np.array([axis.mean() for axis in np.nonzero(head > 100)])
    # where each voxel of the moved head comes from
    back = rotation.inv().as_matrix()
    offset = centre - back @ (centre + motion[:3] / voxel_mm)
    return ndimage.affine_transform(head, back, offset, order=5, mode='constant')
