"""The IQMs of a record in words: families, the dictionary's sentences, percentiles, reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from mriqc_webapi.iqm.definitions import Catalogue, FieldDefinition
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.iqm.poster import POSTER
from mriqc_webapi.iqm.tones import Tone, tone_of
from mriqc_webapi.iqm.units import in_words

# by what a name begins with; a test holds that each IQM has its family
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    'Noise and contrast': ('cjv', 'cnr', 'snr', 'snrd', 'tsnr'),
    'Motion and change in time': ('fd', 'dvars', 'aor', 'aqi', 'gcor', 'spikes', 'dummy'),
    'Sharpness and ghosts': ('efc', 'fber', 'fwhm', 'gsr'),
    'Artifacts and uniformity': ('qi', 'inu', 'wm2max'),
    'Tissues': ('icvs', 'rpve', 'tpm'),
    'Size': ('size', 'spacing'),
    'Intensities': ('summary',),
}
FOLDED: Final = frozenset({'Size', 'Intensities'})
BETTER: Final = {'higher': 'higher is better', 'lower': 'lower is better', 'neither': ''}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One IQM of the record."""

    name: str
    meaning: str
    unit: str
    better: str
    value: str  # '' where it was not taken
    reason: str  # why it was not
    percentile: float | None
    reading: str  # the percentile in words
    tone: Tone
    source: str  # what defines it
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """IQMs of one kind."""

    name: str
    measures: tuple[Measure, ...]
    is_folded: bool


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return what the package knows of IQMs."""
    return load_catalogue()


def measures(
    record: Mapping[str, Any], modality: str, percentiles: Mapping[str, float]
) -> list[Measure]:
    """List the IQMs of a record in the order of the dictionary."""
    reasons = record.get('provenance', {}).get('missing', {})
    return [
        _measure(field, record[field.name], reasons.get(field.name, ''), percentiles)
        for field in catalogue()[modality].by_name.values()
        if field.role == 'iqm' and field.name in record
    ]


def families(listed: list[Measure]) -> tuple[Family, ...]:
    """Group IQMs; a family that has none is left out."""
    grouped: dict[str, list[Measure]] = {name: [] for name in (*FAMILIES, 'Others')}
    for measure in listed:
        grouped[family_of(measure.name)].append(measure)
    return tuple(
        Family(name=name, measures=tuple(found), is_folded=name in FOLDED)
        for name, found in grouped.items()
        if found
    )


def family_of(name: str) -> str:
    """Name the family of an IQM by how its own name begins."""
    start = name.partition('_')[0]
    return next((family for family, starts in FAMILIES.items() if start in starts), 'Others')


def highlights(listed: list[Measure], modality: str) -> tuple[Measure, ...]:
    """Pick the IQMs by which the archive was presented first."""
    named = {m.name: m for m in listed}
    return tuple(named[name] for name in POSTER.get(modality, ()) if name in named)


def _measure(
    field: FieldDefinition, value: Any, reason: str, percentiles: Mapping[str, float]
) -> Measure:
    reference = catalogue().references.get(field.source)
    percentile = percentiles.get(field.name) if value is not None else None
    return Measure(
        name=field.name,
        meaning=field.meaning.replace('`', ''),
        unit=in_words(field.unit),
        better=BETTER[field.better],
        value='' if value is None else number(value),
        reason=(reason or 'not taken') if value is None else '',
        percentile=percentile,
        reading='' if percentile is None else f'higher than {percentile:.0f}\N{NO-BREAK SPACE}%',
        tone=tone_of(percentile, field.better),
        source=reference.citation if reference else '',
        url=reference.url if reference else '',
    )


def number(value: float) -> str:
    """Write a number with four significant digits, and a count as it is."""
    if value == round(value) and abs(value) < 1e15:
        return f'{value:,.0f}'.replace('-', '−')
    text = f'{value:,.0f}' if abs(value) >= 10_000 else f'{value:.4g}'
    return text.replace('-', '−')
