"""Arrays to pictures that a page carries in itself."""

import base64
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriqc_webapi.extract.maps import Floats, Mask

Bytes = NDArray[np.uint8]  # (rows, columns), or with 3 or 4 channels last
Colour = tuple[int, int, int]

QUALITIES: Final = (82, 72, 60, 45, 30, 15, 5)  # of WebP, the best first
N_SAMPLED: Final = 12  # pictures that tell how much all of them will take
VIRIDIS: Final = (  # nine of its colours, evenly apart
    *('440154', '472d7b', '3b528b', '2c728e', '21918c'),
    *('28ae80', '5ec962', 'addc30', 'fde725'),
)


def grey(values: Floats, low: float, high: float) -> Bytes:
    """Map values to shades, `low` to black and `high` to white; NaN is black."""
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return np.zeros(values.shape, np.uint8)
    scaled = (np.asarray(values, np.float32) - low) * (255 / span)
    finite = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    shades: Bytes = np.rint(np.clip(finite, 0, 255)).astype(np.uint8)
    return shades


def coloured(values: Floats, low: float, high: float) -> Bytes:
    """Map values to viridis, from `low` to `high`."""
    found: Bytes = _viridis()[grey(values, low, high)]
    return found


def outlined(masks: Iterable[tuple[Mask, Colour]], *, thick: bool = True) -> Bytes:
    """Draw the outline of each mask on nothing, later ones above; two pixels thick, or one."""
    layers = list(masks)
    drawn = np.zeros((*layers[0][0].shape, 4), np.uint8)
    for mask, colour in layers:
        edge = mask & ~_shrunk(mask)
        if thick:
            edge |= _shrunk(mask) & ~_shrunk(_shrunk(mask))
        drawn[edge] = (*colour, 255)
    return drawn


def filled(mask: Mask, colour: Colour, opacity: float) -> Bytes:
    """Fill a mask so that what is below shows through."""
    drawn = np.zeros((*mask.shape, 4), np.uint8)
    drawn[mask] = (*colour, round(255 * opacity))
    return drawn


def encoded(pixels: Bytes, *, quality: int | None = None) -> str:
    """Write a picture as WebP into a ``data:`` address; without `quality`, without loss."""
    file = io.BytesIO()
    options: dict[str, Any] = {'lossless': True} if quality is None else {'quality': quality}
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, 'WEBP', method=4, **options)
    return f'data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}'


def encoded_within(pictures: Sequence[Bytes], budget_bytes: int) -> list[str]:
    """Write pictures, all with the best quality with which they take no more than that together.

    Some of them tell how much all will take; the least quality is taken whatever that makes.
    """
    sample = pictures[:: max(len(pictures) // N_SAMPLED, 1)]
    for quality in QUALITIES:
        n_bytes = sum(len(encoded(picture, quality=quality)) for picture in sample)
        if n_bytes * len(pictures) <= budget_bytes * len(sample):
            break
    return [encoded(picture, quality=quality) for picture in pictures]


def _shrunk(mask: Mask) -> Mask:
    """Take away what has something outside of the mask above, below or beside it."""
    held = np.pad(mask, 1, mode='edge')
    return mask & held[:-2, 1:-1] & held[2:, 1:-1] & held[1:-1, :-2] & held[1:-1, 2:]


def _viridis() -> Bytes:
    anchors = np.array([list(bytes.fromhex(colour)) for colour in VIRIDIS], float)
    places = np.linspace(0, 255, len(anchors))
    channels = [np.interp(np.arange(256), places, anchors[:, i]) for i in range(3)]
    found: Bytes = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return found
