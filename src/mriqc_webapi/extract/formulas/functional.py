"""All IQMs of a BOLD series, put together as MRIQC does, and its curves over time."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from mriqc_webapi.errors import UndefinedIqmError
from mriqc_webapi.extract.formulas import energy, ghosts, outliers, temporal
from mriqc_webapi.extract.formulas.anatomical import (
    NO_REPETITION_TIME,
    grid,
    put_smoothness,
    put_summaries,
    snr_of,
)
from mriqc_webapi.extract.formulas.displacement import (
    framewise_displacement,
    summarise_displacement,
)
from mriqc_webapi.extract.formulas.ledger import Ledger, Part
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.formulas.spikes import count_spikes
from mriqc_webapi.extract.formulas.summaries import DECIMALS, levels, summarise
from mriqc_webapi.extract.maps import Floats, FunctionalMaps, Iqms, Traces

LEVELS_AT_LEAST: Final = 100  # a series whose brightest voxel is darker is in a tiny unit


def functional_iqms(maps: FunctionalMaps, *, traces: Traces | None = None) -> Iqms:
    """Take all IQMs of a BOLD series.

    `traces`, where they were taken already, save the time of `aor` and `aqi`. What has no value
    is None, and the reasons say why; it never warns.
    """
    ledger = Ledger()
    ledger.put_all((), lambda: series_geometry(maps), otherwise=NO_REPETITION_TIME)
    factor = _factor(maps.mean)
    maps = maps if factor == 1 else _scaled(maps, factor)
    _put_mean_volume(ledger, maps, unit=1 / factor)
    brain = maps.realigned[maps.brain]
    _put_changes(ledger, brain)
    known = (traces.outlier_fraction, traces.quality_index) if traces else (None, None)
    ledger.put('aor', lambda: _mean(known[0], partial(outliers.outlier_fractions, brain)))
    ledger.put('aqi', lambda: _mean(known[1], partial(outliers.quality_indices, maps.realigned)))
    ledger.put_all(('fd_mean', 'fd_num', 'fd_perc'), lambda: _displacement(maps))
    ledger.put('spikes_num', lambda: count_spikes(maps.series))
    return ledger.close()


def traces(maps: FunctionalMaps) -> Traces:
    """Take the curves over time of a BOLD series; what has no value is NaN throughout."""
    n_volumes = maps.realigned.shape[-1]
    brain = maps.realigned[maps.brain]
    change = _or_nan(lambda: temporal.dvars(brain).std, n_volumes - 1)
    return Traces(
        fd_mm=np.concatenate([[0.0], framewise_displacement(maps.motion)]),
        dvars=np.concatenate([[np.nan], change]),
        outlier_fraction=_or_nan(lambda: outliers.outlier_fractions(brain), n_volumes),
        quality_index=_or_nan(lambda: outliers.quality_indices(maps.realigned), n_volumes),
    )


@formula(functional=('size_*', 'spacing_*', 'dummy_trs'))
def series_geometry(maps: FunctionalMaps) -> dict[str, float | int | None]:
    """Size of the series in voxels and volumes, and their distances.

    Axes are those of the closest canonical orientation: x from left to right, y from back to
    front, z from foot to head. ``size_t`` is without the ``dummy_trs`` volumes that were left
    out at the start, as they were not in a steady state.

    Returns
    -------
    dict
        ``size_*`` in voxels, ``size_t`` and ``dummy_trs`` in volumes, ``spacing_*`` in mm,
        ``spacing_tr`` in s.

    Notes
    -----
    MRIQC takes the axes in the order in which the file has them, and ``spacing_tr`` from the
    header alone; here the sidecar comes first.

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    return {
        **grid(maps.realigned.shape[:3], maps.spacing_mm),
        'size_t': int(maps.realigned.shape[3]),
        'spacing_tr': maps.repetition_time_s,
        'dummy_trs': int(maps.n_dummy),
    }


def _factor(mean: Floats) -> float:
    """Find the power of ten that takes a series in a tiny unit to whole numbers; 1 for others.

    Header slopes and normalisation leave such series. MRIQC's fixed thresholds and its rounding
    to whole intensities were made for scanners' numbers.
    """
    brightest = float(np.nan_to_num(mean).max(initial=0))
    if not 0 < brightest < LEVELS_AT_LEAST:
        return 1.0
    return float(10.0 ** np.ceil(np.log10(1000 / brightest)))


def _scaled(maps: FunctionalMaps, factor: float) -> FunctionalMaps:
    series, realigned, mean = (part * factor for part in (maps.series, maps.realigned, maps.mean))
    return replace(maps, series=series, realigned=realigned, mean=mean)


def _put_mean_volume(ledger: Ledger, maps: FunctionalMaps, *, unit: float) -> None:
    mean = np.maximum(np.nan_to_num(maps.mean), 0)
    leveled = Part(lambda: levels(mean))
    summaries = {
        'fg': Part(lambda: summarise(leveled(), maps.brain)),
        'bg': Part(lambda: summarise(leveled(), ~maps.brain)),
    }
    put_summaries(ledger, summaries, unit=unit)
    ledger.put('snr', lambda: snr_of(summaries['fg']))
    ledger.put('fber', lambda: round(energy.fber(mean, maps.brain), DECIMALS))
    ledger.put('efc', lambda: round(energy.efc(mean), DECIMALS))
    ledger.put('gsr_x', lambda: ghosts.gsr(mean, maps.brain, 0))
    ledger.put('gsr_y', lambda: ghosts.gsr(mean, maps.brain, 1))
    put_smoothness(ledger, mean, maps.brain)


def _put_changes(ledger: Ledger, brain: Floats) -> None:
    change = Part(lambda: temporal.dvars(brain))
    ledger.put('dvars_std', lambda: float(change().std.mean()))
    ledger.put('dvars_nstd', lambda: float(change().nstd.mean()))
    ledger.put('dvars_vstd', lambda: float(change().vstd.mean()))
    ledger.put('tsnr', lambda: temporal.tsnr(brain))
    ledger.put('gcor', lambda: temporal.gcor(brain))


def _displacement(maps: FunctionalMaps) -> dict[str, float | int]:
    found = summarise_displacement(framewise_displacement(maps.motion))
    return {f'fd_{name}': value for name, value in found.items()}


def _mean(known: Floats | None, take: Callable[[], Floats]) -> float:
    """Average over volumes; taken anew where it is not known, for its reason."""
    values = known if known is not None and np.isfinite(known).all() else take()
    return float(values.mean())


def _or_nan(take: Callable[[], Floats], n: int) -> Floats:
    try:
        return take()
    except UndefinedIqmError:
        return np.full(n, np.nan)
