"""T1w and T2w heads of the template’s tissues; noise, contrast, bias, blur and ghost are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy import ndimage

from mriqc_webapi.extract.maps import (
    TISSUE_LABELS,
    TISSUES,
    AnatomicalMaps,
    Contrast,
    Floats,
    Labels,
    Mask,
    MaskOrigin,
)
from tests.extract.report.heads import template

LEVELS: Mapping[Contrast, Mapping[str, float]] = {
    'T1w': {'csf': 240, 'gm': 560, 'wm': 800, 'bone': 50, 'scalp': 640, 'muscle': 330},
    'T2w': {'csf': 900, 'gm': 540, 'wm': 380, 'bone': 50, 'scalp': 420, 'muscle': 220},
}
LOW_MM = np.array([-104.0, -142.0, -104.0])  # of the field of view, in MNI space
HIGH_MM = np.array([104.0, 114.0, 112.0])
SHELLS_MM = {'csf': 2.0, 'bone': 7.0, 'scalp': 13.0}  # how far from the brain they reach
FWHM_OF_SD = float(np.sqrt(8 * np.log(2)))
RAYLEIGH_SD = float(np.sqrt(2 - np.pi / 2))  # of air, where the noise of a channel is 1
SEED = 20170301


@dataclass(frozen=True, slots=True, kw_only=True)
class Phantom:
    """What is planted in a head."""

    contrast: Contrast = 'T1w'
    voxel_mm: tuple[float, float, float] = (3.0, 3.0, 3.0)
    noise_sd: float = 20.0  # of each of two channels
    gap: float = 1.0  # between grey and white matter, of the usual one
    bias: float = 0.0  # how much brighter the front is than the middle, and darker the back
    fwhm_mm: float = 0.0  # of a Gaussian blur of the head, not of the noise
    ghost: float = 0.0  # share of the signal, shifted by half of the field of view along y
    pitch_deg: float = 0.0  # how far the chin is down
    seed: int = SEED

    @property
    def levels(self) -> dict[str, float]:
        """Brightness of each tissue."""
        levels = dict(LEVELS[self.contrast])
        levels['gm'] = levels['wm'] + self.gap * (levels['gm'] - levels['wm'])
        return levels

    @property
    def snr_wm(self) -> float:
        """Signal of white matter over its noise."""
        return self.levels['wm'] / self.noise_sd

    @property
    def cnr(self) -> float:
        """Gap between grey and white matter over the noise of both and of air."""
        gap = abs(self.levels['wm'] - self.levels['gm'])
        return gap / (self.noise_sd * np.sqrt(2 + RAYLEIGH_SD**2))

    def image(self) -> Floats:
        """Make the image, (x, y, z)."""
        parts = anatomy(self.voxel_mm, self.pitch_deg)
        clean = sum(self.levels[name] * parts.shares[name] for name in parts.shares)
        if self.fwhm_mm:
            clean = ndimage.gaussian_filter(
                clean, self.fwhm_mm / FWHM_OF_SD / np.array(self.voxel_mm)
            )
        clean = clean * self.field()
        clean = clean + self.ghost * np.roll(clean, clean.shape[1] // 2, axis=1)
        noise = np.random.default_rng(self.seed).normal(0, self.noise_sd, (2, *clean.shape))
        return np.hypot(clean + noise[0], noise[1]).astype(np.float32)

    def field(self) -> Floats:
        """Give the bias field, (x, y, z), 1 in the middle."""
        shape = grid(self.voxel_mm)[0]
        along = np.linspace(-1, 1, shape[1])[np.newaxis, :, np.newaxis]
        return np.broadcast_to(1 + self.bias * along, shape).astype(np.float32)

    def maps(self, **changed: Any) -> AnatomicalMaps:
        """Give the maps that a perfect pipeline would find."""
        parts = anatomy(self.voxel_mm, self.pitch_deg)
        image = self.image()
        affine = grid(self.voxel_mm)[1]
        shares = {tissue: parts.tissue(tissue) for tissue in TISSUES}
        return AnatomicalMaps(
            **{
                'contrast': self.contrast,
                'image': image,
                'corrected': image / self.field(),
                'bias': self.field(),
                'affine': affine,
                'spacing_mm': self.voxel_mm,
                'brain': parts.labels > 0,
                'head': parts.head,
                'air': parts.air,
                'artifacts': np.zeros_like(parts.air),
                'rotation': np.zeros_like(parts.air),
                'tissues': parts.labels,
                'partial_volumes': shares,
                'priors': shares,
                'brain_mask': MaskOrigin(method='bet+atlas'),
                **changed,
            }
        )

    def save(self, path: Path) -> Path:
        """Write it as NIfTI, 16-bit."""
        return save(path, self.image(), self.voxel_mm)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Which voxel is what."""

    shares: Mapping[str, Floats]  # by the names of LEVELS, 0 or 1
    labels: Labels  # of the brain's tissues
    head: Mask
    air: Mask  # above the nose, 8 mm away from the head

    def tissue(self, name: str) -> Floats:
        """Give a tissue of the brain, 0 or 1; fluid around the brain is none of it."""
        return (self.labels == TISSUE_LABELS[name]).astype(np.float32)


def save(path: Path, data: Floats, voxel_mm: tuple[float, float, float]) -> Path:
    """Write an image of the phantom's grid as NIfTI, 16-bit."""
    nib.save(nib.Nifti1Image(np.rint(data).astype(np.int16), grid(voxel_mm)[1]), path)
    return path


def grid(voxel_mm: tuple[float, float, float]) -> tuple[tuple[int, ...], Floats]:
    """Give shape and affine of a phantom."""
    shape = tuple(int(n) for n in np.round((HIGH_MM - LOW_MM) / voxel_mm))
    affine = np.diag([*voxel_mm, 1.0])
    affine[:3, 3] = LOW_MM + np.array(voxel_mm) / 2
    return shape, affine


@cache
def anatomy(voxel_mm: tuple[float, float, float], pitch_deg: float = 0.0) -> Anatomy:
    """Build a head around the template's brain: fluid, bone, scalp, face and neck."""
    shape, affine = grid(voxel_mm)
    places = _places(shape, affine, pitch_deg)
    labels = _brain(places)
    brain = labels > 0
    away = ndimage.distance_transform_edt(~brain, sampling=voxel_mm)
    parts = {name: labels == TISSUE_LABELS[name] for name in TISSUES}
    parts['csf'] = parts['csf'] | (~brain & (away <= SHELLS_MM['csf']))
    parts['bone'] = (away > SHELLS_MM['csf']) & (away <= SHELLS_MM['bone'])
    parts['scalp'] = (away > SHELLS_MM['bone']) & (away <= SHELLS_MM['scalp'])
    x, y, z = places
    face = (x / 60) ** 2 + ((y - 45) / 50) ** 2 + ((z + 55) / 55) ** 2 < 1
    neck = ((x / 55) ** 2 + ((y + 25) / 55) ** 2 < 1) & (z < -40)
    parts['muscle'] = (face | neck) & (away > SHELLS_MM['scalp'])
    head = (away <= SHELLS_MM['scalp']) | face | neck
    far = ndimage.distance_transform_edt(~head, sampling=voxel_mm) > 8
    shares = {name: part.astype(np.float32) for name, part in parts.items()}
    return Anatomy(shares, labels, head, far & (z > -14))


def _places(shape: tuple[int, ...], affine: Floats, pitch_deg: float) -> Floats:
    """Give the place in the template of each voxel, (3, x, y, z), mm."""
    voxels = np.indices(shape).reshape(3, -1)
    world = affine[:3, :3] @ voxels + affine[:3, 3:]
    angle = np.deg2rad(pitch_deg)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    return (turn @ world).reshape(3, *shape)


def _brain(places: Floats) -> Labels:
    """Take the likeliest tissue of the template at each place."""
    _, tissues, affine = template()
    voxels = np.tensordot(np.linalg.inv(affine)[:3, :3], places, 1)
    voxels += np.linalg.inv(affine)[:3, 3].reshape(3, 1, 1, 1)
    found = [
        ndimage.map_coordinates(tissues[name], voxels, order=1, mode='constant')
        for name in TISSUES
    ]
    likeliest = np.argmax([np.full(found[0].shape, 0.3), *found], axis=0)
    return likeliest.astype(np.uint8)
