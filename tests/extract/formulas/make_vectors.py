"""Makes the vectors that the formulas are held to, by calling MRIQC 24.0.2 on small images.

Not a test, and run by hand; what it wrote is in `vectors/`. It takes an environment of its own,
since MRIQC wants NumPy 1::

    python -m venv venv
    venv/bin/pip install 'numpy<2' scipy nibabel pandas nipype statsmodels scikit-learn nitime \\
        matplotlib seaborn nitransforms toml orjson platformdirs attrs jinja2 scikit-image \\
        transforms3d 'traits<6.4' svgutils lxml pyyaml requests tqdm joblib bids-validator \\
        bidsschematools num2words frozendict sqlalchemy formulaic universal-pathlib
    venv/bin/pip install --no-deps mriqc==24.0.2 'nireports~=24.0.2' 'niworkflows~=1.10.1' \\
        templateflow acres migas mriqc-learn pybids nilearn
    NO_ET=1 MPLBACKEND=Agg venv/bin/python tests/extract/formulas/make_vectors.py

It answers nothing about `fwhm_*`, `aor`, `aqi` and `gcor`, which MRIQC leaves to AFNI.
"""

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import nibabel as nb
import numpy as np
from mriqc import config
from mriqc.interfaces.anatomical import Harmonize, StructuralQC
from mriqc.interfaces.functional import FunctionalQC
from mriqc.qc import anatomical
from mriqc.workflows.utils import slice_wise_fft
from nipype.algorithms.confounds import TSNR, ComputeDVARS, FramewiseDisplacement
from scipy import ndimage

Arrays = dict[str, np.ndarray]

VECTORS = Path(__file__).parent / 'vectors'
TISSUES = ('csf', 'gm', 'wm')
WHOLE = 255  # partial volumes are kept as bytes
BIAS_STEP = 1e-4  # and bias fields as whole multiples of this
NOT_MRIQCS = ('fwhm',)  # from AFNI


def main() -> None:
    """Write all vectors."""
    VECTORS.mkdir(exist_ok=True)
    config.loggers.interface = logging.getLogger('mriqc')  # what its command line sets up
    for number, (shape, options) in enumerate(ANATOMICAL):
        case = anatomical_case(np.random.default_rng(number), shape, **options)
        np.savez_compressed(VECTORS / f'anatomical_{number}.npz', **case)
    for number, (shape, options) in enumerate(FUNCTIONAL):
        case = functional_case(np.random.default_rng(100 + number), shape, **options)
        np.savez_compressed(VECTORS / f'functional_{number}.npz', **case)
    np.savez_compressed(VECTORS / 'summaries.npz', **summary_cases())
    np.savez_compressed(VECTORS / 'noise.npz', **noise_cases())


ANATOMICAL: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((30, 34, 28), {}),
    ((33, 29, 31), {'noise': 60, 'spacing': (0.9, 1.1, 2.5)}),
    ((28, 36, 30), {'noise': 4, 'defaced': True}),
    ((26, 32, 30), {'noise': 0.001, 'level': 2}),  # of the air, the MAD is below 1
)
FUNCTIONAL: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((16, 18, 10, 24), {}),
    ((15, 20, 8, 31), {'noise': 40, 'level': 3000, 'constant': True}),
    ((40, 44, 3, 20), {'spikes': 5}),
)


def anatomical_case(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    *,
    noise: float = 15,
    level: float = 500,
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0),
    defaced: bool = False,
) -> Arrays:
    """Draw a head with its maps, and take MRIQC's IQMs."""
    radius = _radius(shape)
    head, brain = radius < 0.85, radius < 0.65
    edges = radius + 0.03 * ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    parts = _tissues(edges, brain)
    bias = np.round(_bias(shape) / BIAS_STEP).astype(np.int16)
    clean = level * (0.25 * parts['csf'] + 0.7 * parts['gm'] + parts['wm'])
    clean += level * 1.2 * (head & (radius > 0.72))
    clean[~head & (np.abs(radius - 1.15) < 0.06)] += level * 0.3  # a ghost
    image = np.hypot(
        clean * bias * BIAS_STEP + rng.normal(0, noise, shape), rng.normal(0, noise, shape)
    )
    rotation = np.zeros(shape, bool)
    if defaced:
        rotation[:, -8:, :9] = True
        image[rotation] = 0
    above = np.zeros(shape, bool)
    above[:, :, shape[2] // 3 :] = True
    hat = above & ~head
    artifacts = hat & ndimage.binary_opening(image > 8 * max(noise, 1))
    maps = {
        'image': image.round().astype(np.int16) if level > 10 else image.astype(np.float16),
        'bias': bias,
        'spacing_mm': np.array(spacing),
        'head': head,
        'brain': brain,
        'air': hat & ~artifacts,
        'artifacts': artifacts,
        'rotation': rotation,
        'tissues': np.where(brain, 1 + np.argmax([parts[t] for t in TISSUES], axis=0), 0).astype(
            np.uint8
        ),
        **{f'part_{t}': np.round(WHOLE * parts[t]).astype(np.uint8) for t in TISSUES},
        **{
            f'prior_{t}': np.round(WHOLE * ndimage.gaussian_filter(parts[t], 1.2)).astype(np.uint8)
            for t in TISSUES
        },
    }
    return maps | _named(_structural(maps))


def _radius(shape: tuple[int, ...]) -> np.ndarray:
    places = np.meshgrid(*(np.linspace(-1.25, 1.25, n) for n in shape), indexing='ij')
    return np.sqrt(sum((p * s) ** 2 for p, s in zip(places, (1.1, 0.95, 1.0), strict=True)))


def _tissues(radius: np.ndarray, brain: np.ndarray) -> Arrays:
    white = 1 / (1 + np.exp((radius - 0.40) / 0.02))
    fluid = 1 / (1 + np.exp((0.58 - radius) / 0.015))
    return {
        'csf': fluid * brain,
        'gm': np.clip(1 - white - fluid, 0, 1) * brain,
        'wm': white * brain,
    }


def _bias(shape: tuple[int, ...]) -> np.ndarray:
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing='ij')
    return 1 + 0.15 * x - 0.1 * y * z + 0.05 * z


def _structural(maps: Arrays) -> dict[str, float]:
    """Run MRIQC's own nodes, which read and write files."""
    spacing = maps['spacing_mm']
    bias = maps['bias'] * np.float32(BIAS_STEP)
    file = _Files(spacing)
    parts = [file(f'part_{t}', maps[f'part_{t}'] / np.float32(WHOLE)) for t in TISSUES]
    priors = [file(f'prior_{t}', maps[f'prior_{t}'] / np.float32(WHOLE)) for t in TISSUES]
    scaled = Harmonize(
        in_file=file('corrected', maps['image'].astype(np.float32) / bias), wm_mask=parts[-1]
    ).run()
    found = StructuralQC(
        in_file=file('image', maps['image'].astype(np.float32)),
        in_noinu=str(Path(scaled.outputs.out_file).absolute()),
        in_segm=file('segmentation', maps['tissues']),
        in_bias=file('bias', bias),
        head_msk=file('head', maps['head']),
        air_msk=file('air', maps['air']),
        rot_msk=file('rotation', maps['rotation']),
        artifact_msk=file('artifacts', maps['artifacts']),
        in_pvms=parts,
        mni_tpms=priors,
        in_fwhm=[1.0, 1.0, 1.0],
    ).run()
    hat = maps['air'] | maps['artifacts']
    image = maps['image'].astype(np.float32).astype(np.float64)
    qi_2, _ = anatomical.art_qi2(image, hat.astype(float), save_plot=False)
    return dict(found.outputs.out_qc) | {'qi_2': qi_2}


def functional_case(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    *,
    noise: float = 12,
    level: float = 600,
    constant: bool = False,
    spikes: int = 0,
) -> Arrays:
    """Draw a series with its mask and motion, and take MRIQC's IQMs."""
    n_volumes = shape[3]
    radius = _radius(shape[:3])
    brain = radius < 0.9
    mean = level * brain * (1 + 0.2 * ndimage.gaussian_filter(rng.normal(size=shape[:3]), 1))
    mean += level * 0.04 * np.roll(brain, shape[1] // 2, axis=1)
    drift = np.cumsum(rng.normal(0, noise / 4, n_volumes))
    series = mean[..., np.newaxis] + drift * brain[..., np.newaxis]
    series = np.hypot(series + rng.normal(0, noise, shape), rng.normal(0, noise, shape))
    if constant:
        series[:, :, 0] = 250
    for _ in range(spikes):
        _plant_spike(series, rng)
    motion = np.cumsum(rng.normal(0, 0.03, (n_volumes, 6)) * ([1.0] * 3 + [0.02] * 3), axis=0)
    maps = {
        'series': series.round().astype(np.int16),
        'brain': brain,
        'motion': motion,
        'spacing_mm': np.array([3.0, 3.0, 3.5]),
        'repetition_time_s': np.array(2.25),
    }
    return maps | _named(_functional(maps))


def _plant_spike(series: np.ndarray, rng: np.random.Generator) -> None:
    z, t = rng.integers(series.shape[2]), rng.integers(series.shape[3])
    plane = np.fft.fft2(series[:, :, z, t])
    x, y = (int(rng.integers(n // 4, n // 2 - 8)) for n in plane.shape)
    plane[x : x + 8, y : y + 8] += 0.2 * np.abs(plane[0, 0])
    plane[-x - 7 or None : -x + 1 or None, -y - 7 or None : -y + 1 or None] += 0.2 * np.abs(
        plane[0, 0]
    )
    series[:, :, z, t] = np.abs(np.fft.ifft2(plane))


def _functional(maps: Arrays) -> dict[str, float]:
    file = _Files((*maps['spacing_mm'], maps['repetition_time_s']))
    data = maps['series'].astype(np.float32)
    series = file('series', data)
    mask = file('brain', maps['brain'])
    np.savetxt('motion.txt', maps['motion'], fmt='%.18e')
    dvars = ComputeDVARS(in_file=series, in_mask=mask, save_all=True).run()
    moved = FramewiseDisplacement(
        in_file=str(Path('motion.txt').absolute()),
        parameter_source='SPM',
        radius=50,
        normalize=False,
    ).run()
    tsnr = TSNR(in_file=[series]).run()
    found = FunctionalQC(
        in_epi=file('mean', data.mean(axis=3, dtype=np.float64).astype(np.float32)),
        in_hmc=series,
        in_tsnr=tsnr.outputs.tsnr_file,
        in_mask=mask,
        direction='all',
        in_fd=moved.outputs.out_file,
        fd_thres=0.2,
        in_dvars=dvars.outputs.out_all,
        in_fwhm=[1.0, 1.0, 1.0],
    ).run()
    n_spikes, _, _ = slice_wise_fft(series, out_prefix=str(Path('spikes').absolute()))
    return dict(found.outputs.out_qc) | {'spikes_num': n_spikes}


class _Files:
    """Writes arrays as images into the working directory."""

    def __init__(self, spacing: Any) -> None:
        self._spacing = tuple(float(d) for d in spacing)

    def __call__(self, name: str, array: np.ndarray) -> str:
        data = array.astype(np.uint8) if array.dtype == bool else array
        image = nb.Nifti1Image(data, np.diag([*self._spacing[:3], 1]))
        image.header.set_zooms(self._spacing[: data.ndim])
        path = Path(f'{name}.nii').absolute()
        image.to_filename(path)
        return str(path)


def _named(found: dict[str, Any]) -> Arrays:
    kept = {n: float(v) for n, v in found.items() if not n.startswith(NOT_MRIQCS)}
    return {
        'iqm_names': np.array(sorted(kept)),
        'iqm_values': np.array([kept[n] for n in sorted(kept)]),
    }


def summary_cases() -> Arrays:
    """Weigh small arrays: ties, quantiles between two levels, weights in parts, one level only."""
    found: Arrays = {}
    for number in range(12):
        rng = np.random.default_rng(200 + number)
        n = (20, 40, 60, 101)[number % 4]
        data = rng.integers(0, (4, 50, 2000)[number % 3], n).astype(float) + (
            number % 2
        ) * rng.random(n)
        weights = (
            rng.random(n).astype(np.float32)
            if number > 7
            else (rng.random(n) < 0.8).astype(np.uint8)
        )
        if number == 6:
            data[:], weights[:] = np.arange(n), 1  # quantiles fall between two levels
        summary = anatomical.summary_stats(data, {'region': weights})['region']
        found |= {f'data_{number}': data, f'weights_{number}': weights}
        found |= {f'{name}_{number}': np.array(value) for name, value in summary.items()}
    return found


def noise_cases() -> Arrays:
    """Fit noise that is too large to be kept; its seed is."""
    found: Arrays = {}
    for number, (seed, n, scale, whole) in enumerate(NOISE):
        noise = draw_noise(seed, n, scale=scale, whole=whole)
        qi_2, _ = anatomical.art_qi2(noise, np.ones_like(noise), save_plot=False)
        found[f'arguments_{number}'] = np.array([seed, n, scale, whole], dtype=float)
        found[f'qi_2_{number}'] = np.array(qi_2)
    return found


NOISE = ((1, 350_000, 9.0, 1), (2, 5_000, 0.3, 0), (3, 20_000, 30.0, 1), (4, 1_200, 2.0, 0))


def draw_noise(seed: int, n: int, *, scale: float, whole: int) -> np.ndarray:
    """Draw noise of air with a few artifacts; a legacy generator never changes its stream."""
    rng = np.random.RandomState(seed)
    noise = rng.rayleigh(scale, n)
    noise[: n // 100] *= 4
    return noise.round() if whole else noise


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        main()
