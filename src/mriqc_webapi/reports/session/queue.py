"""Which report comes when: the order of a session and its repeats."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MIN_DISTANCE = 10  # reports between an image and its repeat, where there are as many


@dataclass(frozen=True, slots=True)
class Item:
    """One report to be rated, for the first time or again."""

    report: str
    occasion: int = 1  # 2: a repeat, which measures the rater


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a session goes about it; kept with it, so that it goes on the same way."""

    sort_by: str = 'name'  # or 'disagreement', or an IQM
    seed: int | None = None  # shuffles, and picks the repeats
    repeats: float = 0.0  # share of reports that come twice
    blind: bool = False


def shuffled(reports: Sequence[str], *, seed: int) -> list[str]:
    """Shuffle reports; the same seed gives the same order everywhere."""
    mixed = sorted(reports)
    random.Random(seed).shuffle(mixed)  # noqa: S311 — no secret
    return mixed


def worst_first(
    reports: Sequence[str], values: Mapping[str, float], *, low_first: bool
) -> list[str]:
    """Sort reports by a value, those without one last; ties stay as they were."""
    sign = 1 if low_first else -1

    def rank(report: str) -> tuple[bool, float]:
        value = values.get(report, math.nan)
        return (False, sign * value) if math.isfinite(value) else (True, 0.0)

    return sorted(reports, key=rank)


def with_repeats(reports: Sequence[str], *, share: float, seed: int) -> list[Item]:
    """Mix repeats of some reports into the others.

    Parameters
    ----------
    reports : sequence of str
        In their order, which stays.
    share : float
        Share of the reports to repeat, 0–1; rounded up to whole reports.
    seed : int
        Decides which are repeated, and where.

    Returns
    -------
    list of Item
        A repeat comes at least `MIN_DISTANCE` after its first occasion, or half the queue if
        that is shorter.
    """
    n = len(reports)
    n_repeats = min(n, math.ceil(share * n - 1e-9))
    distance = min(MIN_DISTANCE, n // 2)
    rng = random.Random(seed)  # noqa: S311 — no secret
    early = range(max(n_repeats, n - distance))  # what comes late has no room behind it
    places = [(float(i), 1, i) for i in range(n)]
    chosen = sorted(rng.sample(early, n_repeats))
    places += [(rng.uniform(min(i + distance, n), n), 2, i) for i in chosen]
    return [Item(reports[i], occasion) for _, occasion, i in sorted(places)]
