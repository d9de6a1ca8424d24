"""Slices to browse: stacks of the same image, with layers that can be laid over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from mriqc_webapi.extract.report.pictures import Bytes, encoded, encoded_within
from mriqc_webapi.extract.report.slices import SIDES, Cut

Ink = Literal['brain', 'csf', 'gm', 'wm', 'head', 'air', 'artifacts', 'rim']
Draw: TypeAlias = Callable[[Cut], Bytes]

LEAST_FOR_PICTURES: Final = 0.4  # of a budget that layers share
LAYER_PIXELS: Final = 320  # layers are finer than what they lie on: at least about so wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What can be laid over all slices of a browser."""

    name: str
    key: str  # of the keyboard
    inks: tuple[tuple[Ink, str], ...]  # what has which colour
    is_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One slice."""

    name: str  # 'z 14'
    picture: str  # address, with the picture in it
    layers: tuple[str, ...]  # the same, of the browser's layers in order
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Slices of one map along one axis."""

    name: str
    words: str  # what it shows, in a sentence
    tiles: tuple[Tile, ...]
    sides: str  # 'LR': what is at the left and right of its pictures
    low: str = ''  # of a colour scale, where there is one
    high: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Stacks one of which is shown at a time."""

    id: str
    title: str
    words: str
    stacks: tuple[Stack, ...]
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A stack before it is encoded."""

    name: str
    words: str
    cuts: tuple[Cut, ...]
    draw: Draw
    overlays: tuple[Draw, ...] = ()
    low: str = ''
    high: str = ''


def bound(sheets: Sequence[Sheet], *, budget_bytes: int) -> tuple[Stack, ...]:
    """Encode sheets, all with one quality; layers are kept as they are drawn, and go first."""
    shown = [(sheet, cut) for sheet in sheets for cut in sheet.cuts]
    laid = [[encoded(overlay(cut)) for overlay in sheet.overlays] for sheet, cut in shown]
    n_laid = sum(len(layer) for layers in laid for layer in layers)
    left = max(budget_bytes - n_laid, round(LEAST_FOR_PICTURES * budget_bytes))
    addresses = encoded_within([sheet.draw(cut) for sheet, cut in shown], left)
    tiles: dict[int, list[Tile]] = {id(sheet): [] for sheet in sheets}
    for (sheet, cut), address, layers in zip(shown, addresses, laid, strict=True):
        width, height = cut.size
        tile = Tile(
            name=cut.name, picture=address, layers=tuple(layers), width=width, height=height
        )
        tiles[id(sheet)].append(tile)
    return tuple(
        Stack(
            name=sheet.name,
            words=sheet.words,
            tiles=tuple(tiles[id(sheet)]),
            sides=SIDES[sheet.cuts[0].plane],
            low=sheet.low,
            high=sheet.high,
        )
        for sheet in sheets
    )


def fineness(cut: Cut) -> int:
    """Tell how many times finer than its slice a layer is drawn."""
    return max(2, -(-LAYER_PIXELS // max(cut.size)))
