"""Agreement among raters of the archive, and how each of them errs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from mriqc_webapi.archive.ratings.activity import totals
from mriqc_webapi.archive.ratings.selection import Chosen
from mriqc_webapi.errors import QueryError
from mriqc_webapi.ratings.agreement import By, describe_agreement
from mriqc_webapi.ratings.consensus import find_consensus
from mriqc_webapi.ratings.rating import Rating
from mriqc_webapi.ratings.scales import GRADES
from mriqc_webapi.ratings.table import Measured

MAX_RATINGS: Final = 100_000  # of images with several; some seconds of a processor
MAX_CELLS: Final = 20_000_000  # images times raters: 160 MB
MAX_DRAWS: Final = 10_000_000  # of images, over all resamplings

SHARED: Final = """
    scan IN (SELECT scan FROM held WHERE scan IS NOT NULL GROUP BY scan HAVING count(*) > 1)
"""
_SIZE: Final = f"""
    SELECT count(*), count(DISTINCT scan), count(DISTINCT rater) FROM held WHERE {SHARED}
"""  # noqa: S608 - our names


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementQuestion:
    """How far raters agree, over the images with two ratings or more."""

    by: By | None = None
    measured: Measured = 'grade'
    n_boot: int = 200
    seed: int = 0

    def prepare(self, chosen: Chosen) -> Callable[[], dict[str, Any]]:
        """Fetch the ratings.

        Raises
        ------
        QueryError
            There are too many to compare at once.
        """
        ratings = shared_ratings(chosen, most=MAX_RATINGS, n_boot=self.n_boot)
        selected = totals(chosen)

        def find_out() -> dict[str, Any]:
            found = describe_agreement(
                ratings, by=self.by, scale=self.measured, n_boot=self.n_boot, seed=self.seed
            )
            return {'selected': selected, **asdict(found)}

        return find_out


@dataclass(frozen=True, slots=True, kw_only=True)
class RatersQuestion:
    """How each rater grades images whose grade, by consensus, is another."""

    def prepare(self, chosen: Chosen) -> Callable[[], dict[str, Any]]:
        """Fetch the ratings; raises as :class:`AgreementQuestion` does."""
        ratings = shared_ratings(chosen, most=MAX_RATINGS)
        selected = totals(chosen)

        def find_out() -> dict[str, Any]:
            found = find_consensus(ratings)
            return {
                'selected': selected,
                'grades': GRADES,
                'n_images': len(found.images),
                'prevalence': found.prevalence,
                'n_iterations': found.n_iterations,
                'is_converged': found.is_converged,
                'raters': [asdict(rater) for rater in found.raters],
            }

        return find_out


def shared_ratings(chosen: Chosen, *, most: int | None, n_boot: int = 1) -> list[Rating]:
    """Fetch the ratings of images that have two or more.

    Parameters
    ----------
    most
        Ratings that there may be while somebody waits; None: any number.

    Raises
    ------
    QueryError
        There are too many to compare at once.
    """
    ((n_ratings, n_images, n_raters),) = chosen.rows(_SIZE)
    is_large = n_images * n_raters > MAX_CELLS or n_images * n_boot > MAX_DRAWS
    if most is not None and (n_ratings > most or is_large):
        raise QueryError(
            f'{n_ratings:,} ratings of {n_images:,} images by {n_raters:,} raters are too many to '
            'compare at once: choose a modality, a scale, a session, a shorter period, or a '
            'smaller n_boot'
        )
    return chosen.ratings(SHARED)
