"""A brain mask by deepbet, a trained network, where that package is installed.

Fisch et al. (2024), Comput Biol Med 179:108845, doi:10.1016/j.compbiomed.2024.108845
"""

import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nibabel as nib
import numpy as np

from mriqc_webapi.errors import MissingPackageError
from mriqc_webapi.extract.images import Image, read_mask
from mriqc_webapi.extract.maps import Mask


def brain_by_deepbet(image: Image) -> tuple[Mask, str]:
    """Find the brain of a T1w; give the mask, and name and version of the package.

    Raises
    ------
    MissingPackageError
        deepbet is not installed.
    ImageError
        It found no brain.
    """
    try:
        package: Any = import_module('deepbet')  # nobody pays for it who does not ask for it
    except ImportError:
        raise MissingPackageError(
            '--brain-mask deepbet takes the package deepbet: pip install deepbet'
        ) from None
    files: Any = nib  # whose functions have no types
    with TemporaryDirectory(prefix='mriqc-webapi-') as folder:
        found, mask = Path(folder) / 'image.nii', Path(folder) / 'mask.nii'
        files.save(files.Nifti1Image(np.asarray(image.data), image.affine), found)
        with warnings.catch_warnings():  # of torch's, about how deepbet uses it
            warnings.simplefilter('ignore')
            package.run_bet([str(found)], mask_paths=[str(mask)], no_gpu=True, skip_broken=False)
        return read_mask(mask, like=image), f'deepbet {version("deepbet")}'
