"""The carpet: all voxels of a series against time.

After Power (2017), NeuroImage 154:150-158, doi:10.1016/j.neuroimage.2016.08.009.

Voxels of a group are ordered from the lowest slice up, so that what befalls one slice stays
together; neighbours share a row, as there are more of them than rows.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mriqc_webapi.extract.maps import Floats, FunctionalMaps, Mask
from mriqc_webapi.extract.report.pictures import encoded, grey

ROWS: Final = {'brain': 220, 'rim': 60, 'outside': 60}  # at most
WORDS: Final = {'brain': 'Brain', 'rim': 'Rim', 'outside': 'Outside'}
SHOWN_SD: Final = 2.5  # of the rows of all groups: where black and white end
CARPET_QUALITY: Final = 80
MAX_PER_ROW: Final = 100  # voxels; of more, some are taken, evenly apart
MAX_COLUMNS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One group of voxels."""

    group: str
    name: str
    n_voxels: int
    picture: str  # address, with the picture in it
    height: int  # rows


def carpet(maps: FunctionalMaps) -> tuple[Strip, ...]:
    """Draw the carpet; groups without a voxel that changes are left out."""
    masks = {'brain': maps.brain, 'rim': maps.rim, 'outside': ~(maps.brain | maps.rim)}
    drawn = {group: _rows(maps.realigned, masks[group], ROWS[group]) for group in masks}
    rows = {group: part for group, part in drawn.items() if part.size}
    if not rows:
        return ()
    reach = SHOWN_SD * (float(np.concatenate(list(rows.values())).std()) or 1.0)
    return tuple(
        Strip(
            group=group,
            name=WORDS[group],
            n_voxels=int(masks[group].sum()),
            picture=encoded(grey(part, -reach, reach), quality=CARPET_QUALITY),
            height=len(part),
        )
        for group, part in rows.items()
    )


def _rows(series: Floats, mask: Mask, most: int) -> Floats:
    """Average standardised courses of neighbouring voxels.

    Returns
    -------
    (n, t) ndarray of float32
        At most `most` rows; none where no voxel of the mask changes in time. A series longer than
        a picture may be wide has neighbouring volumes averaged.
    """
    voxels = np.argwhere(mask.T)[:, ::-1]  # slice by slice
    parts = np.array_split(voxels, min(most, len(voxels))) if len(voxels) else []
    rows = []
    for part in parts:
        taken = part[:: -(-len(part) // MAX_PER_ROW)]
        courses = _standardised(series[tuple(taken.T)])
        if len(courses):
            rows.append(courses.mean(0))
    n_volumes = series.shape[-1]
    if not rows:
        return np.empty((0, n_volumes), np.float32)
    starts = np.arange(0, n_volumes, -(-n_volumes // MAX_COLUMNS))
    summed = np.add.reduceat(np.stack(rows), starts, axis=1)
    return np.asarray(summed / np.diff([*starts, n_volumes]))


def _standardised(courses: Floats) -> Floats:
    """Take line and parabola out of courses and divide by what deviates; drop constant ones."""
    n_volumes = courses.shape[-1]
    time = np.linspace(-1, 1, n_volumes)
    trends, _ = np.linalg.qr(np.stack([time**k for k in range(min(3, n_volumes))], axis=1))
    clean = np.nan_to_num(np.asarray(courses, np.float64))
    rest = clean - (clean @ trends) @ trends.T
    sd = rest.std(-1, keepdims=True)
    changes = sd[:, 0] > 1e-6 * (np.abs(clean).max(-1) + 1e-12)
    return np.asarray(rest[changes] / sd[changes], np.float32)
