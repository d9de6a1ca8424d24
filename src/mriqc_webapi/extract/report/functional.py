"""What a report shows of a BOLD series: its maps over time, and the background."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from mriqc_webapi.extract.maps import Floats, FunctionalMaps
from mriqc_webapi.extract.report.browsing import Browser, Layer, Sheet, bound
from mriqc_webapi.extract.report.glance import Glance, glance_at
from mriqc_webapi.extract.report.outlines import draw_head_and_air, draw_outline
from mriqc_webapi.extract.report.pictures import Bytes, coloured, grey
from mriqc_webapi.extract.report.slices import Cut, Plane, box_around, cuts
from mriqc_webapi.extract.report.windows import brain_window, map_top, noise_window

MAPS_BYTES: Final = 1_600_000  # as they stand in the page
NOISE_BYTES: Final = 400_000
MOST: Final = 40  # slices of one map
MOST_OF_NOISE: Final = 30

_LAYERS: Final = (
    Layer(name='Brain', key='b', inks=(('brain', 'brain mask'),)),
    Layer(name='Rim', key='r', inks=(('rim', 'band around the brain'),)),
)
_NOISE_LAYERS: Final = (
    Layer(name='Head and air', key='h', inks=(('head', 'head'), ('air', 'air'))),
)


def functional_glance(maps: FunctionalMaps) -> Glance:
    """Show the middle of the mean volume in three planes, outlined."""
    return glance_at(
        maps.mean,
        maps.brain,
        window=brain_window(maps.mean, maps.brain),
        spacing_mm=maps.spacing_mm,
        affine=maps.affine,
        overlays=(partial(draw_outline, maps.brain, 'brain'),),
        inks=_LAYERS[0].inks,
    )


def functional_browsers(maps: FunctionalMaps) -> tuple[Browser, ...]:
    """Make the browsers of a series."""
    return _maps(maps), _noise(maps)


def tsnr_map(maps: FunctionalMaps) -> Floats:
    """Give each voxel's mean over its standard deviation in time; 0 where it does not change."""
    sd = np.where(maps.sd > 0, maps.sd, np.inf)
    return np.asarray(maps.mean / sd)


def _maps(maps: FunctionalMaps) -> Browser:
    low, high = brain_window(maps.mean, maps.brain)
    tsnr = tsnr_map(maps)
    sd_top, tsnr_top = map_top(maps.sd, maps.brain), map_top(tsnr, maps.brain)

    def sheet(name: str, words: str, plane: Plane, draw: Callable[[Cut], Bytes]) -> Sheet:
        return Sheet(
            name=name,
            words=words,
            cuts=_cuts(maps, plane),
            draw=draw,
            overlays=(
                partial(draw_outline, maps.brain, 'brain'),
                partial(draw_outline, maps.rim, 'rim'),
            ),
            low='' if name.startswith('Mean') else '0',
            high={'Deviation': f'{sd_top:.3g}', 'tSNR': f'{tsnr_top:.3g}'}.get(name, ''),
        )

    def mean(cut: Cut) -> Bytes:
        return grey(cut.resized(maps.mean), low, high)

    sheets = (
        sheet('Mean', 'mean over time, axial', 'axial', mean),
        sheet(
            'Deviation',
            'standard deviation over time, axial',
            'axial',
            lambda cut: coloured(cut.resized(maps.sd), 0, sd_top),
        ),
        sheet(
            'tSNR',
            'temporal signal-to-noise ratio, axial',
            'axial',
            lambda cut: coloured(cut.resized(tsnr), 0, tsnr_top),
        ),
        sheet('Mean, coronal', 'mean over time, coronal', 'coronal', mean),
        sheet('Mean, sagittal', 'mean over time, sagittal', 'sagittal', mean),
    )
    return Browser(
        id='maps',
        title='Maps over time',
        words='Each voxel’s mean, standard deviation and temporal signal-to-noise ratio, '
        'after realignment.',
        stacks=bound(sheets, budget_bytes=MAPS_BYTES),
        layers=_LAYERS,
    )


def _cuts(maps: FunctionalMaps, plane: Plane) -> tuple[Cut, ...]:
    box = box_around(maps.brain | maps.rim, maps.spacing_mm)
    found = cuts(
        plane,
        maps.brain,
        box=box,
        spacing_mm=maps.spacing_mm,
        affine=maps.affine,
        most=MOST,
    )
    return tuple(found)


def _noise(maps: FunctionalMaps) -> Browser:
    window = noise_window(maps.mean, maps.head)
    found = cuts(
        'axial',
        maps.head,
        box=box_around(np.ones_like(maps.head), maps.spacing_mm),
        spacing_mm=maps.spacing_mm,
        affine=maps.affine,
        most=MOST_OF_NOISE,
    )
    sheet = Sheet(
        name='Axial',
        words='axial slices of the mean volume, its window stretched to the noise',
        cuts=tuple(found),
        draw=lambda cut: grey(cut.resized(maps.mean), window.low, window.high),
        overlays=(partial(draw_head_and_air, maps.head, maps.air),),
    )
    return Browser(
        id='noise',
        title='Background',
        words=window.words,
        stacks=bound([sheet], budget_bytes=NOISE_BYTES),
        layers=_NOISE_LAYERS,
    )
