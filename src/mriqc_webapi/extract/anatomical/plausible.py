"""Whether a brain mask can be believed. Doubts are told, and nothing is refused for them."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from mriqc_webapi.extract.maps import Mask

# Brains of 5216 adults have 1.12 ± .09 l (women) and 1.23 ± .10 l (men), without CSF (Ritchie et
# al. 2018, Cereb Cortex 28:2959-2975, doi:10.1093/cercor/bhy109); the mask has CSF in it, and
# children and old age take some away.
VOLUME_ML: Final = (800.0, 2000.0)
DICE: Final = 0.86  # of good masks it is above .90


def volume_ml(brain: Mask, spacing_mm: tuple[float, float, float]) -> float:
    """Give the volume of a mask."""
    return float(brain.sum() * np.prod(spacing_mm) / 1000)


def doubts(measures: Mapping[str, float]) -> tuple[str, ...]:
    """Say in sentences what speaks against a mask of which these measures were taken."""
    found = []
    low, high = VOLUME_ML
    volume = measures['volume_ml']
    if not low <= volume <= high:
        found.append(
            f'The brain mask may be wrong: it holds {volume:.0f} ml, and an adult’s brain'
            f' {low:.0f} to {high:.0f} ml.'
        )
    dice = measures['dice_of_methods']
    if not dice >= DICE:
        found.append(
            'The brain mask may be wrong: it and the template’s brain agree by a Dice'
            f' coefficient of {dice:.2f} only; {DICE:.2f} is expected.'
        )
    return tuple(found)
