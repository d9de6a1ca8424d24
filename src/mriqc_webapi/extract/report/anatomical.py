"""What a report shows of a T1w or T2w image: the brain, what was found in it, and the noise."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np

from mriqc_webapi.extract.maps import TISSUE_LABELS, AnatomicalMaps, Mask, Tissue
from mriqc_webapi.extract.report.browsing import Browser, Layer, Sheet, bound, fineness
from mriqc_webapi.extract.report.glance import Glance, glance_at
from mriqc_webapi.extract.report.inks import INKS
from mriqc_webapi.extract.report.outlines import draw_head_and_air, draw_outline
from mriqc_webapi.extract.report.pictures import Bytes, filled, grey, outlined
from mriqc_webapi.extract.report.slices import PLANES, Cut, box_around, cuts
from mriqc_webapi.extract.report.windows import brain_window, noise_window

BRAIN_BYTES: Final = 3_200_000  # as they stand in the page
NOISE_BYTES: Final = 1_200_000
MOST: Final = {'axial': 54, 'coronal': 48, 'sagittal': 42}  # slices of the brain
MOST_OF_NOISE: Final = 30

_BRAIN_LAYERS: Final = (
    Layer(name='Brain', key='b', inks=(('brain', 'brain mask'),)),
    Layer(
        name='Tissues',
        key='t',
        inks=(('gm', 'outer border of grey matter'), ('wm', 'border of white matter')),
    ),
)
_NOISE_LAYERS: Final = (
    Layer(name='Head and air', key='h', inks=(('head', 'head'), ('air', 'air'))),
    Layer(name='Artifacts', key='a', inks=(('artifacts', 'artifacts in the air'),)),
)


def anatomical_glance(maps: AnatomicalMaps) -> Glance:
    """Show the middle of the brain in three planes, outlined."""
    return glance_at(
        maps.image,
        maps.brain,
        window=brain_window(maps.image, maps.brain),
        spacing_mm=maps.spacing_mm,
        affine=maps.affine,
        overlays=(
            partial(_draw_tissues, _nested(maps)),
            partial(draw_outline, maps.brain, 'brain'),
        ),
        inks=(*_BRAIN_LAYERS[0].inks, *_BRAIN_LAYERS[1].inks),
    )


def anatomical_browsers(maps: AnatomicalMaps) -> tuple[Browser, ...]:
    """Make the browsers of an image."""
    return _brain(maps), _noise(maps)


def _brain(maps: AnatomicalMaps) -> Browser:
    low, high = brain_window(maps.image, maps.brain)
    box = box_around(maps.brain, maps.spacing_mm)
    overlays = (partial(draw_outline, maps.brain, 'brain'), partial(_draw_tissues, _nested(maps)))
    sheets = [
        Sheet(
            name=plane.capitalize(),
            words=f'{plane} slices of the brain',
            cuts=tuple(
                cuts(
                    plane,
                    maps.brain,
                    box=box,
                    spacing_mm=maps.spacing_mm,
                    affine=maps.affine,
                    most=MOST[plane],
                )
            ),
            draw=lambda cut: grey(cut.resized(maps.image), low, high),
            overlays=overlays,
        )
        for plane in PLANES
    ]
    return Browser(
        id='brain',
        title='Brain',
        words='The image as found, zoomed to the brain.',
        stacks=bound(sheets, budget_bytes=BRAIN_BYTES),
        layers=_BRAIN_LAYERS,
    )


def _noise(maps: AnatomicalMaps) -> Browser:
    window = noise_window(maps.image, maps.head)
    box = box_around(np.ones_like(maps.head), maps.spacing_mm)
    overlays = (
        partial(draw_head_and_air, maps.head, maps.air | maps.artifacts),
        partial(_draw_artifacts, maps.artifacts),
    )
    sheets = [
        Sheet(
            name=plane.capitalize(),
            words=f'{plane} slices of the whole image, its window stretched to the noise',
            cuts=tuple(
                cuts(
                    plane,
                    maps.head,
                    box=box,
                    spacing_mm=maps.spacing_mm,
                    affine=maps.affine,
                    most=MOST_OF_NOISE,
                )
            ),
            draw=lambda cut: grey(cut.resized(maps.image), window.low, window.high),
            overlays=overlays,
        )
        for plane in (PLANES[0], PLANES[2])
    ]
    return Browser(
        id='noise',
        title='Background',
        words=window.words,
        stacks=bound(sheets, budget_bytes=NOISE_BYTES),
        layers=_NOISE_LAYERS,
    )


def _nested(maps: AnatomicalMaps) -> dict[Tissue, Mask]:
    """Give white matter, and it with grey matter around: a border is then drawn once."""
    white = maps.tissues == TISSUE_LABELS['wm']
    return {'gm': white | (maps.tissues == TISSUE_LABELS['gm']), 'wm': white}


def _draw_tissues(masks: Mapping[Tissue, Mask], cut: Cut) -> Bytes:
    scale = fineness(cut)
    return outlined(((cut.resized(masks[t], scale), INKS[t]) for t in masks), thick=False)


def _draw_artifacts(artifacts: Mask, cut: Cut) -> Bytes:
    return filled(cut.resized(artifacts), INKS['artifacts'], 0.9)
