"""Ratings as numbers: one row per image, one column per rater."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np

from mriqc_webapi.ratings.rating import Rating
from mriqc_webapi.ratings.resampling import Floats
from mriqc_webapi.ratings.scales import GRADES

Measured = Literal['grade', 'binary', 'score']
Value = Callable[[Rating], float | None]


def _grade(rating: Rating) -> float | None:
    return None if rating.grade is None else float(GRADES.index(rating.grade))


def _is_kept(rating: Rating) -> float | None:
    return None if rating.grade is None else float(rating.grade != 'exclude')


def _score(rating: Rating) -> float | None:
    return rating.score


VALUES: Final[dict[Measured, Value]] = {
    'grade': _grade,  # 0 exclude to 3 excellent
    'binary': _is_kept,  # 0 exclude, 1 the rest
    'score': _score,  # 1.0 to 4.0
}
MAX_RATERS: Final = 500  # that are compared: anybody can rate under a thousand names
N_CATEGORIES: Final[dict[Measured, int | None]] = {'grade': 4, 'binary': 2, 'score': None}


@dataclass(frozen=True, slots=True)
class RatingTable:
    """What named raters think of images; NaN where they have not rated."""

    images: tuple[str, ...]
    raters: tuple[str, ...]
    values: Floats  # (images, raters)

    @classmethod
    def of(cls, ratings: Iterable[Rating], value: Value) -> Self:
        """Tabulate. Of several ratings of an image by one rater, the newest counts.

        Beyond ``MAX_RATERS``, the raters with the fewest images are left out.
        """
        cells = {key: held[-1] for key, held in _cells(ratings, value).items()}
        n = Counter(rater for _, rater in cells)
        kept = set(sorted(n, key=lambda rater: (-n[rater], rater))[:MAX_RATERS])
        cells = {key: number for key, number in cells.items() if key[1] in kept}
        images = tuple(sorted({image for image, _ in cells}))
        raters = tuple(sorted({rater for _, rater in cells}))
        rows, columns = _positions(images), _positions(raters)
        values = np.full((len(images), len(raters)), np.nan)
        for (image, rater), number in cells.items():
            values[rows[image], columns[rater]] = number
        return cls(images, raters, values)

    def shared(self) -> Floats:
        """Give the rows of at least two ratings, and the columns that have a value in them."""
        rows = self.values[np.sum(~np.isnan(self.values), axis=1) >= 2]
        return np.asarray(rows[:, ~np.all(np.isnan(rows), axis=0)])


def repeats(ratings: Iterable[Rating], value: Value) -> dict[str, Floats]:
    """Pair each rater's first two ratings of the same image.

    Returns
    -------
    dict of str to (n, 2) ndarray
        By rater: first and second value of *n* images.
    """
    found: dict[str, list[list[float]]] = defaultdict(list)
    for (_, rater), held in sorted(_cells(ratings, value).items()):
        if len(held) >= 2:
            found[rater].append(held[:2])
    return {rater: np.array(pairs) for rater, pairs in found.items()}


def _cells(ratings: Iterable[Rating], value: Value) -> dict[tuple[str, str], list[float]]:
    """Collect the numbers by image and rater, oldest first; the anonymous are nobody's."""
    cells: dict[tuple[str, str], list[float]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda r: (r.created_at, r.id)):
        number = value(rating)
        if rating.md5sum is not None and rating.rater and number is not None:
            cells[rating.md5sum, rating.rater].append(number)
    return cells


def _positions(names: Sequence[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}
