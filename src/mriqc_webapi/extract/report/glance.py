"""The middle of the brain in three planes, side by side, with outlines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mriqc_webapi.extract.maps import Floats, Mask
from mriqc_webapi.extract.report.browsing import Draw, Ink, fineness
from mriqc_webapi.extract.report.pictures import Bytes, encoded, grey
from mriqc_webapi.extract.report.slices import AXES, PLANES, SIDES, Cut, box_around

GLANCE_QUALITY: Final = 84
LETTER: Final = 0.09  # of a slice's width


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Three slices in one picture."""

    picture: str  # address, with the picture in it
    inks: tuple[tuple[Ink, str], ...]
    width: int
    height: int


def glance_at(
    image: Floats,
    brain: Mask,
    *,
    window: tuple[float, float],
    spacing_mm: tuple[float, float, float],
    affine: Floats,
    overlays: Sequence[Draw],
    inks: tuple[tuple[Ink, str], ...],
) -> Glance:
    """Cut an image through the middle of the brain mask; later overlays lie above."""
    middles = _middle_cuts(brain, spacing_mm, affine)
    scale = fineness(middles[0])
    parts = [_enlarged(grey(cut.resized(image), *window), cut, scale) for cut in middles]
    for cut, part in zip(middles, parts, strict=True):
        for overlay in overlays:
            layer = Image.fromarray(overlay(cut)).resize(part.size)
            part.paste(layer, (0, 0), layer)
        _name_sides(part, SIDES[cut.plane])
    whole = _abreast(parts)
    return Glance(
        picture=encoded(whole, quality=GLANCE_QUALITY),
        inks=inks,
        width=whole.shape[1],
        height=whole.shape[0],
    )


def _middle_cuts(
    brain: Mask, spacing_mm: tuple[float, float, float], affine: Floats
) -> tuple[Cut, ...]:
    box = box_around(brain, spacing_mm)
    middle = [(part.start + part.stop - 1) // 2 for part in box]
    places = affine @ [*middle, 1.0]
    return tuple(
        Cut(
            plane=plane,
            index=middle[AXES[plane]],
            box=box,
            spacing_mm=spacing_mm,
            place_mm=float(places[AXES[plane]]),
        )
        for plane in PLANES
    )


def _enlarged(picture: Bytes, cut: Cut, scale: int) -> Image.Image:
    width, height = cut.size
    image = Image.fromarray(picture).convert('RGB')
    return image.resize((width * scale, height * scale), Image.Resampling.BICUBIC)


def _name_sides(picture: Image.Image, sides: str) -> None:
    """Write at either hand which side it is."""
    size = max(round(LETTER * picture.width), 10)
    for side, x, anchor in zip(sides, (size / 3, picture.width - size / 3), 'lr', strict=True):
        ImageDraw.Draw(picture).text(
            (x, size / 3),
            side,
            fill='white',
            font=ImageFont.load_default(size),
            anchor=f'{anchor}a',
            stroke_width=1,
            stroke_fill='black',
        )


def _abreast(pictures: Sequence[Image.Image]) -> Bytes:
    """Put pictures side by side on black, about a common middle line."""
    width, height = sum(p.width for p in pictures), max(p.height for p in pictures)
    whole = Image.new('RGB', (width, height))
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, (height - picture.height) // 2))
        left += picture.width
    return np.asarray(whole)
