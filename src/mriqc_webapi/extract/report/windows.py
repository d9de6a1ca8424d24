"""Which intensities are shown black, and which white."""

from dataclasses import dataclass

import numpy as np

from mriqc_webapi.extract.maps import Floats, Mask


@dataclass(frozen=True, slots=True)
class Window:
    """The intensities at the ends of a grey scale, and what is to be said of them."""

    low: float
    high: float
    words: str = ''


def brain_window(image: Floats, brain: Mask) -> tuple[float, float]:
    """Give a window in which the brain fills the scale, and little more is white."""
    shown = _finite(image[brain]) if brain.any() else _finite(image)
    if not shown.size:
        return 0.0, 1.0
    return min(0.0, float(shown.min())), float(np.percentile(shown, 99.8))


def noise_window(image: Floats, head: Mask) -> Window:
    """Give a window in which the air around the head fills the scale."""
    outside = _finite(image[~head])
    level = float(np.percentile(outside, 98)) if outside.size else 0.0
    if level <= 0:
        top = brain_window(image, head)[1]
        words = (
            'The air around the head is empty: its noise was taken out before, '
            'or a mask was laid over.'
        )
        return Window(0.0, top / 20, words)
    words = (
        'The whole image with its window stretched to the air: look for ghosts, spikes, '
        'wrap-around and halos. What is brighter than the noise is white.'
    )
    return Window(0.0, 1.6 * level, words)


def map_top(values: Floats, brain: Mask) -> float:
    """Give the value at the end of a map's scale: the 98th percentile of the brain."""
    shown = _finite(values[brain]) if brain.any() else _finite(values)
    return float(np.percentile(shown, 98)) if shown.size else 1.0


def _finite(values: Floats) -> Floats:
    found: Floats = values[np.isfinite(values)]
    return found
