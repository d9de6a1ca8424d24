"""All IQMs of a T1w or T2w image, put together as MRIQC does."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

import numpy as np

from mriqc_webapi.extract.formulas import background, energy, ratios, scaling, tissues
from mriqc_webapi.extract.formulas.ledger import Ledger, Part
from mriqc_webapi.extract.formulas.registry import formula
from mriqc_webapi.extract.formulas.smoothness import fwhm
from mriqc_webapi.extract.formulas.summaries import DECIMALS, Summary, levels, summarise
from mriqc_webapi.extract.maps import TISSUES, AnatomicalMaps, Floats, Iqms, Mask

AXES = ('x', 'y', 'z')
NO_REPETITION_TIME = 'neither a sidecar nor the header tells it'
STATISTICS = ('mean', 'median', 'p95', 'p05', 'k', 'stdv', 'mad', 'n')
UNITLESS = ('k', 'n')  # of them: not in the unit of the image
_ALIKE = 'the voxels of the region are all alike'

Summaries = Mapping[str, Part[Summary]]  # by region


def anatomical_iqms(maps: AnatomicalMaps) -> Iqms:
    """Take all IQMs of a T1w or T2w image.

    `size_t` and `spacing_tr` are there for files of several volumes only. What has no value is
    None, and the reasons say why; it never warns.
    """
    ledger = Ledger()
    ledger.put_all((), lambda: geometry(maps), otherwise=NO_REPETITION_TIME)
    white_matter = maps.partial_volumes['wm']
    scaled = Part(lambda: scaling.with_white_matter_at_1000(maps.corrected, white_matter))
    summaries = _summaries(maps, scaled)
    put_summaries(ledger, summaries)
    _put_ratios(ledger, summaries, scaled)
    ledger.put('fber', lambda: round(energy.fber(scaled(), maps.head, maps.rotation), DECIMALS))
    ledger.put('efc', lambda: round(energy.efc(scaled(), maps.rotation), DECIMALS))
    ledger.put('qi_1', lambda: background.qi_1(maps.air, maps.artifacts))
    ledger.put('qi_2', lambda: background.qi_2(maps.image, maps.air | maps.artifacts))
    put_smoothness(ledger, maps.image, maps.brain)
    _put_tissues(ledger, maps)
    return ledger.close()


@formula(anatomical=('size_*', 'spacing_*'))
def geometry(maps: AnatomicalMaps) -> dict[str, float | int | None]:
    """Size of the image in voxels, and their distances.

    Axes are those of the closest canonical orientation: x from left to right, y from back to
    front, z from foot to head. ``size_t`` and ``spacing_tr`` are of files with several volumes.

    Returns
    -------
    dict
        ``size_*`` in voxels (``size_t``: volumes), ``spacing_*`` in mm (``spacing_tr``: s).

    References
    ----------
    .. [1] Esteban et al. (2017), PLoS ONE 12:e0184661, doi:10.1371/journal.pone.0184661
    """
    found: dict[str, float | int | None] = dict(grid(maps.image.shape, maps.spacing_mm))
    if maps.n_volumes > 1:
        found |= {'size_t': maps.n_volumes, 'spacing_tr': maps.repetition_time_s}
    return found


def grid(shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> dict[str, float | int]:
    """Give sizes and spacings along the three axes of space by wire name."""
    sizes = {f'size_{axis}': int(n) for axis, n in zip(AXES, shape, strict=False)}
    return sizes | {f'spacing_{axis}': float(d) for axis, d in zip(AXES, spacing_mm, strict=True)}


def put_summaries(ledger: Ledger, summaries: Summaries, *, unit: float = 1.0) -> None:
    """Take the statistics of each region; `unit` is what the image's is in the record's."""
    for region, summary in summaries.items():
        stem = f'summary_{region}'
        names = tuple(f'{stem}_{statistic}' for statistic in STATISTICS)
        ledger.put_all(names, partial(_named, summary, stem, unit), otherwise=_ALIKE)


def put_smoothness(ledger: Ledger, image: Floats, brain: Mask) -> None:
    """Take the smoothness along each axis, and its mean."""
    along = [Part(partial(fwhm, image, brain, axis)) for axis in range(3)]
    for axis, part in zip(AXES, along, strict=True):
        ledger.put(f'fwhm_{axis}', part)
    ledger.put('fwhm_avg', partial(_mean, along))


def _named(summary: Part[Summary], stem: str, unit: float) -> dict[str, float | None]:
    found = {f'{stem}_{name}': value for name, value in asdict(summary()).items()}
    intensities = found.keys() - {f'{stem}_{name}' for name in UNITLESS}
    return found if unit == 1 else found | {name: found[name] * unit for name in intensities}


def _summaries(maps: AnatomicalMaps, scaled: Part[Floats]) -> Summaries:
    leveled = Part(lambda: levels(scaled()))
    weights: dict[str, Floats | Mask] = {t: maps.partial_volumes[t] for t in TISSUES}
    weights['bg'] = maps.air
    return {
        region: Part(partial(lambda of: summarise(leveled(), of), of))
        for region, of in weights.items()
    }


def _put_ratios(ledger: Ledger, summaries: Summaries, scaled: Part[Floats]) -> None:
    gm, wm, bg = (summaries[region] for region in ('gm', 'wm', 'bg'))
    snr = {t: Part(partial(snr_of, summaries[t])) for t in TISSUES}
    snrd = {t: Part(partial(_snr_dietrich_of, summaries[t], bg)) for t in TISSUES}
    for stem, parts in (('snr', snr), ('snrd', snrd)):
        for tissue, part in parts.items():
            ledger.put(f'{stem}_{tissue}', part)
        ledger.put(f'{stem}_total', partial(_mean, list(parts.values())))
    ledger.put(
        'cnr',
        lambda: ratios.cnr(
            wm_level=wm().median,
            gm_level=gm().median,
            air_sd=bg().stdv,
            wm_sd=wm().stdv,
            gm_sd=gm().stdv,
        ),
    )
    ledger.put(
        'cjv',
        lambda: ratios.cjv(
            wm_level=wm().median, gm_level=gm().median, wm_mad=wm().mad, gm_mad=gm().mad
        ),
    )
    ledger.put('wm2max', lambda: ratios.wm2max(scaled(), wm().median))


def snr_of(summary: Part[Summary]) -> float:
    """Take the signal-to-noise ratio of a region from its statistics."""
    return ratios.snr(summary().median, summary().stdv, summary().n)


def _snr_dietrich_of(tissue: Part[Summary], air: Part[Summary]) -> float:
    return ratios.snr_dietrich(tissue().median, air_mad=air().mad, air_sd=air().stdv)


def _mean(parts: Sequence[Part[float]]) -> float:
    return float(np.mean([part() for part in parts]))


def _put_tissues(ledger: Ledger, maps: AnatomicalMaps) -> None:
    parts = maps.partial_volumes
    all_tissues = tuple(parts[tissue] for tissue in TISSUES)
    for name in TISSUES:
        part, prior = parts[name], maps.priors[name]
        ledger.put(f'icvs_{name}', partial(tissues.volume_fraction, part, all_tissues))
        ledger.put(f'rpve_{name}', partial(tissues.residual_partial_volume, part))
        ledger.put(f'tpm_overlap_{name}', partial(tissues.overlap, part, prior))
    ledger.put_all(
        ('inu_med', 'inu_range'),
        lambda: {
            f'inu_{name}': value
            for name, value in tissues.bias_spread(maps.bias, maps.tissues > 0).items()
        },
    )
