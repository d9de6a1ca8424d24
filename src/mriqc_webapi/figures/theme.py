"""How figures look, in light and in dark.

The colours of groups are those of Okabe and Ito, which people with any of the common colour-vision
deficiencies tell apart [1]_; lighter on dark ground, and darker where the original is too faint on
white. Densities use viridis, which is even in lightness [2]_; correlations a scale from orange to
purple, whose ends differ in every deficiency [3]_.

References
----------
.. [1] Wong (2011), Nat Methods 8:441, doi:10.1038/nmeth.1618
.. [2] Nuñez et al. (2018), PLOS ONE 13:e0199239, doi:10.1371/journal.pone.0199239
.. [3] Harrower & Brewer (2003), Cartogr J 40:27-37, doi:10.1179/000870403235002042
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

Theme: TypeAlias = Literal['light', 'dark']

THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
FONT: Final = 'Liberation Sans, Arial, Helvetica, sans-serif'  # the first is what PNGs are set in
SEQUENTIAL: Final[dict[Theme, dict[str, Any]]] = {  # what is rare is close to the ground
    'light': {'scheme': 'viridis', 'extent': [1, 0]},
    'dark': {'scheme': 'viridis', 'extent': [0.2, 1]},
}
DIVERGING: Final = 'purpleorange'


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one theme."""

    text: str
    muted: str
    ground: str
    grid: str
    axis: str
    groups: tuple[str, ...]


PALETTES: Final[dict[Theme, Palette]] = {
    'light': Palette(
        text='#1c2530',
        muted='#556070',
        ground='#ffffff',
        grid='#e6ebf1',
        axis='#8a96a6',
        groups=(
            *('#0072b2', '#d55e00', '#009e73', '#b0568f', '#3a9bd9'),
            *('#c48a00', '#5b6470', '#7a4fb5'),
        ),
    ),
    'dark': Palette(
        text='#e3e8ef',
        muted='#a4afbe',
        ground='#191f29',
        grid='#2a3340',
        axis='#66748a',
        groups=(
            *('#56b4e9', '#f08a3c', '#2fc79b', '#e08fc0', '#9ccff2'),
            *('#f0c34e', '#b4bdc9', '#b79be8'),
        ),
    ),
}


def config(theme: Theme) -> dict[str, Any]:
    """Write a theme as the configuration of a Vega-Lite chart."""
    colours = PALETTES[theme]
    return {
        'aria': False,  # the whole is named instead: every mark would say its numbers
        'background': colours.ground,
        'font': FONT,
        'padding': 10,
        'view': {'stroke': None},
        'range': {'category': list(colours.groups), 'heatmap': SEQUENTIAL[theme]},
        'mark': {'color': colours.groups[0]},
        'text': {'color': colours.text, 'fill': colours.text, 'fontSize': 11},
        'rule': {'color': colours.text},
        'tick': {'color': colours.text},
        'axis': _axis(colours),
        'legend': _legend(colours),
        'header': {'labelColor': colours.text, 'titleColor': colours.text},
        'title': _title(colours),
    }


def _axis(colours: Palette) -> dict[str, Any]:
    return {
        'labelColor': colours.muted,
        'labelFontSize': 11,
        'titleColor': colours.text,
        'titleFontSize': 12,
        'titleFontWeight': 'normal',
        'titlePadding': 7,
        'gridColor': colours.grid,
        'domainColor': colours.axis,
        'tickColor': colours.axis,
        'tickSize': 4,
    }


def _legend(colours: Palette) -> dict[str, Any]:
    return {
        'labelColor': colours.text,
        'labelFontSize': 11,
        'labelLimit': 220,
        'titleColor': colours.muted,
        'titleFontSize': 11,
        'titleFontWeight': 'normal',
        'symbolStrokeWidth': 2.5,
    }


def _title(colours: Palette) -> dict[str, Any]:
    return {
        'anchor': 'start',
        'frame': 'group',
        'color': colours.text,
        'fontSize': 15,
        'fontWeight': 'bold',
        'subtitleColor': colours.muted,
        'subtitleFontSize': 11,
        'subtitlePadding': 4,
        'offset': 10,
    }
