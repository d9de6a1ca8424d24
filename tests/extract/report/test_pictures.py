"""Pictures that a page carries in itself."""

import base64
import io

import numpy as np
from PIL import Image

from mriqc_webapi.extract.report.pictures import (
    Bytes,
    coloured,
    encoded,
    encoded_within,
    filled,
    grey,
    outlined,
)

RED = (255, 0, 0)
PREFIX = 'data:image/webp;base64,'


def decoded(address: str) -> Bytes:
    """Read the picture of a ``data:`` address."""
    assert address.startswith(PREFIX)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.removeprefix(PREFIX)))))


def test_a_window_has_black_and_white_at_its_ends() -> None:
    values = np.array([[-5.0, 10.0, 15.0, 20.0, 99.0, np.nan, np.inf]])
    assert grey(values, 10, 20).tolist() == [[0, 0, 128, 255, 255, 0, 255]]


def test_a_window_without_width_is_black() -> None:
    assert not grey(np.ones((2, 2)), 1, 1).any()
    assert not grey(np.ones((2, 2)), 0, np.nan).any()


def test_a_map_is_lighter_where_its_values_are_higher() -> None:
    colours = coloured(np.linspace(0, 1, 64)[None], 0, 1)[0].astype(float)
    lightness = colours @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(lightness) > 0)


def test_an_outline_is_the_border_of_a_mask_and_nothing_else() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    thin = outlined([(mask, RED)], thick=False)
    thick = outlined([(mask, RED)])
    assert (thin[..., 3] > 0).sum() == 36
    assert (thick[..., 3] > 0).sum() == 36 + 28
    assert not thick[7:13, 7:13].any()
    assert thin[5, 5].tolist() == [255, 0, 0, 255]


def test_an_empty_mask_has_no_outline() -> None:
    assert not outlined([(np.zeros((4, 4), bool), RED)]).any()


def test_what_is_below_shows_through() -> None:
    drawn = filled(np.eye(3, dtype=bool), RED, 0.4)
    assert drawn[0, 0].tolist() == [255, 0, 0, 102]
    assert drawn[0, 1].tolist() == [0, 0, 0, 0]


def test_a_layer_is_kept_as_drawn() -> None:
    layer = filled(np.eye(16, dtype=bool), RED, 1)
    kept = decoded(encoded(layer))
    assert np.array_equal(kept[..., 3], layer[..., 3])
    assert np.array_equal(kept[layer[..., 3] > 0], layer[layer[..., 3] > 0])


def test_pictures_stay_within_their_budget_and_resemble_what_they_show() -> None:
    rng = np.random.default_rng(1)
    ramp = np.linspace(0, 255, 96)[None].repeat(96, 0)
    pictures = [np.clip(ramp + rng.normal(0, 12, ramp.shape), 0, 255).astype(np.uint8)] * 20
    fine, coarse = (encoded_within(pictures, budget) for budget in (400_000, 60_000))
    assert sum(map(len, coarse)) <= 60_000 < sum(map(len, fine)) <= 400_000
    assert np.abs(decoded(coarse[0])[..., 0].astype(float) - ramp).mean() < 12


def test_there_may_be_no_picture_at_all() -> None:
    assert encoded_within([], 1000) == []
