"""BIDS datasets whose images are small enough to write by the dozen."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

TR_S = 2.0


def write_image(path: Path, data: np.ndarray | None = None, *, spacing_mm: float = 4.0) -> Path:
    """Write an image; noise if no data are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if data is None:
        shape = (6, 6, 6, 5) if path.name.partition('.')[0].endswith('bold') else (6, 6, 6)
        data = np.random.default_rng(7).integers(0, 100, shape).astype(np.int16)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units('mm', 'sec')
    if data.ndim == 4:
        image.header.set_zooms((spacing_mm,) * 3 + (TR_S,))
    nib.save(image, path)
    return path


class Dataset:
    """A BIDS dataset, made file by file."""

    def __init__(self, root: Path, *, name: str | None = 'Heads') -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        if name is not None:
            self.say('dataset_description.json', {'Name': name, 'BIDSVersion': '1.10.0'})

    def say(self, place: str, content: Any) -> Path:
        """Write JSON, or a text as it is."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def image(self, name: str, data: np.ndarray | None = None, **how: Any) -> Path:
        """Write an image where BIDS has one of that name."""
        return write_image(self.place(name), data, **how)

    def place(self, name: str) -> Path:
        """Tell where BIDS has an image of that name, in a folder that is there."""
        parts = [part for part in name.split('_') if part.startswith(('sub-', 'ses-'))]
        datatype = 'func' if '_task-' in name else 'anat'
        place = self.root.joinpath(*parts, datatype, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place if name.endswith('.nii') else place.with_name(f'{name}.nii.gz')
