"""Curves over the volumes of a series as paths of an SVG, and what is told of one volume."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mriqc_webapi.extract.maps import Floats, FunctionalMaps, Traces
from mriqc_webapi.extract.report.carpet import Strip, carpet

FD_THRESHOLD_MM: Final = 0.2  # where the record does not say another
HEIGHT: Final = 100.0  # of a plot's own units; a volume is one unit wide
N_TICKS: Final = 5

_WORDS_OF_AXES: Final = ('x', 'y', 'z')


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a plot."""

    name: str
    path: str
    shade: int  # of the palette


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines that share an axis."""

    name: str
    unit: str
    meaning: str
    curves: tuple[Curve, ...]
    top: str
    bottom: str
    threshold: float | None = None  # where it is in the plot's own units, from the top
    threshold_words: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePanel:
    """Everything about a series that has time along."""

    n_volumes: int
    before: tuple[Plot, ...]  # above the carpet
    strips: tuple[Strip, ...]
    after: tuple[Plot, ...]
    marks: str  # path over the volumes that moved
    n_marked: int
    ticks: tuple[str, ...]
    readings: dict[str, Any]  # for the script: what is told of each volume


def time_panel(
    maps: FunctionalMaps, traces: Traces | None, *, fd_threshold_mm: float = FD_THRESHOLD_MM
) -> TimePanel:
    """Put together the plots of a series."""
    n_volumes = maps.series.shape[-1]
    moved = traces.fd_mm > fd_threshold_mm if traces else np.zeros(n_volumes, bool)
    return TimePanel(
        n_volumes=n_volumes,
        before=_quality_plots(traces, fd_threshold_mm) if traces else (),
        strips=carpet(maps),
        after=_motion_plots(maps.motion),
        marks=''.join(f'M{i} 0h1v{HEIGHT:.0f}h-1z' for i in np.flatnonzero(moved)),
        n_marked=int(moved.sum()),
        ticks=_ticks(n_volumes, maps.n_dummy, maps.repetition_time_s),
        readings=_readings(maps, traces),
    )


def _quality_plots(traces: Traces, fd_threshold_mm: float) -> tuple[Plot, ...]:
    return (
        _plot(
            'FD',
            'mm',
            'framewise displacement: how far the head moved since the volume before',
            {'FD': traces.fd_mm},
            threshold=fd_threshold_mm,
        ),
        _plot('DVARS', '', 'standardised change of intensities', {'DVARS': traces.dvars}, shade=1),
        _plot(
            'Outliers',
            '%',
            'voxels that are outliers of their own course',
            {'Outliers': 100 * traces.outlier_fraction},
            shade=2,
        ),
        _plot(
            'AQI',
            '',
            'AFNI’s quality index: how little a volume is like the median one',
            {'AQI': traces.quality_index},
            shade=3,
        ),
    )


def _motion_plots(motion: Floats) -> tuple[Plot, ...]:
    shifts = {axis: motion[:, i] for i, axis in enumerate(_WORDS_OF_AXES)}
    turns = {axis: np.degrees(motion[:, 3 + i]) for i, axis in enumerate(_WORDS_OF_AXES)}
    return (
        _plot('Shift', 'mm', 'of the head, to the base volume', shifts, is_signed=True),
        _plot('Turn', '°', 'of the head, to the base volume', turns, is_signed=True),
    )


def _plot(
    name: str,
    unit: str,
    meaning: str,
    courses: Mapping[str, Floats],
    *,
    threshold: float | None = None,
    is_signed: bool = False,
    shade: int = 0,
) -> Plot:
    values = np.concatenate([c[np.isfinite(c)] for c in courses.values()])
    top = max([float(np.abs(values).max()) if values.size else 0.0, 1.5 * (threshold or 0)])
    top = _rounded_up(top)
    bottom = -top if is_signed else 0.0
    span = top - bottom
    curves = tuple(
        Curve(name=one, path=_path((top - values) / span * HEIGHT), shade=shade + i)
        for i, (one, values) in enumerate(courses.items())
    )
    return Plot(
        name=name,
        unit=unit,
        meaning=meaning,
        curves=curves,
        top=_signed(top),
        bottom=_signed(bottom),
        threshold=None if threshold is None else HEIGHT * (1 - threshold / top),
        threshold_words='' if threshold is None else f'{threshold:g} {unit}',
    )


def _path(heights: Iterable[float]) -> str:
    """Draw a line through the middles of the volumes; NaN interrupts it."""
    parts, is_down = [], False
    for i, y in enumerate(heights):
        if math.isfinite(y):
            parts.append(f'{"L" if is_down else "M"}{i + 0.5:g} {y:.1f}')
        is_down = math.isfinite(y)
    return ''.join(parts)


def _rounded_up(value: float) -> float:
    """Give the next number that is easily read: 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * 0.9999)


def _signed(value: float) -> str:
    return f'{value:g}'.replace('-', '−')


def _ticks(n_volumes: int, n_dummy: int, repetition_time_s: float | None) -> tuple[str, ...]:
    places = np.linspace(0, n_volumes, N_TICKS)
    if repetition_time_s:
        seconds = [repetition_time_s * (n_dummy + place) for place in places]
        return tuple(f'{int(s) // 60}:{int(s) % 60:02d}' for s in seconds)
    return tuple(f'{n_dummy + place:.0f}' for place in places)


def _readings(maps: FunctionalMaps, traces: Traces | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        'n': maps.series.shape[-1],
        'first': maps.n_dummy,
        'step': maps.repetition_time_s,
        'curves': [],
    }
    if traces:
        told['curves'] = [
            _reading('FD', traces.fd_mm, 'mm'),
            _reading('DVARS', traces.dvars, ''),
            _reading('outliers', 100 * traces.outlier_fraction, '%'),
        ]
    return told


def _reading(name: str, values: Sequence[float] | Floats, unit: str) -> dict[str, Any]:
    rounded = [float(f'{v:.3g}') if math.isfinite(v) else None for v in values]
    return {'name': name, 'unit': unit, 'values': rounded}
