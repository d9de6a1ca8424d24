"""Whether a place among others is unusual, and whether that is good."""

from typing import Final, Literal

Tone = Literal['plain', 'odd', 'good', 'bad']

TAIL: Final = 2.5  # percent at either end that are called unusual: 1 in 20


def tone_of(percentile: float | None, better: str) -> Tone:
    """Judge a percentile (0–100) of an IQM of which `higher`, `lower` or `neither` is better."""
    if percentile is None or TAIL < percentile < 100 - TAIL:
        return 'plain'
    if better == 'neither':
        return 'odd'
    return 'good' if (better == 'higher') == (percentile > 50) else 'bad'
