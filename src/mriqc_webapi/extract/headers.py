"""What an image's header says before its voxels are read: its size, and how long a volume took."""

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nibabel as nib

_SECONDS: Final = {'sec': 1.0, 'msec': 1e-3, 'usec': 1e-6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Of an image as it lies on disk."""

    shape: tuple[int, ...]
    repetition_time_s: float | None = None  # None: it does not say, or says no unit

    @property
    def n_voxels(self) -> int:
        """Of all volumes."""
        return math.prod(self.shape)

    @property
    def n_volumes(self) -> int:
        """One, of an image in three dimensions."""
        return math.prod(self.shape[3:])


def read_header(path: Path) -> Header | None:
    """Read a header; None if it cannot be read, which is told when the image is taken."""
    with contextlib.suppress(Exception):  # whatever damaged files make nibabel raise
        image: Any = nib.load(path)
        shape = tuple(int(n) for n in image.shape)
        return Header(shape=shape, repetition_time_s=_repetition_time(image.header, shape))
    return None


def _repetition_time(header: Any, shape: tuple[int, ...]) -> float | None:
    if len(shape) < 4 or shape[3] < 2:
        return None
    zoom, unit = float(header.get_zooms()[3]), header.get_xyzt_units()[1]
    seconds = zoom * _SECONDS.get(unit, math.nan)
    return seconds if math.isfinite(seconds) and seconds > 0 else None
