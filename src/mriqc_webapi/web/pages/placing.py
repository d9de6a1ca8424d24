"""The standing of a record in words and bars, as its page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mriqc_webapi.archive.statistics.standing import SHARED
from mriqc_webapi.figures.wording import number, unit_of
from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.iqm.tones import TAIL, Tone, tone_of

BANDS: Final = (5.0, 25.0, 50.0, 75.0, 95.0)  # percentiles of the peers that stand beside
UNCERTAIN: Final = 'no support'
UNSAID: Final = {'field_strength': 'field strength'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One IQM of a record among its peers."""

    iqm: str
    meaning: str
    unit: str
    value: str
    n_peers: int
    percentile: float | None  # 0–100
    rank: str  # the same as text
    reading: str
    tone: Tone
    median: str  # of the peers; '' where it was not asked for
    middle: str  # their quartiles

    @property
    def is_unusual(self) -> bool:
        """Whether it lies at either end."""
        return self.tone != 'plain'

    @property
    def distance(self) -> float:
        """Percent from the middle."""
        return abs((50.0 if self.percentile is None else self.percentile) - 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """All IQMs of a record among its peers."""

    unusual: tuple[Place, ...]  # the farthest first
    ordinary: tuple[Place, ...]  # in the order of the data dictionary
    n_peers: int
    n_placed: int
    n_expected: str  # as many would be unusual by chance
    min_peers: int
    same: str  # what peers have in common, in words; '' for nothing
    unsaid: str  # what the record does not say, so that peers need not have it in common
    has_spread: bool


def placing_of(resource: Resource, told: Mapping[str, Any]) -> Placing:
    """Put the answer of the standing route into words."""
    places = [_place(resource, one, told['min_peers']) for one in told['iqms']]
    places = [p for p in places if p.value]
    n_placed = sum(p.percentile is not None for p in places)
    return Placing(
        unusual=tuple(sorted((p for p in places if p.is_unusual), key=lambda p: -p.distance)),
        ordinary=tuple(p for p in places if not p.is_unusual),
        n_peers=told['n_used'],
        n_placed=n_placed,
        n_expected=f'{n_placed * 2 * TAIL / 100:.0f}',
        min_peers=told['min_peers'],
        same=shared(told['same']),
        unsaid=' and '.join(UNSAID.get(n, n) for n in unsaid(told)),
        has_spread=bool(told['percentiles']),
    )


def unsaid(told: Mapping[str, Any]) -> list[str]:
    """Name what peers should share with the record, and the record does not say."""
    shared_fields = SHARED[told['peers']]
    return [name for name in shared_fields if name not in told['same']]


def shared(same: Mapping[str, Any]) -> str:
    """Say what peers have in common: ``epoch mriqc-23.1, Siemens, 3 T``."""
    words = {'epoch': 'epoch {}', 'field_strength': '{:g} T'}
    parts = [words.get(k, '{}').format(v) for k, v in same.items()]
    return ', '.join(parts)


def _place(resource: Resource, one: Mapping[str, Any], min_peers: int) -> Place:
    field = resource.field_for(one['iqm'])
    percentile = one['percentile']
    peers = one.get('peers')
    low, median, high = (peers[i] for i in (1, 2, 3)) if peers else (None, None, None)
    return Place(
        iqm=one['iqm'],
        meaning=field.meaning if field else '',
        unit=unit_of(resource.name, one['iqm']),
        value='' if one['value'] is None else number(one['value']),
        n_peers=one['n_used'],
        percentile=percentile,
        rank=UNCERTAIN if percentile is None else _rank(percentile),
        reading=_reading(one, min_peers),
        tone=tone_of(percentile, one['better']),
        median='' if median is None else number(median),
        middle='' if low is None else f'{number(low)} to {number(high)}',
    )


def _rank(percentile: float) -> str:
    if 0 < percentile < 0.1:
        return '< 0.1'
    if 99.9 < percentile < 100:
        return '> 99.9'
    return f'{percentile:.1f}'


def _reading(one: Mapping[str, Any], min_peers: int) -> str:
    """Say how many peers have lower or higher, better or worse values."""
    percentile = one['percentile']
    if percentile is None:
        return f'{one["n_used"]:,} of the {min_peers} values that a percentile needs'
    is_high = percentile >= 50
    share = percentile if is_high else 100 - percentile
    if one['better'] == 'neither':
        word = 'higher' if is_high else 'lower'
    else:
        word = 'better' if is_high == (one['better'] == 'higher') else 'worse'
    return f'{word} than {_rank(share)} %'
