"""Heads that take seconds: a T1w of coarse voxels, a series of few volumes."""

from pathlib import Path

from tests.extract.bold_phantom import Bold, make
from tests.extract.phantom import Phantom


def write_t1w(path: Path) -> Path:
    """Write a T1w."""
    return Phantom(bias=0.2).save(path)


def write_bold(path: Path) -> Path:
    """Write a BOLD series."""
    return make(Bold(shift_mm=0.2)).save(path)
