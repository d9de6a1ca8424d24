"""CSF, grey and white matter of a brain: a mixture of five classes, fitted by EM.

Three pure tissues and two mixtures (CSF with grey, grey with white matter), with the template's
maps as priors and neighbours that lean on each other; what fits none of them, as bone and vessels
at the border of the mask, is nothing. After Ashburner & Friston (2005), NeuroImage
26:839-851, doi:10.1016/j.neuroimage.2005.02.018 (priors), Santago & Gage (1993), IEEE Trans Med
Imaging 12:566-574, doi:10.1109/42.241885 (partial volume) and Zhang et al. (2001), IEEE Trans Med
Imaging 20:45-57, doi:10.1109/42.906424 (neighbours).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriqc_webapi.extract.maps import (
    TISSUE_LABELS,
    TISSUES,
    Contrast,
    Floats,
    Labels,
    Mask,
    Tissue,
)

ITERATIONS: Final = 20  # each voxel alone
LEANING_ITERATIONS: Final = 3  # then with its neighbours
SAMPLE: Final = 300_000  # voxels are enough to know five classes by
LEANING: Final = 0.15  # weight of each of six neighbours
PRIOR_FLOOR: Final = 0.02  # an affine does not reach every gyrus
NOTHING: Final = (0.005, 0.2)  # prior of what is no tissue: in the template's brain, and outside

_MIXED: Final = ((0, 1), (1, 2))  # of TISSUES
_LOG_2PI: Final = 0.5 * np.log(2 * np.pi)
_START: Final[Mapping[Contrast, tuple[float, float, float]]] = {
    'T1w': (15.0, 50.0, 60.0),  # percentiles of the intensities that a tissue's prior points at
    'T2w': (85.0, 50.0, 40.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmentation:
    """What each voxel of a brain is made of; 0 where it is no tissue."""

    labels: Labels  # 0, and TISSUE_LABELS
    partial_volumes: Mapping[Tissue, Floats]  # 0–1; sum to 1, or to less where it is no tissue


@dataclass(frozen=True, slots=True)
class _Classes:
    """Five normal distributions."""

    means: NDArray[np.float64]  # (3,), of the pure tissues
    sds: NDArray[np.float64]  # (3,)

    def log_likelihoods(self, values: Floats) -> Floats:
        """Give (6, n) log densities of (n,) values; the last is of nothing: all are as likely."""
        means, sds = list(self.means), list(self.sds)
        for a, b in _MIXED:
            means.append((self.means[a] + self.means[b]) / 2)
            spread = (self.means[a] - self.means[b]) ** 2 / 12  # any mixture is as likely
            sds.append(np.sqrt((self.sds[a] ** 2 + self.sds[b] ** 2) / 2 + spread))
        rows = [
            -0.5 * ((values - np.float32(m)) / np.float32(s)) ** 2
            - np.float32(np.log(s) + _LOG_2PI)
            for m, s in zip(means, sds, strict=True)
        ]
        return np.stack([*rows, np.zeros_like(values)])


def segment(
    corrected: Floats, brain: Mask, priors: Mapping[Tissue, Floats], *, contrast: Contrast
) -> Segmentation:
    """Tell the tissues of a brain apart.

    Parameters
    ----------
    corrected : (x, y, z) ndarray
        The image without its bias field, in any unit.
    brain : (x, y, z) ndarray of bool
    priors : mapping of (x, y, z) ndarray
        Probability of each tissue where the template says it is, 0–1.
    contrast : {'T1w', 'T2w'}
        CSF is the darkest of a T1w, and the brightest of a T2w.

    Returns
    -------
    Segmentation
        A brain of one single intensity is all grey matter.
    """
    around = ndimage.find_objects(brain.astype(np.uint8))
    if not around:
        return _nothing(brain)
    box = around[0]
    inside = brain[box]
    values = corrected[box][inside].astype(np.float32)
    low, high = np.percentile(values, (0.1, 99.9))
    chances = np.stack([priors[tissue][box][inside] for tissue in TISSUES])
    if high <= low:
        return _spread(np.repeat([[0.0], [1.0], [0.0]], values.size, 1), brain, box)
    values = (np.clip(values, low, high) - low) / (high - low)
    log_priors = np.log(_with_mixtures(chances))
    classes = _start(values, chances, contrast)
    posteriors = _fit(values, log_priors, classes, inside)
    return _spread(posteriors, brain, box)


def _with_mixtures(chances: Floats) -> Floats:
    """Give (6, n) priors: mixtures are likely where both of their tissues are."""
    within = np.clip(chances.sum(0), 0, 1)
    nothing = NOTHING[1] + (NOTHING[0] - NOTHING[1]) * within
    floored = np.maximum(chances, 0) + np.float32(PRIOR_FLOOR)
    floored = floored / floored.sum(0)
    mixed = [np.sqrt(floored[a] * floored[b]) for a, b in _MIXED]
    five = np.concatenate([floored, np.stack(mixed)])
    five = five / five.sum(0) * (1 - nothing)
    six: Floats = np.concatenate([five, nothing[None]]).astype(np.float32)
    return six


def _start(values: Floats, chances: Floats, contrast: Contrast) -> _Classes:
    means = []
    for chance, percentile in zip(chances, _START[contrast], strict=True):
        likely = values[chance > 0.5 * max(float(chance.max()), 1e-6)]
        means.append(float(np.percentile(likely if likely.size else values, percentile)))
    apart = 0.05
    order = 1 if contrast == 'T1w' else -1
    csf, gm, wm = means
    gm = order * max(order * gm, order * csf + apart)
    wm = order * max(order * wm, order * gm + apart)
    return _Classes(np.array([csf, gm, wm]), np.full(3, 0.1))


def _fit(values: Floats, log_priors: Floats, classes: _Classes, inside: Mask) -> Floats:
    """Alternate between classes and posteriors; give (3, n) partial volumes."""
    every = max(1, values.size // SAMPLE)
    few, few_priors = values[::every], np.ascontiguousarray(log_priors[:, ::every])
    for _ in range(ITERATIONS):
        posteriors = _posteriors(classes.log_likelihoods(few) + few_priors)
        classes = _estimated(few, posteriors, classes)
    alone = classes.log_likelihoods(values) + log_priors
    posteriors = _posteriors(alone)
    for _ in range(LEANING_ITERATIONS):
        posteriors = _posteriors(alone + np.float32(LEANING) * _neighbours(posteriors, inside))
    return _partial_volumes(values, posteriors, classes)


def _posteriors(scores: Floats) -> Floats:
    scores = np.exp(scores - scores.max(0))
    return np.asarray(scores / scores.sum(0))


def _estimated(values: Floats, posteriors: Floats, before: _Classes) -> _Classes:
    means, sds = before.means.copy(), before.sds.copy()
    for tissue in range(3):
        weights = posteriors[tissue].astype(np.float64)
        total = weights.sum()
        if total < 10:  # a tissue that is not there keeps its place
            continue
        means[tissue] = (weights * values).sum() / total
        variance = (weights * (values - means[tissue]) ** 2).sum() / total
        sds[tissue] = max(np.sqrt(variance), 5e-3)
    return _Classes(means, sds)


def _neighbours(posteriors: Floats, inside: Mask) -> Floats:
    """Sum the posteriors of the six neighbours."""
    summed = np.empty_like(posteriors)
    volume = np.zeros(inside.shape, dtype=np.float32)
    for row, posterior in enumerate(posteriors):
        volume[inside] = posterior
        around = sum(
            ndimage.correlate1d(volume, (1.0, 0.0, 1.0), axis=axis, mode='constant')
            for axis in range(3)
        )
        summed[row] = np.asarray(around)[inside]
    return summed


def _partial_volumes(values: Floats, posteriors: Floats, classes: _Classes) -> Floats:
    """Divide the mixtures' share by where an intensity lies between its two tissues."""
    shares = posteriors[:3].copy()
    for (a, b), mixed in zip(_MIXED, posteriors[3:5], strict=True):
        width = classes.means[b] - classes.means[a]
        of_b = np.clip((values - classes.means[a]) / (width or 1.0), 0, 1).astype(np.float32)
        shares[a] += mixed * (1 - of_b)
        shares[b] += mixed * of_b
    return shares


def _spread(shares: Floats, brain: Mask, box: tuple[slice, ...]) -> Segmentation:
    labels = np.zeros(brain.shape, dtype=np.uint8)
    names = np.array([TISSUE_LABELS[tissue] for tissue in TISSUES], dtype=np.uint8)
    inside = brain[box]
    labels[box][inside] = np.where(shares.sum(0) > 0.5, names[shares.argmax(0)], 0)
    volumes: dict[Tissue, Floats] = {}
    for tissue, share in zip(TISSUES, shares, strict=True):
        volume = np.zeros(brain.shape, dtype=np.float32)
        volume[box][inside] = share
        volumes[tissue] = volume
    return Segmentation(labels=labels, partial_volumes=volumes)


def _nothing(brain: Mask) -> Segmentation:
    empty = np.zeros(brain.shape, dtype=np.float32)
    return Segmentation(
        labels=np.zeros(brain.shape, dtype=np.uint8),
        partial_volumes=dict.fromkeys(TISSUES, empty),
    )
