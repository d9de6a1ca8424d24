"""Eras of the numbers: between two of them MRIQC changed how it computes IQMs.

Numbers of one era can be pooled; those of two cannot without care.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mriqc_webapi.iqm.versions import release_numbers

MRIQC: Final = 'mriqc'


@dataclass(frozen=True, slots=True)
class Epoch:
    """An era of one software, named by its first release."""

    software: str
    since: tuple[int, ...]
    meaning: str  # what changed

    @property
    def name(self) -> str:
        """The era's name, which never changes: ``mriqc-23.1``."""
        return f'{self.software}-{".".join(map(str, self.since))}'


EPOCHS: Final = (  # of MRIQC's change log; ascending
    Epoch(MRIQC, (0,), 'Up to 0.15. Head motion by FSL or AFNI: see provenance.settings.hmc_fsl.'),
    Epoch(MRIQC, (0, 16), 'Head motion by AFNI alone.'),
    Epoch(MRIQC, (22, 0), 'New skull-stripping.'),
    Epoch(
        MRIQC,
        (23, 1),
        'Weighted summary statistics: every snr, cnr, cjv and summary_* shifts.',
    ),
    Epoch(MRIQC, (24, 0), 'Diffusion images; a new functional workflow.'),
    Epoch(MRIQC, (24, 0, 2), 'Numbers as in 24.0, but NaN is written as null.'),
)
UNKNOWN: Final = f'{MRIQC}-unknown'  # MRIQC, but a version that is none, like a commit's name


@lru_cache(maxsize=4096)
def epoch_of(software: str | None, version: str | None) -> str | None:
    """Name the era of a record's numbers; software without known eras has one, its own name.

    A pre-release belongs to the era of its release. None where the software is not said.
    """
    name = ' '.join((software or '').split()).casefold()
    if name != MRIQC:
        return name or None
    numbers = release_numbers(version)
    if numbers is None:
        return UNKNOWN
    return next((e.name for e in reversed(EPOCHS) if numbers >= e.since), UNKNOWN)
