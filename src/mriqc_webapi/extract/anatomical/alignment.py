"""A first alignment of a head with the template: where in a wide search the two agree most."""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy import ndimage, optimize
from scipy.spatial.transform import Rotation

from mriqc_webapi.extract.anatomical.expected import Expected, expected_head
from mriqc_webapi.extract.anatomical.grids import Grid, apply, resampled, upright
from mriqc_webapi.extract.anatomical.template import Template
from mriqc_webapi.extract.maps import Contrast, Floats, Mask

STEP_MM: Final = 8.0
MIDDLE_BELOW_TOP_MM: Final = 85.0  # of the brain, below the top of the head
CAP_MM: Final = 140.0  # of the head, from its top: whose middle is the brain's
SEARCH: Final = (
    (-30.0, -10.0, 10.0, 30.0),  # along y, mm
    (-40.0, -20.0, 0.0, 20.0, 40.0),  # along z, mm
    (-0.5, -0.25, 0.0, 0.25, 0.5),  # about x, rad: how far the chin is down
    (0.85, 1.0),  # size, of the template's
)
N_REFINED: Final = 3
UNITS: Final = np.array([10.0, 10.0, 10.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])  # mm, rad, shares
BRIGHT: Final = 97.0  # percentile of the head, above which nothing tells more: fat, vessels


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is compared: places and values expected there, and the head to look them up in."""

    places: Floats  # (n, 3), mm, in the template's world
    expected: Floats  # (n,), of mean 0 and norm 1
    head: Floats  # (x, y, z)
    to_voxels: Floats  # (4, 4), of the head

    def mismatch(self, matrix: Floats) -> float:
        """Give minus the correlation of what is there with what is expected."""
        voxels = apply(self.to_voxels @ matrix, self.places)
        found = ndimage.map_coordinates(self.head, voxels.T, order=1, mode='constant')
        found -= found.mean()
        norm = float(np.linalg.norm(found))
        return -float(found @ self.expected) / norm if norm > 0 else 0.0


def align(image: Floats, grid: Grid, head: Mask, template: Template, contrast: Contrast) -> Floats:
    """Find the shift, turn and size that bring the template into the head.

    A grid of shifts, pitches and sizes is searched for the best correlation with the head that
    is expected, and the best few are refined by Powell's method; nothing is random.

    Parameters
    ----------
    image : (x, y, z) ndarray
        With the bias field taken out.
    head : (x, y, z) ndarray of bool
        Roughly.

    Returns
    -------
    (4, 4) ndarray
        From the template's world to the image's, mm.
    """
    expected = expected_head(template, contrast, spacing_mm=STEP_MM)
    comparison = _comparison(image, grid, head, expected)
    middle = apply(expected.grid.affine, np.argwhere(expected.brain).mean(0)[np.newaxis])[0]
    guess = _guess(head, grid)

    def mismatch(parameters: Floats) -> float:
        return comparison.mismatch(_matrix(parameters * UNITS, middle, guess))

    starts = [
        np.array([0, y, z, pitch, 0, 0, *[size - 1] * 3]) / UNITS
        for y, z, pitch, size in product(*SEARCH)
    ]
    starts.sort(key=mismatch)
    found = [
        optimize.minimize(
            mismatch, start, method='Powell', options={'xtol': 0.01, 'ftol': 1e-4, 'maxiter': 6}
        )
        for start in starts[:N_REFINED]
    ]
    best = min(found, key=lambda one: float(one.fun))
    return _matrix(best.x * UNITS, middle, guess)


def _comparison(image: Floats, grid: Grid, head: Mask, expected: Expected) -> _Comparison:
    bright = float(np.percentile(image[head], BRIGHT))
    around = upright(grid, spacing_mm=STEP_MM)
    values = expected.image[expected.looked_at].astype(np.float64)
    values -= values.mean()
    return _Comparison(
        places=apply(expected.grid.affine, np.argwhere(expected.looked_at).astype(np.float64)),
        expected=values / np.linalg.norm(values),
        head=resampled(np.clip(image, 0, bright), grid, around).astype(np.float64),
        to_voxels=np.linalg.inv(around.affine),
    )


def _guess(head: Mask, grid: Grid) -> Floats:
    """Guess where the middle of the brain is: below the top of the head."""
    places = apply(grid.affine, np.argwhere(head).astype(np.float64))
    top = float(np.percentile(places[:, 2], 99.9))
    cap = places[places[:, 2] > top - CAP_MM]
    x, y = cap[:, :2].mean(axis=0)
    return np.array([x, y, top - MIDDLE_BELOW_TOP_MM])


def _matrix(parameters: Floats, middle: Floats, guess: Floats) -> Floats:
    """Scale and turn about the template's middle, and bring that to the guess, and further."""
    matrix = np.eye(4)
    turn: Floats = Rotation.from_euler('xyz', parameters[3:6]).as_matrix()
    matrix[:3, :3] = turn * (1 + parameters[6:9])
    matrix[:3, 3] = guess + parameters[:3] - matrix[:3, :3] @ middle
    return matrix
